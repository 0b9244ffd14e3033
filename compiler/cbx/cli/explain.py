"""``cbx explain``: prints the page of a diagnostic code."""

from __future__ import annotations

import re
import sys
from typing import Annotated

import typer

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
        print(f"error: there is no diagnostic `{code}`", file=sys.stderr)
        print(f" = hint: {hint or f'the codes are {all_codes[0].id} to {all_codes[-1].id}'}", file=sys.stderr)
        raise typer.Exit(2)
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.markdown import Markdown

        Console(width=min(Console().width, 100)).print(Markdown(name_files(page)))
    else:
        print(page, end="")


def name_files(page: str) -> str:
    """A page with the path of each file above its code block: Markdown shows nothing of the line that begins a block.

    Example:
        ```` ```sql models/a/b.sql ```` becomes ``*models/a/b.sql*``, an empty line, and ```` ```sql ````.
    """
    return _FILE.sub(r"*\2*\n\n```\1", page)
