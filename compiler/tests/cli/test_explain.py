"""The pages of codes on a terminal: links that open, code that is readable, no line that is too long."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

from cbx.cli.display.markdown_page import print_page
from cbx.cli.display.terminal_text import text_width
from cbx.cli.explain import link_pages, name_files
from cbx.diagnostics.code_pages import read_page
from cbx.diagnostics.codes import every_code
from compiler.tests.command import run_cbx

ROOT = Path(__file__).parents[2]
CODES = sorted({code.id for code in every_code()})
RAW_LINK = re.compile(r"\]\(")
OPENED = re.compile(r"\x1b\]8;[^;]*;(file:[^\x1b]+|https:[^\x1b]+)\x1b")
ESCAPE = re.compile(r"\x1b\]8;[^\x1b]*\x1b\\|\x1b\[[\d;]*m")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def show(page: str, columns: int, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a terminal of a width gets."""
    for name, value in (("COLUMNS", str(columns)), ("TERM", "xterm-256color"), ("FORCE_COLOR", "1")):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_COLOR", raising=False)
    terminal = Terminal()
    print_page(page, terminal)
    return terminal.getvalue()


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The pages of a built site, empty."""
    pages = ROOT / "docs"
    for page in pages.rglob("*.md"):
        file = tmp_path / page.relative_to(pages).with_suffix(".html")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    (tmp_path / "index.html").touch()
    (tmp_path / "architecture.html").touch()
    return tmp_path


@pytest.mark.parametrize("code", CODES)
def test_each_link_of_a_page_opens_a_page(code: str, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the installed documentation; its text is shown, not its address."""
    page = read_page(code)
    assert page is not None
    linked = link_pages(name_files(page), site)
    shown = show(linked, 80, monkeypatch)
    opened = OPENED.findall(shown)

    assert len(opened) >= linked.count("](file:")
    files = [link.removeprefix("file://").partition("#")[0] for link in opened if link.startswith("file:")]
    assert [file for file in files if not Path(file).is_file()] == []
    assert RAW_LINK.search(ESCAPE.sub("", shown)) is None
    assert "file://" not in ESCAPE.sub("", shown)
    assert str(site) in shown or "](file:" not in linked


@pytest.mark.parametrize("columns", [60, 80, 120, 200])
def test_a_page_fits_its_terminal(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """At most 100 columns are used: longer lines are hard to read."""
    for code in CODES[::8]:
        page = read_page(code)
        assert page is not None
        lines = ESCAPE.sub("", show(name_files(page), columns, monkeypatch)).splitlines()

        assert [line for line in lines if text_width(line.rstrip()) > min(columns, 100)] == []


def test_code_has_no_background_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dark box would stand out on a light terminal."""
    shown = show("Some `code`:\n\n```sql\nSELECT 1 -- one\n```\n", 80, monkeypatch)

    assert re.search(r"\x1b\[[\d;]*4[0-8]", shown) is None
    assert "SELECT" in shown


def test_without_a_code_all_are_listed(tmp_path: Path) -> None:
    lines = run_cbx(tmp_path, "explain").stdout.splitlines()

    assert lines[0].split() == ["code", "name", "severity"]
    assert [line.split() for line in lines[1:]] == [[code.id, code.name, code.severity.value] for code in every_code()]


@pytest.mark.parametrize(
    ("wanted", "hint"),
    [("CBX999", "`cbx explain` lists the codes"), ("repeated-mesure", "did you mean `repeated-measure`?")],
)
def test_an_unknown_code_has_a_way_out(wanted: str, hint: str, tmp_path: Path) -> None:
    """A number is near to no other number."""
    result = run_cbx(tmp_path, "explain", wanted)

    assert (result.returncode, result.stderr.splitlines()[1]) == (2, f"  = hint: {hint}")
