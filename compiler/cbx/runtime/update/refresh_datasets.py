"""Loads the definitions of the notebooks, then refreshes every dataset before it is first read.

So the order follows from what queries read, and cycles are found.
"""

from __future__ import annotations

import shutil
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from pyspark.util import is_remote_only

from cbx.diagnostics.codes import INVALID_DEFINITION
from cbx.diagnostics.diagnostic import Diagnostic
from cbx.runtime.api import dlt_module as api
from cbx.runtime.api.dlt_imports import install_dlt_modules
from cbx.runtime.auto_loader.reading_plan import is_about_changed_file
from cbx.runtime.definitions import Registry
from cbx.runtime.errors import CannotRunError
from cbx.runtime.log.events import Event, EventLog, LoggedEvent, NoteAdded, TasksKnown, UpdateProgress
from cbx.runtime.notebooks import notebook
from cbx.runtime.notebooks import sql_statements as sql_source
from cbx.runtime.notebooks.dbutils import install_dbutils_module
from cbx.runtime.notebooks.local_modules import add_import_folders
from cbx.runtime.notebooks.notebook_globals import notebook_scope
from cbx.runtime.notebooks.source_files import with_run_notebooks
from cbx.runtime.outside.message_reads import MESSAGES
from cbx.runtime.outside.stand_ins import StandIns, TableStandIns
from cbx.runtime.results import DatasetResult, RunRequest
from cbx.runtime.spark.configuration import configuration_value
from cbx.runtime.spark.intercepted_reads import intercept_reads
from cbx.runtime.sql.current_schema import CurrentSchema
from cbx.runtime.tables.store import recover
from cbx.runtime.update import up_to_date as nothing_new
from cbx.runtime.update.file_reads import MODULE_STREAMS
from cbx.runtime.update.materializer import Materializer
from cbx.runtime.update.moved_state import follow_move
from cbx.runtime.update.started_engine import EngineUnableError, StartedEngine

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pyspark.sql import SparkSession

Outcome = tuple[tuple[DatasetResult, ...], tuple[Diagnostic, ...], "Mapping[str, str]"]
"""The results of the datasets, what is wrong with the definitions, and the landing folders with their signatures."""


def refresh_datasets(request: RunRequest, files: tuple[Path, ...], stand_ins: StandIns, log: EventLog) -> Outcome:
    """Load the definitions and refresh the datasets.

    Args:
        request: The update.
        files: The notebooks and plain files.
        stand_ins: What stands in for tables and streams.
        log: Receives the events.
    """
    all_files = with_run_notebooks(files)
    folders = (path.resolve() for path in request.paths if path.is_dir())
    roots = tuple(dict.fromkeys((*(file.parent for file in all_files), *folders)))
    sources, events = _Sources(files, all_files, roots), _LoggedEvents(log)
    before = nothing_new.SourceFiles.read_before(all_files)
    nothing_new.forget(request.state)
    move = None if request.dry_run else follow_move(request.state, request.working_folder)
    if move is not None:
        log(NoteAdded(move))
    recover(request.state)
    if request.full_refresh and request.select is None:
        for name in (MODULE_STREAMS, MESSAGES):
            shutil.rmtree(request.state / name, ignore_errors=True)
    update = _on_sail(request, sources, stand_ins, events) if request.engine == "sail" else None
    if update is None or update.unable is not None:
        with _start_spark(request, stand_ins) as started:
            update = _update(started, request, sources, stand_ins, events, earlier=update)
    materializer, diagnostics = update.materializer, update.diagnostics
    if materializer.is_certain() and not diagnostics and nothing_new.is_self_contained(update.files):
        read = before.with_modules(update.files)
        if read is not None and events.are_lasting:
            nothing_new.remember(request, read, materializer.landings(), materializer.results(), events.events)
    results = (*materializer.view_graph(), *materializer.results()) if request.dry_run else materializer.results()
    return results, tuple(diagnostics), materializer.landings()


def _start_spark(request: RunRequest, stand_ins: StandIns) -> AbstractContextManager[StartedEngine]:
    """Spark, set up for an update.

    Raises:
        CannotRunError: If only the client of Sail is installed.
    """
    if is_remote_only():
        on_sail = "" if request.engine == "sail" else "; or run on Sail: --engine sail"
        hint = f"pip install 'circuit-box[local]', which includes Spark and Java{on_sail}"
        raise CannotRunError("Spark is not installed", hint=hint)
    from cbx.runtime.update.spark_update import start_spark

    return start_spark(request, stand_ins.tables, stand_ins.streams)


class _LoggedEvents:
    """Logs the events of an update, and keeps those that another update with nothing new would log, too.

    Attributes:
        log: The log.
        events: The events, except those of engines: an update with nothing new starts none.
        are_lasting: Whether another update would log the same.
    """

    def __init__(self, log: EventLog) -> None:
        self.log = log
        self.events: list[LoggedEvent] = []
        self.are_lasting = True

    def __call__(self, event: Event) -> None:
        """Log an event."""
        self.log(event)
        if not isinstance(event, TasksKnown):
            self.events.append(event)
        if isinstance(event, NoteAdded) and is_about_changed_file(event.text):
            self.are_lasting = False

    def forget(self) -> None:
        """An engine has given up: another update would begin with the next engine."""
        self.are_lasting = False


class _Sources(NamedTuple):
    """The files of a pipeline.

    Attributes:
        files: The notebooks and plain files.
        all_files: The same, with the notebooks that they run.
        roots: The folders from which they import.
    """

    files: tuple[Path, ...]
    all_files: tuple[Path, ...]
    roots: tuple[Path, ...]


class _Update(NamedTuple):
    """An update that has ended.

    Attributes:
        materializer: What it did.
        diagnostics: What is wrong with the definitions; then it did nothing.
        files: The source files, with the modules that they imported.
        unable: Why the engine could not run all queries, if it could not.
    """

    materializer: Materializer
    diagnostics: list[Diagnostic]
    files: tuple[Path, ...]
    unable: EngineUnableError | None = None


def _on_sail(request: RunRequest, sources: _Sources, stand_ins: StandIns, events: _LoggedEvents) -> _Update | None:
    """An update on Sail; None if Sail cannot run the pipeline. That, and a query that it cannot run, is logged."""
    if request.dry_run:
        return None
    try:
        from cbx.runtime.update.sail_update import SailUpdate
    except ImportError as error:
        events.log(NoteAdded(f"Running on Spark: Sail is not installed ({error}); pip install 'circuit-box[trace]'"))
        return None
    with SailUpdate.start(request, stand_ins.tables, stand_ins.streams, events.log) as sail:
        if sail is None:
            return None
        plan = _update(sail.planning(), request, sources, stand_ins, sail.silence)
        if not sail.accepts(plan.diagnostics):
            return None
        update = _update(sail.running(), request, sources, stand_ins, events, plan.materializer.landings())
        if update.unable is not None:
            sail.give_up(update.unable)
            events.forget()
        return update


def _update(
    started: StartedEngine,
    request: RunRequest,
    sources: _Sources,
    stand_ins: StandIns,
    log: Callable[[Event], None],
    landings: Mapping[str, str] = MappingProxyType({}),
    earlier: _Update | None = None,
) -> _Update:
    """Load the definitions and refresh the datasets with an engine.

    Args:
        started: The engine.
        request: The update.
        sources: The files of the pipeline.
        stand_ins: What stands in for tables and streams.
        log: Receives the events.
        landings: The landing folders that were read before, with their signatures then.
        earlier: The update by an engine that gave up; its datasets are not refreshed again.
    """
    registry, spark = Registry(), started.engine.spark
    with ExitStack() as stack:
        modules = stack.enter_context(add_import_folders(sources.roots))
        materializer = Materializer(request, started, registry, sources.roots, log, modules.send_by_value, landings)
        stack.enter_context(install_dlt_modules(api.api_functions(registry, materializer)))
        stack.enter_context(intercept_reads(spark, materializer))
        stack.enter_context(started.intercept_writes(lambda name: name.key in registry.datasets))
        stack.enter_context(install_dbutils_module(partial(configuration_value, spark)))
        diagnostics = _load(sources.files, spark, registry)
        modules.send_by_value()
        for text, span in registry.notes:
            log(NoteAdded(text, str(span) if span else None))
        unable = None
        diagnostics = [
            request.trace_back(diagnostic, None)
            for diagnostic in diagnostics or _find_mistakes(registry, request, stand_ins.tables)
        ]
        if not diagnostics:
            log(TasksKnown(started.count_tasks))
            if earlier is None:
                log(UpdateProgress("RUNNING", "Update is RUNNING.", datasets=materializer.count_selected()))
            else:
                materializer.continue_from(earlier.materializer)
            unable = _refresh_all(materializer)
        return _Update(materializer, diagnostics, (*sources.all_files, *modules.files()), unable)


def _refresh_all(materializer: Materializer) -> EngineUnableError | None:
    """Refresh all datasets; the error if the engine cannot run a query."""
    try:
        materializer.refresh_all()
    except EngineUnableError as error:
        return error
    return None


def _find_mistakes(registry: Registry, request: RunRequest, tables: TableStandIns) -> list[Diagnostic]:
    """What is wrong with the definitions as a whole, also files that stand in for a dataset of the pipeline."""
    datasets = [dataset for dataset in registry.datasets.values() if tables.has(dataset.name)]
    return registry.diagnostics(request.select or ()) + [
        Diagnostic(
            INVALID_DEFINITION,
            f"a file stands in for `{dataset.name.written}`, which the pipeline defines",
            dataset.span,
            hint="remove the table from --table or project.toml, or the definition from the pipeline",
        )
        for dataset in datasets
    ]


def _load(files: tuple[Path, ...], spark: SparkSession, registry: Registry) -> list[Diagnostic]:
    """Run every file, and return the diagnostics of all of them."""
    diagnostics: list[Diagnostic] = []
    lookup = partial(configuration_value, spark)
    for file in files:
        define_sql = partial(
            sql_source.define_statements, spark=spark, registry=registry, lookup=lookup, current=CurrentSchema()
        )
        diagnostics += notebook.run_file(file, notebook_scope(spark, registry), registry, define_sql)
    if not diagnostics and not registry.datasets and not registry.sinks:
        diagnostics.append(
            Diagnostic(INVALID_DEFINITION, "the files define no dataset", hint="define one with @dlt.table")
        )
    return diagnostics
