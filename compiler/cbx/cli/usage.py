"""The help of commands, and errors in their use."""

from __future__ import annotations

import re
import sys
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

_USAGE_ERROR: type[Exception] = typer.BadParameter.__mro__[1]
"""The error of Typer for a wrong option or argument; older versions have it from Click, newer ones have their own."""


class CommandWithExamples(TyperCommand):
    """A command whose help has no types of Python, and whose epilog is examples, a line each."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments and options; those with choices are shown with these, others without their type."""
        write = formatter.write_dl
        formatter.write_dl = lambda rows: write([(show_type(first), second) for first, second in rows])
        super().format_options(ctx, formatter)
        formatter.write_dl = write

    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - Typer's signature
        """Write the examples."""
        if self.epilog:
            with formatter.section("Examples"):
                formatter.write("".join(f"  {example}\n" for example in self.epilog.splitlines()))


class CommandGroup(TyperGroup):
    """Commands whose descriptions are not cut in the help, and whose errors look like all errors."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the name and the first sentence of each command."""
        rows = [(name, _first_sentence(self.commands[name].help or "")) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def main(self, *arguments: Any, **settings: Any) -> Any:
        """Run the command line and end the process with its exit status."""
        try:
            status = super().main(*arguments, **{**settings, "standalone_mode": False})
        except _USAGE_ERROR as error:
            _show_usage_error(error)
            sys.exit(2)
        except typer.Abort:
            sys.exit(1)
        sys.exit(status if isinstance(status, int) else 0)


_TYPE = re.compile(r" [<\[]([^>]*)[>\]]\Z")
"""The type of an argument or option, as Typer writes it; older versions have choices in brackets."""


def show_type(name: str) -> str:
    """The name of an argument or option with its choices, if it has any, and else without its type."""
    return _TYPE.sub(lambda found: f" {found[1]}" if "|" in found[1] else "", name)


def _first_sentence(text: str) -> str:
    return " ".join(text.split()).partition(". ")[0].rstrip(".")


def _show_usage_error(error: Any) -> None:
    """Print an error; the help, if the command line has no command."""
    from cbx.cli.display.run import error_console, show_error

    if type(error).__name__ == "NoArgsIsHelpError":
        print(error.format_message(), file=sys.stderr)
        return
    command = error.ctx.command_path if error.ctx is not None else "cbx"
    takes = f"`{command} --help` says what it takes"
    message, *suggestion = _SUGGESTION.split(error.format_message().strip(), maxsplit=1)
    near = (
        _OPTION.sub(r" '\1'", f" {suggestion[0].rstrip('?)')}").strip() if suggestion else _choice_meant(error.message)
    )
    message = _OPTION.sub(r" '\1'", message).replace("Value error, ", "").rstrip(".")
    hint = f"did you mean {near}? {takes}" if near else takes
    texts = (_QUOTED.sub(r"`\1`", text) for text in (message[:1].lower() + message[1:], hint))
    show_error(error_console(), *texts)


_QUOTED = re.compile(r"'([^']+)'")
_OPTION = re.compile(r" (-[\w-]+)(?=\Z|[ ,])")
_SUGGESTION = re.compile(r"\.? (?:Did you mean|\(Possible options:) ")


def _choice_meant(message: str) -> str | None:
    """The value that was probably meant where a value is none of the choices."""
    from cbx.diagnostics.did_you_mean import nearest

    value, *choices = _QUOTED.findall(message) or [""]
    near = nearest(value, choices) if "is not one of" in message else None
    return None if near is None else f"'{near}'"
