"""Whatever bytes stand in the files of a project, compiling ends with diagnostics at places that exist, or well."""

from __future__ import annotations

import ast
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from literate import MINIMAL_PROJECT, diagnostics_text, lay_out

from cbx.compiler import Compilation, compile_project
from cbx.diagnostics.source_files import SourceFile, Span

ROOT = Path(__file__).parents[2]
PROJECTS = {"circuit_box": ROOT, "parcels": Path(__file__).parent / "golden" / "parcels"}
ROUNDS = int(os.environ.get("MANGLED_ROUNDS", "15"))
TOKENS = (
    "{{", "}}", "{%", "%}", "{#", "#}", "(", ")", "[", "]", "{", "}", "'", '"', '"""', "\\", "\n", "\r", ",", "=",
    ":", "@", "*", "**", "#", "--", "/*", "*/", ";", "`", ".", "\t", "\0", "\ufeff", "é", "\U0001f512", "\u2028",
    "\x0c", "-", "|", "<", "[[", "\xff", "...", "None", "0x", "1e999", "f'", "b''", "SELECT ", " FROM ", "STREAM(",
    "window(", "case when ", "def ", "class ", "lambda ", "import ", "from cbx import *\n", "global x\n", "async ",
    "await ", "return ", "(yield)", "var(", "ref(", "auto_loader(", "expect(", "not_null=", "{{ var('x') }}",
    "{% macro m() %}", "{% endmacro %}", "{% raw %}",
)  # fmt: skip
"""What mangling puts into a text: what begins or ends something in one of the languages."""


def truncate(text: str, luck: random.Random) -> str:
    return text[: luck.randrange(len(text) + 1)]


def drop_start(text: str, luck: random.Random) -> str:
    return text[luck.randrange(len(text) + 1) :]


def without_a_piece(text: str, luck: random.Random) -> str:
    start, length = luck.randrange(len(text) + 1), luck.choice((1, 1, 2, 5, 20, 200))
    return text[:start] + text[start + length :]


def with_a_piece_twice(text: str, luck: random.Random) -> str:
    start, length = luck.randrange(len(text) + 1), luck.choice((1, 5, 20, 200, 2000))
    return text[: start + length] + text[start:]


def with_a_token(text: str, luck: random.Random) -> str:
    start = luck.randrange(len(text) + 1)
    return text[:start] + luck.choice(TOKENS) + text[start:]


def with_a_token_in_place_of_one(text: str, luck: random.Random) -> str:
    start = luck.randrange(len(text) + 1)
    return text[:start] + luck.choice(TOKENS) + text[start + luck.choice((1, 2, 5)) :]


def with_a_piece_moved(text: str, luck: random.Random) -> str:
    start, length, to = luck.randrange(len(text) + 1), luck.choice((1, 5, 20, 200)), luck.randrange(len(text) + 1)
    rest = text[:start] + text[start + length :]
    return rest[:to] + text[start : start + length] + rest[to:]


MANGLINGS: tuple[Callable[[str, random.Random], str], ...] = (
    truncate,
    drop_start,
    without_a_piece,
    with_a_piece_twice,
    with_a_token,
    with_a_token_in_place_of_one,
    with_a_piece_moved,
)


@pytest.fixture(params=sorted(PROJECTS))
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of a whole project."""
    root = tmp_path / request.param
    for part in ("models", "macros"):
        shutil.copytree(PROJECTS[request.param] / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECTS[request.param] / "project.toml", root / "project.toml")
    return root


def files_of(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.suffix in {".py", ".sql", ".toml"})


def strays(root: Path, compilation: Compilation) -> list[Span]:
    """The spans of diagnostics that do not lie in their file."""
    spans = [diagnostic.span for diagnostic in compilation.diagnostics if diagnostic.span is not None]
    spans += [other.span for diagnostic in compilation.diagnostics for other in diagnostic.related]
    return [span for span in spans if not is_inside(root, span)]


def is_inside(root: Path, span: Span) -> bool:
    """Whether a span begins in its file, or right behind its last character, and ends there, not before it began."""
    try:
        text = (root / span.path).read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return span == Span(span.path)
    source = SourceFile(span.path, text.replace("\r\n", "\n").replace("\r", "\n"))
    lines = source.text.count("\n") + 1
    begins = 1 <= span.line <= lines and 1 <= span.column <= len(source.line(span.line)) + 1
    ends = span.end_line <= lines and span.end_column <= len(source.line(span.end_line)) + 2
    return begins and ends and (span.line, span.column) < (span.end_line, span.end_column)


def test_mangled_files_are_diagnosed(project: Path) -> None:
    """No exception, no diagnostic outside its file, nothing to write after an error, and only Python otherwise."""
    for seed in range(ROUNDS):
        luck = random.Random(seed)
        path = luck.choice(files_of(project))
        original = path.read_bytes()
        text = original.decode()
        for _ in range(luck.choice((1, 1, 1, 2, 4))):
            text = luck.choice(MANGLINGS)(text, luck)
        path.write_bytes(text.encode("latin-1" if luck.random() < 0.05 else "utf-8", errors="replace"))
        compilation = compile_project(project, with_trace=False)
        for artifact in compilation.artifacts:
            if artifact.path.endswith(".py"):
                ast.parse(artifact.text)

        assert (seed, []) == (seed, strays(project, compilation))
        assert compilation.succeeded or (compilation.diagnostics != () and compilation.artifacts == ())
        path.write_bytes(original)


def test_a_pipe_among_the_models_is_not_waited_for(tmp_path: Path) -> None:
    """It is no regular file: it is reported, and neither read nor shown."""
    lay_out({"models/silver/orders.sql": "{{ materialized_view() }}\nSELECT 1 AS one\n"}, tmp_path)
    os.mkfifo(tmp_path / "models" / "silver" / "items.sql")
    compilation = compile_project(tmp_path, with_trace=False)
    expected = [("CBX107", "models/silver/items.sql")]
    actual = [
        (diagnostic.code.id, diagnostic.span.path)
        for diagnostic in compilation.diagnostics
        if diagnostic.span is not None
    ]

    assert expected == actual
    assert "CBX107" in diagnostics_text(compilation, tmp_path)


def test_models_are_not_read_through_a_link_out_of_the_project(tmp_path: Path) -> None:
    """What is compiled stands in the project, so that a review sees it."""
    lay_out({"orders.sql": "{{ materialized_view() }}\nSELECT 1 AS one\n"}, tmp_path / "elsewhere" / "silver")
    lay_out({}, tmp_path / "project")
    (tmp_path / "project" / "models").symlink_to(tmp_path / "elsewhere")
    expected = [("CBX107", "models:1:1")]
    actual = [
        (diagnostic.code.id, str(diagnostic.span)) for diagnostic in compile_project(tmp_path / "project").diagnostics
    ]

    assert expected == actual


@pytest.mark.parametrize(
    ("path", "expected"),
    [("project.toml", ["CBX107"]), ("macros/m.sql", ["CBX107"]), ("macros/m.py", ["CBX107"]), ("models", ["CBX107"])],
)
def test_a_pipe_is_waited_for_nowhere(path: str, expected: list[str], tmp_path: Path) -> None:
    """Wherever a file or a folder is read, one that is neither is reported."""
    lay_out({"macros/other.sql": ""}, tmp_path)
    (tmp_path / path).unlink(missing_ok=True)
    os.mkfifo(tmp_path / path)

    assert [diagnostic.code.id for diagnostic in compile_project(tmp_path, with_trace=False).diagnostics] == expected


def test_a_large_file_of_settings_is_not_read(tmp_path: Path) -> None:
    """As a large model is not."""
    lay_out({"project.toml": "#" * (1 << 21)}, tmp_path)

    assert [diagnostic.code.id for diagnostic in compile_project(tmp_path).diagnostics] == ["CBX107"]


def test_a_number_of_too_many_digits_is_no_toml(tmp_path: Path) -> None:
    """Python reads none that long."""
    lay_out({"project.toml": f"[vars]\nx = {'9' * 5000}\n"}, tmp_path)

    assert [diagnostic.code.id for diagnostic in compile_project(tmp_path).diagnostics] == ["CBX002"]


NINES = "9" * 5000


@pytest.mark.parametrize(
    "query",
    [
        f"SELECT {NINES} AS x",
        f"SELECT -{NINES} AS x",
        f"SELECT 1 AS x GROUP BY {NINES}",
        f"SELECT 1 AS x LIMIT {NINES}",
    ],
)
def test_a_number_of_too_many_digits_in_a_query_is_read(query: str, tmp_path: Path) -> None:
    """Python would not make a number of it."""
    lay_out({"project.toml": MINIMAL_PROJECT, "models/gold/m.sql": "{{ view() }}\n" + query + "\n"}, tmp_path)
    compilation = compile_project(tmp_path)

    assert compilation.succeeded or compilation.diagnostics != ()


def test_a_folder_whose_name_is_no_text_is_reported(tmp_path: Path) -> None:
    """Its path could not be written into any file."""
    lay_out({}, tmp_path)
    (tmp_path / "models" / "gold" / os.fsdecode(b"\xff")).mkdir(parents=True)

    assert [diagnostic.code.id for diagnostic in compile_project(tmp_path).diagnostics] == ["CBX107"]


def test_lines_of_settings_end_as_those_of_models_do(tmp_path: Path) -> None:
    """Also where a file comes from a system that ends them with a carriage return alone."""
    (tmp_path / "project.toml").write_bytes(b"[project]\rname = 1\r")
    found = compile_project(tmp_path).diagnostics

    assert [(diagnostic.code.id, diagnostic.span) for diagnostic in found] == [
        ("CBX002", Span("project.toml", 2, 1, 2, 5))
    ]
