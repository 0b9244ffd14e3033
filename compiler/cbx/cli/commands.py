"""The commands and the options they share."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

import typer

_COMMANDS: dict[str, tuple[str, str] | tuple[str, str, str]] = {
    "init": ("cbx.cli.init", "init"),
    "compile": ("cbx.cli.compile", "compile_command"),
    "run": ("cbx.cli.run", "run"),
    "test": ("cbx.cli.test", "run_tests", "TestCommand"),
    "show": ("cbx.cli.show", "show"),
    "events": ("cbx.cli.events", "events"),
    "list": ("cbx.cli.list", "list_command"),
    "graph": ("cbx.cli.graph", "graph"),
    "plan": ("cbx.cli.deploy", "plan_command"),
    "deploy": ("cbx.cli.deploy", "deploy_command"),
    "explain": ("cbx.cli.explain", "explain"),
}
"""Each command's module, function and class, if it is not typer's own; in the order of the help."""


def application(arguments: Sequence[str] = ()) -> typer.Typer:
    """The command line; where its arguments name a command, without the others, which need not be loaded then."""
    app = typer.Typer(
        name="cbx",
        help="Compiles small model files into Delta Live Tables pipelines, and proves what it can about them.",
        no_args_is_help=True,
        add_completion=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(options)
    wanted = arguments[0] if arguments else ""
    for name in [wanted] if wanted in _COMMANDS else _COMMANDS:
        module, function, *own_class = _COMMANDS[name]
        loaded = import_module(module)
        command_class = getattr(loaded, own_class[0]) if own_class else None
        app.command(name, cls=command_class)(getattr(loaded, function))
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        from cbx.version import __version__

        print(f"cbx {__version__}")
        raise typer.Exit


def options(
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
    ),
) -> None:
    """The options of `cbx` itself."""
