"""``cbx run``: bring the tables up to date on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

_STATE = ".cbx"


@dataclass(frozen=True)
class Sources:
    """What to run and with which configuration."""

    paths: tuple[Path, ...]
    configuration: dict[str, str]
    folder: Path


def run(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Notebooks, files or folders to run instead of the project's models."),
    ] = None,
    project: Annotated[
        Path | None,
        typer.Option(help="The project's folder; default: the nearest one with a project.toml."),
    ] = None,
    env: Annotated[str, typer.Option(help="The environment whose variables apply.")] = "local",
    var: Annotated[
        list[str] | None, typer.Option(help="A variable, as name=value; may be given several times.")
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option(help="The folder of tables and checkpoints; default: .cbx in the project."),
    ] = None,
    select: Annotated[list[str] | None, typer.Option(help="Only these tables; may be given several times.")] = None,
    full_refresh: Annotated[bool, typer.Option("--full-refresh", help="Forget what is there and start over.")] = False,
    master: Annotated[str | None, typer.Option(help="A Spark master; default: all cores of this machine.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Load the definitions, print the graph, and change nothing.")
    ] = False,
) -> None:
    """Compile the project and bring its tables up to date on this machine, reading only what is new."""
    from cbx.cli.run_display import RunDisplay, error_console, show_problem, show_result
    from cbx.runtime import CannotRunError, RunRequest

    console = error_console()
    try:
        variables = _variables(var or [])
        sources = _given(paths, variables) if paths else _compiled(project, env, variables)
        where = state or sources.folder / _STATE
        request = RunRequest(
            paths=sources.paths,
            state=where,
            configuration=sources.configuration,
            working_folder=sources.folder,
            select=_names(select),
            full_refresh=full_refresh,
            master=master,
        )
        from cbx.runtime import run_update

        with RunDisplay(console) as display:
            result = run_update(request, display)
    except CannotRunError as error:
        show_problem(console, "", error.problem)
        raise typer.Exit(2) from None
    show_result(console, result, _shown(where))
    if not result.is_success:
        raise typer.Exit(1)


def _variables(texts: list[str]) -> dict[str, str]:
    from cbx.runtime import CannotRunError

    variables = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise CannotRunError(f"--var {text}: a variable is given as name=value")
        variables[name] = value
    return variables


def _names(select: list[str] | None) -> frozenset[str] | None:
    """The selected tables; several may stand in one option, apart by spaces or commas."""
    if not select:
        return None
    return frozenset(name.lower() for text in select for name in text.replace(",", " ").split())


def _given(paths: list[Path], variables: dict[str, str]) -> Sources:
    """Files that were named: their configuration is what --var says, under the names that they use."""
    return Sources(tuple(paths), variables, Path.cwd())


def _shown(folder: Path) -> str:
    try:
        return f"{folder.resolve().relative_to(Path.cwd())}/"
    except ValueError:
        return f"{folder}/"


def _compiled(project: Path | None, env: str, variables: dict[str, str]) -> Sources:
    raise AssertionError
