"""``cbx explain``: the page of a diagnostic code."""

from __future__ import annotations

import sys
from typing import Annotated

import typer


def explain(code: Annotated[str, typer.Argument(help="A code, such as CBX201, or its name.")]) -> None:
    """Print what a diagnostic code means and what to do about it."""
    from cbx.diagnostics.code_pages import read_page
    from cbx.diagnostics.codes import every_code
    from cbx.diagnostics.diagnostic import did_you_mean

    known = every_code()
    wanted = code.strip().lower()
    found = next(
        (one for one in known if wanted in {one.id.lower(), one.name, one.id.lower().removeprefix("cbx")}),
        None,
    )
    page = read_page(found.id) if found else None
    if page is None:
        hint = did_you_mean(code, [name for one in known for name in (one.id, one.name)])
        print(f"error: there is no diagnostic `{code}`", file=sys.stderr)
        print(f" = hint: {hint or f'the codes are {known[0].id} to {known[-1].id}'}", file=sys.stderr)
        raise typer.Exit(2)
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.markdown import Markdown

        Console(width=min(Console().width, 100)).print(Markdown(page))
    else:
        print(page, end="")
