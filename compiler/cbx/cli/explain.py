"""``cbx explain``: prints the page of a diagnostic code, or lists the codes."""

from __future__ import annotations

import posixpath
import re
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from cbx.cli.stop import stop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rich.text import Text

_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)#\s]+)(#[^)\s]*)?\)")
_FILE = re.compile(r"^```(\w+) (\S+\.\w+)$", re.MULTILINE)
_IS_CODE = re.compile(r"(?i)cbx\d+")


def explain(
    code: Annotated[
        str | None, typer.Argument(metavar="CODE", help="A code, such as CBX201, or its name; default: list all.")
    ] = None,
) -> None:
    """Explain a diagnostic code: what it means and how to fix it."""
    from cbx.cli.display.console_text import open_console, print_plain
    from cbx.diagnostics.code_pages import read_page
    from cbx.diagnostics.codes import every_code, find_code
    from cbx.diagnostics.diagnostic import did_you_mean

    if code is None:
        console = open_console(sys.stdout)
        for line in code_lines(console.width):
            print_plain(console, line)
        return
    entry = find_code(code)
    page = read_page(entry.id) if entry else None
    if page is None:
        words = [entry.name for entry in every_code()]
        hint = None if _IS_CODE.fullmatch(code) else did_you_mean(code, words)
        stop(f"there is no diagnostic `{code}`", hint or "`cbx explain` lists the codes")
    if sys.stdout.isatty():
        from cbx.cli.display.markdown_page import print_page
        from cbx.cli.docs import locate_site

        print_page(link_pages(name_files(page), locate_site()), sys.stdout)
    else:
        print(page, end="")


def code_lines(width: int) -> Iterator[Text]:
    """A line for each code: its name and its severity."""
    from cbx.cli.display.aligned_lines import Line, LineColumn, aligned_lines
    from cbx.diagnostics.codes import every_code

    columns = (LineColumn("code"), LineColumn("name"), LineColumn("severity", is_optional=True))
    lines = [Line((code.id, code.name, code.severity.value)) for code in every_code()]
    return aligned_lines(columns, lines, width)


def link_pages(page: str, site: Path | None) -> str:
    """A page whose links lead to the pages of a built site, which a terminal opens; others are text."""

    def link(match: re.Match[str]) -> str:
        text, target, fragment = match.groups()
        if "://" in target:
            return match[0]
        name = posixpath.normpath(f"codes/{target}").removeprefix("../")
        file = site / f"{name.removesuffix('.md').replace('ARCHITECTURE', 'architecture')}.html" if site else None
        return f"[{text}]({file.as_uri()}{fragment or ''})" if file is not None and file.is_file() else text

    return _LINK.sub(link, page)


def name_files(page: str) -> str:
    """A page with the path of each file above its code block: Markdown shows nothing of the line that begins a block.

    Example:
        ```` ```sql models/a/b.sql ```` becomes ``*models/a/b.sql*``, an empty line, and ```` ```sql ````.
    """
    return _FILE.sub(r"*\2*\n\n```\1", page)
