"""Writes the page of commands from their help: ``python compiler/site/write_commands.py``. A test compares them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from cbx.cli.commands import application
from cbx.cli.usage import describe

PAGE = Path(__file__).parents[1] / "docs" / "commands.md"
_INTRODUCTION = """\
# Commands

What `cbx <command> --help` prints, in one place; this page is generated from it. Exit status of all commands: 0
success, 1 errors found, or an update or test failed, 2 the command could not run.

"""


def commands_page() -> str:
    """The Markdown of the page."""
    group = typer.main.get_command(application())
    return _INTRODUCTION + "\n".join(_describe_all(group, "cbx"))


def _describe_all(group: Any, name: str) -> Iterator[str]:
    for own_name, command in group.commands.items():
        full_name = f"{name} {own_name}"
        if hasattr(command, "commands"):
            yield from _describe_all(command, full_name)
        else:
            yield _describe(command, full_name)


def _describe(command: Any, name: str) -> str:
    """The section of one command: what it does, its arguments and options, and examples."""
    context = command.make_context(name, [], resilient_parsing=True)
    records = [param.get_help_record(context) for param in command.params]
    described = [describe(first, second) for first, second in filter(None, records)]
    rows = [f"| `{_cell(first)}` | {_cell(second)} |" for first, second in described]
    text = " ".join(command.help.split())
    examples = "".join(f"    {example}\n" for example in (command.epilog or "").splitlines())
    table = "| argument or option | |\n|---|---|\n" + "\n".join(rows) + "\n\n" if rows else ""
    return f"## `{name}`\n\n{text}\n\n{table}{examples}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(commands_page(), encoding="utf-8")
