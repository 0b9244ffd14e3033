"""The commands, and the options of ``cbx`` itself."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import NamedTuple

import typer

from cbx.cli.usage import CommandGroup, CommandWithExamples


class _Command(NamedTuple):
    """Where a command is defined, and the examples of its help.

    Attributes:
        module: The module.
        function: The function, or the `typer.Typer` of a group of commands.
        examples: Command lines.
        class_name: The class of the command in the module, if it has its own.
    """

    module: str
    function: str
    examples: tuple[str, ...] = ()
    class_name: str | None = None


_COMMANDS = {
    "init": _Command("cbx.cli.init", "init", ("cbx init shop", "cbx init . --template sql")),
    "import": _Command("cbx.cli.import_pipeline", "import_command", ("cbx import notebooks/ --into shop",)),
    "compile": _Command("cbx.cli.compile", "compile_command", ("cbx compile", "cbx compile --check --format github")),
    "run": _Command(
        "cbx.cli.run",
        "run",
        ("cbx run", "cbx run --select +gold.daily_sales --watch", "cbx run pipeline.py --state state"),
    ),
    "test": _Command(
        "cbx.cli.test", "run_tests", ("cbx test", "cbx test silver.orders", "cbx test -- -k duplicates"), "TestCommand"
    ),
    "show": _Command(
        "cbx.cli.show", "show", ("cbx show gold.daily_sales", "cbx show gold.daily_sales --format csv --limit 0")
    ),
    "query": _Command(
        "cbx.cli.query",
        "query",
        ('cbx query "SELECT count(*) FROM gold.daily_sales"', "cbx query report.sql --format csv --limit 0"),
    ),
    "events": _Command("cbx.cli.events", "events", ("cbx events", "cbx events --format json")),
    "list": _Command(
        "cbx.cli.list", "list_command", ("cbx list --select tag:nightly", "cbx list --select +gold.daily_sales")
    ),
    "graph": _Command(
        "cbx.cli.graph",
        "graph",
        ("cbx graph", "cbx graph -o lineage.html", "cbx graph --columns gold.daily_sales.revenue"),
    ),
    "plan": _Command(
        "cbx.cli.deploy", "plan_command", ("cbx plan --env prod", "cbx plan --env prod --format markdown")
    ),
    "deploy": _Command("cbx.cli.deploy", "deploy_command", ("cbx deploy --env dev --start --wait",)),
    "contract": _Command("cbx.cli.contract", "app"),
    "doctor": _Command("cbx.cli.doctor", "doctor", ("cbx doctor",)),
    "docs": _Command("cbx.cli.docs", "docs", ("cbx docs", "cbx docs running", "cbx docs CBX314 --print")),
    "explain": _Command("cbx.cli.explain", "explain", ("cbx explain CBX314",)),
}
"""The commands in the order of the help."""


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
        definition = _COMMANDS[name]
        module = import_module(definition.module)
        function = getattr(module, definition.function)
        if isinstance(function, typer.Typer):
            app.add_typer(function, name=name)
        else:
            command_class = getattr(module, definition.class_name) if definition.class_name else CommandWithExamples
            app.command(name, cls=command_class, epilog="\n".join(definition.examples))(function)
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
