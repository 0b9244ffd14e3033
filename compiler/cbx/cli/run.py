"""``cbx run``: bring the tables up to date on this machine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from cbx.cli.selection import ExcludeOption, Selection, StateManifestOption
from cbx.cli.state_folder import STATE, short

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rich.console import Console

    from cbx.compiler import Compilation
    from cbx.diagnostics.diagnostic import Diagnostic
    from cbx.project.settings import Project
    from cbx.runtime import RunResult
    from cbx.runtime.problems import Problem


@dataclass(frozen=True)
class Options:
    """The options of one run."""

    project: Path | None
    environment: str
    variables: tuple[str, ...]
    state: Path | None
    selection: Selection
    full_refresh: bool
    master: str | None
    dry_run: bool


@dataclass(frozen=True)
class Sources:
    """What to run and with which configuration."""

    paths: tuple[Path, ...]
    configuration: dict[str, str]
    folder: Path
    select: frozenset[str] | None = None
    checks: frozenset[str] = frozenset()
    trace_back: Callable[[Problem], Problem] | None = None


def run(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Notebooks, files or folders to run instead of the project's models."),
    ] = None,
    project: Annotated[
        Path | None, typer.Option(help="The project's folder; default: the nearest one with a project.toml.")
    ] = None,
    env: Annotated[str, typer.Option(help="The environment whose variables apply.")] = "local",
    var: Annotated[
        list[str] | None, typer.Option(help="A variable, as name=value; may be given several times.")
    ] = None,
    state: Annotated[
        Path | None, typer.Option(help="The folder of tables and checkpoints; default: .cbx in the project.")
    ] = None,
    select: Annotated[
        list[str] | None,
        typer.Option(
            "--select",
            "-s",
            help="Only these, such as '+gold.sales' or 'tag:nightly'; with PATHS: tables by their names.",
        ),
    ] = None,
    exclude: ExcludeOption = None,
    state_manifest: StateManifestOption = None,
    full_refresh: Annotated[bool, typer.Option("--full-refresh", help="Forget what is there and start over.")] = False,
    master: Annotated[str | None, typer.Option(help="A Spark master; default: all cores of this machine.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check the definitions, print the graph, and change nothing.")
    ] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Run again whenever models or landing files change.")] = False,
) -> None:
    """Compile the project and bring its tables up to date on this machine, reading only what is new."""
    from cbx.cli.display.run import error_console
    from cbx.cli.run_watch import Watcher, sources_of

    console = error_console()
    options = Options(
        project,
        env,
        tuple(var or ()),
        state,
        Selection.of(select, exclude, state_manifest),
        full_refresh,
        master,
        dry_run,
    )
    try:
        if not watch:
            raise typer.Exit(_run_once(tuple(paths or ()), options, console)[0])
        watcher = Watcher(sources_of(paths or (), None if paths else _root(project)), _folder(paths, project))
        while True:
            before = watcher.look()
            _, landings = _run_once(tuple(paths or ()), options, console)
            console.print("Waiting for changes; Ctrl-C ends.", style="dim")
            watcher.wait(before, landings)
            options = replace(options, full_refresh=False)
    except KeyboardInterrupt:
        console.print("Interrupted. Tables that were not finished are as they were; the next run updates them.")
        raise typer.Exit(130) from None


def _run_once(paths: tuple[Path, ...], options: Options, console: Console) -> tuple[int, Mapping[str, str]]:
    """One update, or a check of the definitions.

    Returns:
        The exit status, and the landing folders that were read, as they were then.
    """
    from cbx.cli.display.run import show_problem
    from cbx.runtime import CannotRunError

    try:
        with TemporaryDirectory() as scratch:
            output = Path(scratch) if options.dry_run else None
            sources = _given(paths, options) if paths else _compiled(options, output)
            if sources is None:
                return 1, {}
            if sources.select is not None and not sources.select:
                console.print("Nothing is selected.")
                return 0, {}
            result = _update(sources, options, console)
    except CannotRunError as error:
        show_problem(console, "", error.problem)
        return 2, {}
    return int(not result.is_success), result.landings


def _update(sources: Sources, options: Options, console: Console) -> RunResult:
    from cbx.cli.display.run import RunDisplay, show_graph, show_result
    from cbx.runtime import RunRequest, run_update
    from cbx.runtime.results import as_it_is

    state = options.state or short(sources.folder / STATE)
    request = RunRequest(
        paths=sources.paths,
        state=state,
        configuration=sources.configuration,
        working_folder=sources.folder,
        select=sources.select,
        full_refresh=options.full_refresh,
        master=options.master,
        dry_run=options.dry_run,
        trace_back=sources.trace_back or as_it_is,
    )
    with RunDisplay(console, is_dry=options.dry_run) as display:
        result = run_update(request, display)
    if options.dry_run:
        show_graph(console, result)
    else:
        show_result(console, result, f"{state}/", sources.checks)
    return result


def _folder(paths: list[Path] | None, project: Path | None) -> Path:
    """Where relative paths start: at the project, or here for notebooks that were named."""
    return Path.cwd() if paths else _root(project)


def _root(project: Path | None) -> Path:
    from cbx.cli.places import project_folder

    return project_folder(project)


def _variables(texts: tuple[str, ...]) -> dict[str, str]:
    from cbx.runtime import CannotRunError

    variables = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise CannotRunError(f"--var {text}: a variable is given as name=value")
        variables[name] = value
    return variables


def _names(selection: Selection) -> frozenset[str] | None:
    """The selected tables of notebooks; several may stand in one option, apart by spaces or commas."""
    from cbx.runtime import CannotRunError

    if selection.exclude or selection.state_manifest is not None:
        hint = "of notebooks, --select takes the names of tables"
        raise CannotRunError("--exclude and --state-manifest are about a project's models", hint=hint)
    if not selection.include:
        return None
    return frozenset(name.lower() for text in selection.include for name in text.replace(",", " ").split())


def _given(paths: tuple[Path, ...], options: Options) -> Sources:
    """Files that were named: their configuration is what --var says, under the names that they use."""
    return Sources(paths, _variables(options.variables), Path.cwd(), _names(options.selection))


def _compiled(options: Options, output: Path | None) -> Sources | None:
    """The project's notebooks, freshly compiled.

    Args:
        options: The project, the environment and the variables.
        output: Where the compiled files go instead of the project's own target folder.

    Returns:
        None if the project has errors, which are then shown as `cbx compile` shows them: nothing is run.

    Raises:
        CannotRunError: If there is no project, or its target folder cannot be written.
    """
    from cbx.cli.display.diagnostics import show_diagnostics
    from cbx.cli.places import project_folder, say_waiting
    from cbx.cli.run_places import trace_to_model
    from cbx.cli.run_selection import selected_datasets
    from cbx.compiler import compile_project
    from cbx.project.find_project import find_project
    from cbx.runtime import CannotRunError
    from cbx.target.atomic_change import lock_target
    from cbx.target.layout import TARGET
    from cbx.target.write import write_target

    root, env = project_folder(options.project), options.environment
    variables = _variables(options.variables)
    compilation = compile_project(root, environment=env)
    diagnostics = compilation.diagnostics
    problems: tuple[Diagnostic, ...] = ()
    select = selected_datasets(compilation, options.selection)  # before target/ changes, which it may be compared with
    if compilation.succeeded:
        with lock_target(output or root, say_waiting):
            _, problems = write_target(output or root, compilation.artifacts)
        diagnostics = (*diagnostics, *problems)
    show_diagnostics(diagnostics, compilation.sources, compilation.model_count, "text")
    if problems or (compilation.project is None and find_project(root) is None):
        raise CannotRunError("the project cannot be compiled", hint="name notebooks to run, or mend what is said above")
    if compilation.project is None or not compilation.succeeded:
        return None
    paths = [(output or root) / TARGET / one.path for one in compilation.artifacts if one.path.endswith(".py")]
    configuration = _configuration(compilation.project, env, variables)
    _check_values(compilation, env, configuration)
    checks = compilation.plan.check_names if compilation.plan else frozenset()
    back = partial(trace_to_model, compilation=compilation, target=(output or root) / TARGET)
    return Sources(tuple(paths), configuration, root, select, checks, back)


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


def _check_values(compilation: Compilation, env: str, configuration: dict[str, str]) -> None:
    """A variable that models use needs a value here, from the environment or from the command line."""
    from cbx.passes.check_variables import variables_in
    from cbx.runtime import CannotRunError

    if compilation.plan is None or compilation.project is None:
        return
    used = variables_in(planned.model for planned in compilation.plan.models)
    for name in sorted(used):
        if compilation.project.configuration_key(name) not in configuration:
            hint = f"set it under `[environments.{env}.vars]` of project.toml, or give it with --var {name}=..."
            raise CannotRunError(f"the environment `{env}` gives no value to the variable `{name}`", hint=hint)
