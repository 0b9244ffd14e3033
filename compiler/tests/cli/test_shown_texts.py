"""What a diagnostic shows is the text that was compiled, not what stands on the disk when it is printed."""

from __future__ import annotations

import io
from contextlib import redirect_stderr
from pathlib import Path

import pytest

from cbx.cli.compile import DiagnosticFormat, show_build
from cbx.incremental.build import Build, build
from cbx.incremental.options import Options
from compiler.tests.literate import MINIMAL_PROJECT, lay_out

OPTIONS = Options("local")
PATH = "models/silver/orders.sql"
WRONG = '{{ materialized_view() }}\nSELECT id, amount FROM {{ ref("bronze.odrers") }}\n'
TYPED = '{{ materialized_view(columns={"id": "BIGINT"}) }}\nSELECT CAST(id AS INT) AS id FROM {{ source("r.o") }}\n'
EDITED = "-- another line\n" * 3


def show(built: Build, root: Path) -> str:
    """What ``cbx compile --verbose`` prints of the diagnostics after the build."""
    with redirect_stderr(io.StringIO()) as shown:
        show_build(built, built.diagnostics, root, DiagnosticFormat.text, with_infos=True)
    return shown.getvalue()


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        (PATH, WRONG, 'SELECT id, amount FROM {{ ref("bronze.odrers") }}'),
        (PATH, TYPED, "SELECT CAST(id AS INT) AS id"),
        ("project.toml", '[project]\nname = "shop"\n\n[compile]\nanalysys = true\n', "analysys = true"),
        ("macros/rules.sql", "{% macro kept() %}\n{{ broken( }}\n{% endmacro %}\n", "{{ broken( }}"),
    ],
)
def test_a_file_that_is_saved_meanwhile(path: str, text: str, line: str, tmp_path: Path) -> None:
    """Places are those of the text that was read, so its lines are shown, not those of the new text."""
    lay_out({"project.toml": MINIMAL_PROJECT, path: text}, tmp_path)
    built = build(tmp_path, OPTIONS)
    (tmp_path / path).write_text(EDITED)
    shown = show(built, tmp_path)

    assert line in shown
    assert "another line" not in shown


def test_a_record_shows_no_text_that_it_does_not_know(tmp_path: Path) -> None:
    """What was said is said again with the lines it was said of, as long as they are there."""
    lay_out({"project.toml": MINIMAL_PROJECT, PATH: TYPED}, tmp_path)
    first = show(build(tmp_path, OPTIONS), tmp_path)
    again = build(tmp_path, OPTIONS)
    shown_again = show(again, tmp_path)
    (tmp_path / PATH).write_text(EDITED)
    shown_late = show(again, tmp_path)

    assert "warning[CBX312]" in first
    assert again.digests
    assert shown_again == first
    assert "warning[CBX312]" in shown_late
    assert "another line" not in shown_late
    assert f"--> {PATH}:1:" in shown_late
