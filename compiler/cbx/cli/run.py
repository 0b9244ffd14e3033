"""``cbx run``: refreshes the tables on this machine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from cbx.cli.engines import Engines
from cbx.cli.places import STATE, path_from, relative_folder
from cbx.cli.selection import ExcludeOption, NoTraceOption, SelectionOptions, StateManifestOption

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rich.console import Console

    from cbx.compiler import Compilation
    from cbx.diagnostics.diagnostic import Diagnostic
    from cbx.project.setting_types.sections import Environment
    from cbx.runtime import RunResult
    from cbx.runtime.errors import QueryLine
    from cbx.runtime.results import EngineName, StandInPaths


@dataclass(frozen=True)
class RunOptions:
    """The options of one run."""

    project: Path | None
    environment: str
    variables: tuple[str, ...]
    tables: tuple[str, ...]
    streams: tuple[str, ...]
    state: Path | None
    selection: SelectionOptions
    full_refresh: bool
    master: str | None
    dry_run: bool
    engine: EngineName | None = None
    with_trace: bool = True


@dataclass(frozen=True)
class RunSources:
    """The files to run, and their configuration.

    Attributes:
        paths: Notebooks, files and folders.
        configuration: The configuration of the pipeline.
        folder: The folder to which relative paths belong.
        select: The tables to refresh, in lower case; None for all.
        checks: The datasets that only check other datasets.
        trace_back: Replaces the place of a problem in a notebook by the place in the model.
        stand_ins: What stands in for tables and streams outside the pipeline.
    """

    paths: tuple[Path, ...]
    configuration: dict[str, str]
    folder: Path
    select: frozenset[str] | None = None
    checks: frozenset[str] = frozenset()
    trace_back: Callable[[Diagnostic, QueryLine | None], Diagnostic] | None = None
    stand_ins: StandInPaths | None = None


def run(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATH", help="Notebooks, files or folders to run instead of the project's models."),
    ] = None,
    project: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="The project's folder; default: the nearest folder with a project.toml."),
    ] = None,
    env: Annotated[str, typer.Option(metavar="NAME", help="The environment whose variables are used.")] = "local",
    var: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="A variable; repeatable.")] = None,
    table: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CATALOG.SCHEMA.TABLE=PATH",
            help="A file, folder or Delta table to read instead of a table of a catalog; repeatable.",
        ),
    ] = None,
    stream: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TOPIC=PATH",
            help="A folder of messages to read instead of a Kafka topic or another streaming service; kafka=path for "
            "all topics; repeatable.",
        ),
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="The folder of tables and checkpoints; default: .cbx in the project."),
    ] = None,
    select: Annotated[
        list[str] | None,
        typer.Option(
            "--select",
            "-s",
            metavar="SELECTOR",
            help="Only these models, such as '+gold.sales' or 'tag:nightly'; with PATHS: names of tables.",
        ),
    ] = None,
    exclude: ExcludeOption = None,
    state_manifest: StateManifestOption = None,
    full_refresh: Annotated[
        bool, typer.Option("--full-refresh", help="Drop all state and rebuild every table.")
    ] = False,
    master: Annotated[
        str | None, typer.Option(metavar="URL", help="The Spark master; default: all cores of this machine.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check the definitions and print the graph; change nothing.")
    ] = False,
    engine: Annotated[
        Engines | None,
        typer.Option(metavar="sail|spark", help="Sail starts in a second without Java; Spark runs what it cannot."),
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Run again when models or landing files change.")] = False,
    no_trace: NoTraceOption = False,
) -> None:
    """Compile the project and refresh its tables on this machine, reading only new data."""
    from cbx.cli.display.run import error_console

    console = error_console()
    options = RunOptions(
        project,
        env,
        tuple(var or ()),
        tuple(table or ()),
        tuple(stream or ()),
        state,
        SelectionOptions.of(select, exclude, state_manifest),
        full_refresh,
        master,
        dry_run,
        engine.value if engine else None,
        not no_trace,
    )
    try:
        if not watch:
            raise typer.Exit(_run_once(tuple(paths or ()), options, console)[0])
        _run_on_changes(tuple(paths or ()), options, console)
    except KeyboardInterrupt:
        console.print("Interrupted. Tables that were not refreshed are unchanged; the next run refreshes them.")
        raise typer.Exit(130) from None


def _run_on_changes(paths: tuple[Path, ...], options: RunOptions, console: Console) -> None:
    from cbx.analysis.tracing.process import keep_worker
    from cbx.cli.local_run.watch import Watcher, watched_paths

    project = options.project
    watcher = Watcher((), _base_folder(paths, project))
    with keep_worker():
        while True:
            watcher.sources = watched_paths(paths, None if paths else _project_folder(project))
            before = watcher.look()
            _, landings = _run_once(paths, options, console)
            console.print("Waiting for changes. Press Ctrl-C to stop.", style="dim")
            watcher.wait(before, landings)
            options = replace(options, full_refresh=False)


def _run_once(paths: tuple[Path, ...], options: RunOptions, console: Console) -> tuple[int, Mapping[str, str]]:
    """Run one update, or check the definitions.

    Returns:
        The exit status, and the landing folders that were read, with their state then.
    """
    from cbx.cli.display.run import show_run_errors
    from cbx.runtime import CannotRunError

    try:
        with TemporaryDirectory() as scratch:
            output = Path(scratch) if options.dry_run else None
            sources = _named_sources(paths, options) if paths else _compile_sources(options, output)
            if sources is None:
                return 1, {}
            if sources.select is not None and not sources.select:
                console.print("Nothing is selected.")
                return 0, {}
            result = _update(sources, options, console)
    except CannotRunError as error:
        show_run_errors(console, [error.diagnostic])
        return 2, {}
    return int(not result.is_success), result.landings


def _update(sources: RunSources, options: RunOptions, console: Console) -> RunResult:
    from cbx.cli.display.run import RunDisplay, show_graph, show_result
    from cbx.runtime import RunRequest, run_update
    from cbx.runtime.results import StandInPaths, keep_span

    state = options.state or relative_folder(sources.folder / STATE)
    request = RunRequest(
        paths=sources.paths,
        state=state,
        configuration=sources.configuration,
        working_folder=sources.folder,
        select=sources.select,
        full_refresh=options.full_refresh,
        master=options.master,
        dry_run=options.dry_run,
        engine=options.engine or "spark",
        stand_ins=sources.stand_ins or StandInPaths(),
        trace_back=sources.trace_back or keep_span,
    )
    with RunDisplay(console, is_dry=options.dry_run) as display:
        result = run_update(request, display)
    if options.dry_run:
        show_graph(console, result, sources.folder)
    else:
        show_result(console, result, f"{state}/", sources.checks, sources.folder)
    return result


def _base_folder(paths: Sequence[Path] | None, project: Path | None) -> Path:
    """The folder to which relative paths belong: the project, or the working folder if notebooks are named."""
    return Path.cwd() if paths else _project_folder(project)


def _project_folder(project: Path | None) -> Path:
    from cbx.cli.places import project_folder

    return project_folder(project)


def _variables(texts: tuple[str, ...]) -> dict[str, str]:
    return _named_values("--var", "a variable as name=value", texts)


def _named_values(option: str, form: str, texts: tuple[str, ...]) -> dict[str, str]:
    """The values of an option by their names."""
    from cbx.runtime import CannotRunError

    values = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name or (not value and option != "--var"):
            raise CannotRunError(f"{option} {text}: write {form}")
        values[name] = value
    return values


def _stand_ins(options: RunOptions, environment: Environment, folder: Path) -> StandInPaths:
    """What stands in for tables and streams: that of the environment, overridden by that of the command line.

    Paths of the environment are relative to the folder; those of the command line are made so.
    """
    from cbx.runtime.results import StandInPaths

    tables = _named_values("--table", "a table as catalog.schema.table=path", options.tables)
    streams = _named_values("--stream", "a stream as topic=path or kafka=path", options.streams)
    return StandInPaths(
        environment.tables | {name: path_from(folder, path) for name, path in tables.items()},
        environment.streams | {name: path_from(folder, path) for name, path in streams.items()},
    )


def _selected_tables(selection: SelectionOptions) -> frozenset[str] | None:
    """The selected tables of named notebooks; an option may have several, separated by spaces or commas."""
    from cbx.runtime import CannotRunError

    if selection.exclude or selection.state_manifest is not None:
        hint = "with notebooks, use --select with the names of tables"
        raise CannotRunError("--exclude and --state-manifest need a project", hint=hint)
    if not selection.include:
        return None
    return frozenset(name.lower() for text in selection.include for name in text.replace(",", " ").split())


def _named_sources(paths: tuple[Path, ...], options: RunOptions) -> RunSources:
    """The named notebooks, files and folders, with the configuration and the stand-ins of the command line."""
    from cbx.project.setting_types.sections import Environment

    configuration, select = _variables(options.variables), _selected_tables(options.selection)
    return RunSources(
        paths, configuration, Path.cwd(), select, stand_ins=_stand_ins(options, Environment(), Path.cwd())
    )


def _compile_sources(options: RunOptions, output: Path | None) -> RunSources | None:
    """Compile the project to its notebooks.

    Args:
        options: The project, the environment and the variables.
        output: The folder for the compiled files; None for the project's folder.

    Returns:
        The notebooks; None if the project has errors, which are shown as `cbx compile` shows them.

    Raises:
        CannotRunError: If there is no project, or its target folder cannot be written.
    """
    from cbx.cli.local_run.configuration import run_configuration
    from cbx.cli.local_run.places import trace_to_model
    from cbx.cli.local_run.selection import select_datasets
    from cbx.cli.local_run.unused_secrets import unused_secrets
    from cbx.cli.places import project_folder
    from cbx.compiler import compile_project
    from cbx.project.setting_types.sections import Environment
    from cbx.target.layout import TARGET

    root, env = project_folder(options.project), options.environment
    variables = _variables(options.variables)
    compilation = compile_project(root, env, with_trace=options.with_trace)
    select = select_datasets(compilation, options.selection)  # before target/ changes, which it may be compared with
    _write_notebooks(compilation, root, output or root)
    if compilation.project is None or not compilation.succeeded:
        return None
    artifacts = [artifact.path for artifact in compilation.artifacts if artifact.path.endswith(".py")]
    paths = tuple((output or root) / TARGET / path for path in artifacts)
    configuration = run_configuration(compilation, env, variables, select)
    environment = compilation.project.settings.environments.get(env) or Environment()
    stand_ins = _stand_ins(options, environment, root)
    secrets = unused_secrets(compilation.plan, stand_ins, configuration) if compilation.plan else {}
    checks = compilation.plan.check_names if compilation.plan else frozenset()
    trace_back = partial(trace_to_model, compilation=compilation, target=(output or root) / TARGET)
    return RunSources(paths, {**secrets, **configuration}, root.resolve(), select, checks, trace_back, stand_ins)


def _write_notebooks(compilation: Compilation, root: Path, output: Path) -> None:
    """Write the compiled files, if there is no error, and show all diagnostics.

    Raises:
        CannotRunError: If there is no project, or its target folder cannot be written.
    """
    from cbx.cli.display.diagnostics import show_diagnostics
    from cbx.cli.places import print_waiting
    from cbx.project.find_project import find_project
    from cbx.runtime import CannotRunError
    from cbx.target.atomic_change import lock_target
    from cbx.target.write import write_target

    problems: tuple[Diagnostic, ...] = ()
    if compilation.succeeded:
        with lock_target(output, print_waiting):
            _, problems = write_target(output, compilation.artifacts)
    diagnostics = (*compilation.diagnostics, *problems)
    show_diagnostics(diagnostics, compilation.sources, compilation.model_count, "text")
    if problems or (compilation.project is None and find_project(root) is None):
        raise CannotRunError("the project cannot be compiled", hint="fix the errors above, or name notebooks to run")
