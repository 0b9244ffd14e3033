"""``cbx run``: refreshes the tables on this machine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from cbx.cli.local_run.run_options import RunOptions
from cbx.cli.options import ConfOption, Engines, ExcludeOption, NoTraceOption, ProjectOption, StateManifestOption
from cbx.cli.selection import SelectionOptions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from cbx.cli.local_run.run_sources import RunSources
    from cbx.runtime import RunResult
    from cbx.runtime.results import EngineName


def run(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATH", help="Notebooks, files or folders to run instead of the project's models."),
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
    full_refresh: Annotated[
        bool, typer.Option("--full-refresh", help="Drop all state and rebuild every table.")
    ] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Run again when models or landing files change.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check the definitions and print the graph; change nothing.")
    ] = False,
    engine: Annotated[
        Engines | None,
        typer.Option(help="Sail starts in a second without Java; Spark runs what it cannot."),
    ] = None,
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
    env: Annotated[str, typer.Option(metavar="NAME", help="The environment whose variables are used.")] = "local",
    state: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="The folder of tables and checkpoints; default: .cbx in the project."),
    ] = None,
    project: ProjectOption = None,
    state_manifest: StateManifestOption = None,
    conf: ConfOption = None,
    master: Annotated[
        str | None, typer.Option(metavar="URL", help="The Spark master; default: all cores of this machine.")
    ] = None,
    no_trace: NoTraceOption = False,
) -> None:
    """Refresh the tables on this machine, reading only new data. Compiles the project first."""
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
        tuple(conf or ()),
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
    from cbx.cli.local_run.run_sources import ErrorsShownError, compile_sources, named_sources
    from cbx.cli.local_run.stored_sources import store_sources
    from cbx.cli.local_run.unchanged_run import UnchangedProject, run_unchanged_project
    from cbx.runtime import CannotRunError

    try:
        unchanged = UnchangedProject() if paths else run_unchanged_project(options, console)
        if unchanged.result is not None:
            return 0, unchanged.result.landings
        with TemporaryDirectory() as scratch:
            output = Path(scratch) if options.dry_run else None
            sources = unchanged.sources
            if sources is None:
                sources = named_sources(paths, options) if paths else compile_sources(options, output)
            if sources is None:
                return 1, {}
            if sources.select is not None and not sources.select:
                console.print("Nothing is selected.")
                return 0, {}
            result = _update(sources, options, console)
            if not options.dry_run:
                store_sources(sources, options, options.state_folder(sources.folder))
    except ErrorsShownError:
        return 2, {}
    except CannotRunError as error:
        show_run_errors(console, [error.diagnostic])
        return 2, {}
    return int(not result.is_success), result.landings


def _update(sources: RunSources, options: RunOptions, console: Console) -> RunResult:
    from cbx.cli.display.run import show_graph, show_result
    from cbx.cli.display.run_progress import RunDisplay
    from cbx.runtime import RunRequest, run_update
    from cbx.runtime.results import StandInPaths, keep_span

    state = options.state_folder(sources.folder)
    request = RunRequest(
        paths=sources.paths,
        state=state,
        configuration=sources.configuration,
        working_folder=sources.folder,
        select=sources.select,
        full_refresh=options.full_refresh,
        master=options.master,
        spark_settings=sources.spark_settings,
        dry_run=options.dry_run,
        engine=_engine(sources, options),
        stand_ins=sources.stand_ins or StandInPaths(),
        trace_back=sources.trace_back or keep_span,
        checks=sources.checks,
        origin=sources.origin,
    )
    with RunDisplay(console, is_dry=options.dry_run) as display:
        result = run_update(request, display)
    if options.dry_run:
        show_graph(console, result, sources.folder)
    else:
        show_result(console, result, f"{state}/", sources.checks, sources.folder)
    return result


def _engine(sources: RunSources, options: RunOptions) -> EngineName:
    """The engine of the command line, or that of the project; a master and settings of Spark are for Spark."""
    from cbx.runtime import CannotRunError

    given = {"--master": options.master is not None, "--conf": bool(options.conf)}
    for option in (name for name, is_given in given.items() if is_given and options.engine == "sail"):
        raise CannotRunError(f"{option} is for Spark, and --engine is sail", hint="remove one of them")
    return options.engine or ("spark" if any(given.values()) else sources.engine)


def _base_folder(paths: Sequence[Path] | None, project: Path | None) -> Path:
    """The folder to which relative paths belong: the project, or the working folder if notebooks are named."""
    return Path.cwd() if paths else _project_folder(project)


def _project_folder(project: Path | None) -> Path:
    from cbx.cli.places import project_folder

    return project_folder(project)
