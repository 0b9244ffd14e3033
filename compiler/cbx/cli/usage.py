"""The help of commands, and errors in their use."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

_USAGE_ERROR: type[Exception] = typer.BadParameter.__mro__[1]
"""The error of Typer for a wrong option or argument; older versions have it from Click, newer ones have their own."""


MOST_COLUMNS = 100
"""The width of the help on a wider terminal: longer lines are hard to read."""
_WIDEST_NAME = 30
"""Descriptions begin right of the names that are not wider."""


class CommandWithExamples(TyperCommand):
    """A command whose help has no types of Python, and whose epilog is examples, a line each."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """The words of the usage, without braces around what is required."""
        return [piece.strip("{}") for piece in super().collect_usage_pieces(ctx)]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments and options; those with choices are shown with these, others without their type."""
        write = formatter.write_dl
        formatter.write_dl = lambda rows: _write_rows(write, rows)
        super().format_options(ctx, formatter)
        formatter.write_dl = write

    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - Typer's signature
        """Write the examples."""
        if self.epilog:
            with formatter.section("Examples"):
                formatter.write("".join(f"  {example}\n" for example in self.epilog.splitlines()))


class CommandGroup(TyperGroup):
    """Commands whose descriptions are not cut in the help, and whose errors look like all errors."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:  # noqa: ARG002 - Typer's signature
        """The words of the usage; options of the group itself only ask for help."""
        return ["COMMAND", "[OPTIONS]"]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the commands, then the options, which are needed less."""
        self.format_commands(ctx, formatter)
        with formatter.section("Options"):
            _write_rows(
                formatter.write_dl, [record for param in self.get_params(ctx) if (record := param.get_help_record(ctx))]
            )

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the name and the first sentence of each command, below the headings of their groups."""
        names = self.list_commands(ctx)
        width = max(map(len, names))
        headings: dict[str, list[tuple[str, str]]] = {}
        for name in names:
            command = self.commands[name]
            row = (f"{name:<{width}}", _first_sentence(command.help or ""))
            headings.setdefault(getattr(command, "rich_help_panel", None) or "Commands", []).append(row)
        for heading, rows in headings.items():
            with formatter.section(heading):
                formatter.write_dl(rows)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - Typer's signature
        """Write the lines at the end."""
        for line in ("", *(self.epilog or "").splitlines()):
            formatter.write_text(line)

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


def _write_rows(write: Any, rows: Sequence[tuple[str, str]]) -> None:
    """Write names and descriptions; a name that is too wide has its description below."""
    shown = [describe(first, second) for first, second in rows]
    widths = [len(first) for first, _ in shown]
    write(shown, col_max=max((width for width in widths if width <= _WIDEST_NAME), default=_WIDEST_NAME))


_TYPE = re.compile(r" [<\[]([^>]*)[>\]]\Z")
"""The type of an argument or option, as Typer writes it; older versions have choices in brackets."""
_CHOICES = re.compile(r"(--[\w-]+) (\w+(?:\|\w+)+)\Z")
_EXTRA = re.compile(r"\s*\[((?:default: [^;\]]*|required|[^;\]]*<[^;\]]*|[^;\]]*>[^;\]]*|; )+)\]\Z")
"""What Typer writes after a description: the default, whether it is required, and a range."""


def describe(first: str, second: str) -> tuple[str, str]:
    """The name and the description of an argument or option for people.

    Example:
        ``--limit <int range>``, ``The number of rows. [default: 20; x>=0]`` becomes ``--limit``,
        ``The number of rows. [default: 20]``.
    """
    name = _TYPE.sub(lambda found: f" {found[1]}" if "|" in found[1] else "", first)
    text = " ".join(second.split())
    extra = _EXTRA.search(text)
    if extra is not None:
        kept = [
            part for part in extra[1].split("; ") if part.startswith("default") or (part, name[:1]) == ("required", "-")
        ]
        text = text[: extra.start()] + (f" [{'; '.join(kept)}]" if kept else "")
    choices = _CHOICES.search(name)
    if choices is not None and len(name) > _WIDEST_NAME:
        *most, last = choices[2].split("|")
        name = f"{name[: choices.start(2)]}{choices[1].lstrip('-').upper()}"
        text = f"{', '.join(most)} or {last}. {text}"
    return name, text


def _first_sentence(text: str) -> str:
    return " ".join(text.split()).partition(". ")[0].rstrip(".")


def _show_usage_error(error: Any) -> None:
    """Print an error; the help, if the command line has no command."""
    from cbx.cli.display.run import error_console, show_error

    if type(error).__name__ == "NoArgsIsHelpError":
        print(error.format_message(), file=sys.stderr)
        return
    command = error.ctx.command_path if error.ctx is not None else "cbx"
    takes = f"see `{command} --help`"
    message, *suggestion = _SUGGESTION.split(error.format_message().strip(), maxsplit=1)
    near = (
        _OPTION.sub(r" '\1'", f" {suggestion[0].rstrip('?)')}").strip() if suggestion else _choice_meant(error.message)
    )
    message = _OPTION.sub(r" '\1'", message).replace("Value error, ", "").rstrip(".")
    message = _EXTRA_ARGUMENT.sub(r"unexpected argument '\1'", message)
    hint = f"did you mean {near}? {takes.capitalize()}" if near else takes
    hint = _foreign_hint(message, error) or hint
    texts = (_QUOTED.sub(r"`\1`", text) for text in (message[:1].lower() + message[1:], hint))
    show_error(error_console(), *texts)


def _foreign_hint(message: str, error: Any) -> str | None:
    """What to type instead of a command or an option of another tool, and an example where an argument is missing."""
    from cbx.cli.foreign_usage import FOREIGN_COMMANDS, FOREIGN_OPTIONS, FOREIGN_OPTIONS_OF_COMMANDS

    command = error.ctx.command if error.ctx is not None else None
    word = next(iter(_QUOTED.findall(message)), "")
    if message.startswith("No such command"):
        return FOREIGN_COMMANDS.get(word)
    if message.startswith("No such option") and command is not None:
        options = {option for param in command.params for option in param.opts}
        meant = next((option for option in FOREIGN_OPTIONS.get(word, ()) if option in options), None)
        hint = FOREIGN_OPTIONS_OF_COMMANDS.get((command.name, word))
        return hint if meant is None else f"did you mean '{meant}'? See '{error.ctx.command_path} --help'"
    if message.startswith("Missing argument") and command is not None and command.epilog:
        examples = command.epilog.splitlines()
        example = next((line for line in examples if line != error.ctx.command_path), examples[0])
        return f"for example `{example}`; see `{error.ctx.command_path} --help`"
    return None


_QUOTED = re.compile(r"'([^']+)'")
_OPTION = re.compile(r" (-[\w-]+)(?=\Z|[ ,])")
_EXTRA_ARGUMENT = re.compile(r"Got unexpected extra argument\(?s?\)? \((\S+?)( .*)?\)")
_SUGGESTION = re.compile(r"\.? (?:Did you mean|\(Possible options:) ")


def _choice_meant(message: str) -> str | None:
    """The value that was probably meant where a value is none of the choices."""
    from cbx.diagnostics.did_you_mean import nearest

    value, *choices = _QUOTED.findall(message) or [""]
    near = nearest(value, choices) if "is not one of" in message else None
    return None if near is None else f"'{near}'"
