"""``cbx run``: bring the tables up to date on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from cbx.diagnostics import Diagnostic
    from cbx.project import Project


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
    from cbx.cli.state_folder import STATE, short
    from cbx.runtime import CannotRunError, RunRequest

    console = error_console()
    try:
        variables = _variables(var or [])
        sources = _given(paths, variables) if paths else _compiled(project, env, variables)
        where = state or short(sources.folder / STATE)
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
    show_result(console, result, f"{where}/")
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


def _compiled(project: Path | None, env: str, variables: dict[str, str]) -> Sources:
    """The project's notebooks, freshly compiled: what has an error is not run.

    Raises:
        typer.Exit: If the project has errors, which are shown as `cbx compile` shows them.
    """
    from cbx.cli.diagnostics import show_diagnostics
    from cbx.cli.places import project_folder
    from cbx.compiler import compile_project, read_sources
    from cbx.write import TARGET, write

    root = project_folder(project)
    compilation = compile_project(root, environment=env)
    diagnostics = compilation.diagnostics
    problems: tuple[Diagnostic, ...] = ()
    if compilation.succeeded:
        _, problems = write(root, compilation.artifacts)
        diagnostics = (*diagnostics, *problems)
    show_diagnostics(diagnostics, read_sources(root, diagnostics), compilation.model_count, "text")
    if compilation.project is None or not compilation.succeeded or problems:
        raise typer.Exit(1 if compilation.project is not None and not problems else 2)
    paths = [root / TARGET / one.path for one in compilation.artifacts if one.path.endswith(".py")]
    return Sources(tuple(paths), _configuration(compilation.project, env, variables), root)


def _configuration(project: Project, env: str, variables: dict[str, str]) -> dict[str, str]:
    """The environment's variables, and those of the command line in their place, as the notebooks name them."""
    from cbx.runtime import CannotRunError

    unknown = sorted(name for name in variables if name not in project.variable_names and "." not in name)
    if unknown:
        known = ", ".join(sorted(project.variable_names)) or "none"
        raise CannotRunError(f"--var {unknown[0]}: the project has no such variable", hint=f"it has {known}")
    values = {project.configuration_key(name): value for name, value in project.variables(env).items()}
    given = {name if "." in name else project.configuration_key(name): value for name, value in variables.items()}
    return {**values, **given}
