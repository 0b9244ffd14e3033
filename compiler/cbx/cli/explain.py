"""``cbx explain``: prints the page of a diagnostic code."""

from __future__ import annotations

import posixpath
import re
import sys
from typing import Annotated

import typer

from cbx.cli.stop import stop

_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)#\s]+)(#[^)\s]*)?\)")
_FILE = re.compile(r"^```(\w+) (\S+\.\w+)$", re.MULTILINE)


def explain(code: Annotated[str, typer.Argument(metavar="CODE", help="A code, such as CBX201, or its name.")]) -> None:
    """Explain a diagnostic code: what it means and how to fix it."""
    from cbx.diagnostics.code_pages import read_page
    from cbx.diagnostics.codes import every_code, find_code
    from cbx.diagnostics.diagnostic import did_you_mean

    entry = find_code(code)
    page = read_page(entry.id) if entry else None
    if page is None:
        all_codes = every_code()
        hint = did_you_mean(code, [name for entry in all_codes for name in (entry.id, entry.name)])
        stop(f"there is no diagnostic `{code}`", hint or f"the codes are {all_codes[0].id} to {all_codes[-1].id}")
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.markdown import Markdown

        Console(width=min(Console().width, 100)).print(Markdown(link_pages(name_files(page))))
    else:
        print(page, end="")


def link_pages(page: str) -> str:
    """A page whose links lead to the pages of the installed documentation, which a terminal opens; others are text."""
    from cbx.cli.docs import locate_site

    site = locate_site()

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
