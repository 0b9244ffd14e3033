"""Ends a command with an error."""

from __future__ import annotations

from typing import NoReturn

import typer


def stop(reason: str, hint: str | None = None) -> NoReturn:
    """Print an error and end the command with status 2."""
    from cbx.cli.display.run import error_console, show_error

    show_error(error_console(), reason, hint)
    raise typer.Exit(2)
