"""The commands, and the options of ``cbx`` itself."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import NamedTuple

import typer

from cbx.cli.usage import MOST_COLUMNS, CommandGroup, CommandWithExamples

_START, _BUILD, _LOOK, _SHIP, _LEARN = "Start", "Build", "Look", "Deploy", "Learn"
_FIRST_STEPS = """\
First steps:
  cbx init shop && cd shop
  cbx test

`cbx COMMAND --help` describes a command; `cbx docs` opens the documentation."""


class _Command(NamedTuple):
    """Where a command is defined, and the examples of its help.

    Attributes:
        group: The heading of the help below which it is listed.
        module: The module.
        function: The function, or the `typer.Typer` of a group of commands.
        examples: Command lines.
        class_name: The class of the command in the module, if it has its own.
    """

    group: str
    module: str
    function: str
    examples: tuple[str, ...] = ()
    class_name: str | None = None


_COMMANDS = {
    "init": _Command(_START, "cbx.cli.init", "init", ("cbx init shop", "cbx init . --template sql")),
    "import": _Command(_START, "cbx.cli.import_pipeline", "import_command", ("cbx import notebooks/ --into shop",)),
    "doctor": _Command(_START, "cbx.cli.doctor", "doctor", ("cbx doctor",)),
    "compile": _Command(
        _BUILD, "cbx.cli.compile", "compile_command", ("cbx compile", "cbx compile --check --format github")
    ),
    "test": _Command(
        _BUILD,
        "cbx.cli.test",
        "run_tests",
        ("cbx test", "cbx test silver.orders", "cbx test -- -k duplicates"),
        "TestCommand",
    ),
    "run": _Command(
        _BUILD,
        "cbx.cli.run",
        "run",
        ("cbx run", "cbx run --select +gold.daily_sales --watch", "cbx run pipeline.py --state state"),
    ),
    "show": _Command(
        _LOOK,
        "cbx.cli.show",
        "show",
        ("cbx show", "cbx show gold.daily_sales", "cbx show gold.daily_sales --format csv --limit 0"),
    ),
    "query": _Command(
        _LOOK,
        "cbx.cli.query",
        "query",
        ('cbx query "SELECT count(*) FROM gold.daily_sales"', "cbx query report.sql --format csv --limit 0"),
    ),
    "events": _Command(_LOOK, "cbx.cli.events", "events", ("cbx events", "cbx events --format json")),
    "list": _Command(
        _LOOK,
        "cbx.cli.list",
        "list_command",
        ("cbx list --select tag:nightly", "cbx list --select +gold.daily_sales"),
    ),
    "graph": _Command(
        _LOOK,
        "cbx.cli.graph",
        "graph",
        ("cbx graph", "cbx graph -o lineage.html", "cbx graph --columns gold.daily_sales.revenue"),
    ),
    "plan": _Command(
        _SHIP, "cbx.cli.deploy", "plan_command", ("cbx plan --env prod", "cbx plan --env prod --format markdown")
    ),
    "deploy": _Command(_SHIP, "cbx.cli.deploy", "deploy_command", ("cbx deploy --env dev --start --wait",)),
    "contract": _Command(_SHIP, "cbx.cli.contract", "app"),
    "docs": _Command(_LEARN, "cbx.cli.docs", "docs", ("cbx docs", "cbx docs running", "cbx docs CBX314 --print")),
    "explain": _Command(_LEARN, "cbx.cli.explain", "explain", ("cbx explain CBX314",)),
}
"""The commands in the order of the help."""


def application(arguments: Sequence[str] = ()) -> typer.Typer:
    """The command line; if its arguments name a command, with that command only, so that the others are not loaded."""
    app = typer.Typer(
        name="cbx",
        help="Compile models into Delta Live Tables pipelines, find errors before anything runs, and run locally.",
        no_args_is_help=True,
        add_completion=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        cls=CommandGroup,
        epilog=_FIRST_STEPS,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": MOST_COLUMNS},
    )
    app.callback()(options)
    command = arguments[0] if arguments else ""
    for name in [command] if command in _COMMANDS else _COMMANDS:
        definition = _COMMANDS[name]
        module = import_module(definition.module)
        function = getattr(module, definition.function)
        if isinstance(function, typer.Typer):
            app.add_typer(function, name=name, rich_help_panel=definition.group)
        else:
            command_class = getattr(module, definition.class_name) if definition.class_name else CommandWithExamples
            examples = "\n".join(definition.examples)
            app.command(name, cls=command_class, epilog=examples, rich_help_panel=definition.group)(function)
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
