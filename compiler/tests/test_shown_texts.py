"""What a diagnostic shows is the text that was compiled, not what stands on the disk when it is printed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from literate import MINIMAL_PROJECT, lay_out

from cbx import cli
from cbx.incremental import build as building
from cbx.incremental.build import Build

PATH = "models/silver/orders.sql"
WRONG = '{{ materialized_view() }}\nSELECT id, amount FROM {{ ref("bronze.odrers") }}\n'
TYPED = '{{ materialized_view(columns={"id": "BIGINT"}) }}\nSELECT CAST(id AS INT) AS id FROM {{ source("r.o") }}\n'
EDITED = "-- another line\n" * 3


def edit(root: Path, path: str) -> Callable[..., Build]:
    """A compilation during which somebody saves a file."""
    plain = building._build

    def edited(*arguments: object, **named: object) -> Build:
        built = plain(*arguments, **named)  # type: ignore[arg-type] # those of `_build`
        (root / path).write_text(EDITED)
        return built

    return edited


def shown(root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    monkeypatch.chdir(root)
    monkeypatch.setattr(sys, "argv", ["cbx", "compile"])
    with pytest.raises(SystemExit):
        cli.main()
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        (PATH, WRONG, 'SELECT id, amount FROM {{ ref("bronze.odrers") }}'),
        (PATH, TYPED, "SELECT CAST(id AS INT) AS id"),
        ("project.toml", '[project]\nname = "shop"\n\n[compile]\nanalysys = true\n', "analysys = true"),
        ("macros/rules.sql", "{% macro kept() %}\n{{ broken( }}\n{% endmacro %}\n", "{{ broken( }}"),
    ],
)
def test_a_file_that_is_saved_meanwhile(
    path: str, text: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Places are those of the text that was read, so its lines are shown; the next time the new ones."""
    lay_out({"project.toml": MINIMAL_PROJECT, path: text}, tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(building, "_build", edit(tmp_path, path))
        first = shown(tmp_path, monkeypatch, capsys)

    assert line in first
    assert "another line" not in first


def test_a_record_shows_no_text_that_it_does_not_know(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was said is said again with the lines it was said of, as long as they are there."""
    lay_out({"project.toml": MINIMAL_PROJECT, PATH: TYPED}, tmp_path)
    first = shown(tmp_path, monkeypatch, capsys)
    again = shown(tmp_path, monkeypatch, capsys)
    monkeypatch.setattr(building, "_build", edit(tmp_path, PATH))
    edited = shown(tmp_path, monkeypatch, capsys)

    assert "warning[CBX312]" in first
    assert again == first
    assert "warning[CBX312]" in edited
    assert "another line" not in edited
    assert f"--> {PATH}:1:" in edited
