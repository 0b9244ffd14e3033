"""The commands and the options they share."""

from __future__ import annotations

import typer

from cbx.cli.compile import compile_command
from cbx.cli.deploy import deploy_command, plan_command
from cbx.cli.events import events
from cbx.cli.explain import explain
from cbx.cli.graph import graph
from cbx.cli.init import init
from cbx.cli.list import list_command
from cbx.cli.run import run
from cbx.cli.show import show
from cbx.cli.test import TestCommand, run_tests

app = typer.Typer(
    name="cbx",
    help="Compiles small model files into Delta Live Tables pipelines, and proves what it can about them.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from cbx.version import __version__

        print(f"cbx {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
    ),
) -> None:
    """The options of `cbx` itself."""


app.command("init")(init)
app.command("compile")(compile_command)
app.command("run")(run)
app.command("test", cls=TestCommand)(run_tests)
app.command("show")(show)
app.command("events")(events)
app.command("list")(list_command)
app.command("graph")(graph)
app.command("plan")(plan_command)
app.command("deploy")(deploy_command)
app.command("explain")(explain)
