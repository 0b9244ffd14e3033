"""The commands, and the options of ``cbx`` itself."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

import typer

from cbx.cli.usage import CommandGroup, CommandWithExamples

_COMMANDS: dict[str, tuple[str, str] | tuple[str, str, str]] = {
    "init": ("cbx.cli.init", "init"),
    "import": ("cbx.cli.import_pipeline", "import_command"),
    "compile": ("cbx.cli.compile", "compile_command"),
    "run": ("cbx.cli.run", "run"),
    "test": ("cbx.cli.test", "run_tests", "TestCommand"),
    "show": ("cbx.cli.show", "show"),
    "events": ("cbx.cli.events", "events"),
    "list": ("cbx.cli.list", "list_command"),
    "graph": ("cbx.cli.graph", "graph"),
    "plan": ("cbx.cli.deploy", "plan_command"),
    "deploy": ("cbx.cli.deploy", "deploy_command"),
    "contract": ("cbx.cli.contract", "app"),
    "doctor": ("cbx.cli.doctor", "doctor"),
    "explain": ("cbx.cli.explain", "explain"),
}
"""The module, the function and, if it is not Typer's own, the class of each command; in the order of the help."""


def application(arguments: Sequence[str] = ()) -> typer.Typer:
    """The command line; if its arguments name a command, with that command only, so that the others are not loaded."""
    app = typer.Typer(
        name="cbx",
        help="Compile model files into Delta Live Tables pipelines, and prove keys and relationships.",
        no_args_is_help=True,
        add_completion=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        cls=CommandGroup,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(options)
    command = arguments[0] if arguments else ""
    for name in [command] if command in _COMMANDS else _COMMANDS:
        module, function, *class_name = _COMMANDS[name]
        loaded = import_module(module)
        command_class = getattr(loaded, class_name[0]) if class_name else CommandWithExamples
        found = getattr(loaded, function)
        if isinstance(found, typer.Typer):
            app.add_typer(found, name=name)
        else:
            app.command(name, cls=command_class)(found)
    return app


def _print_version(is_requested: bool) -> None:
    if is_requested:
        from cbx.version import __version__

        print(f"cbx {__version__}")
        raise typer.Exit


def options(
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
    ),
) -> None:
    """The options of `cbx` itself."""
