"""One update of a pipeline: load the definitions of the notebooks, then refresh every dataset before it is first read.

So the order follows from what queries read, and cycles are found.
"""

from __future__ import annotations

import errno
import shutil
import time
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from cbx.diagnostics.codes import INVALID_DEFINITION
from cbx.diagnostics.diagnostic import Diagnostic
from cbx.runtime.api import dlt_module as api
from cbx.runtime.api.dlt_imports import install_dlt_modules
from cbx.runtime.definitions import Registry
from cbx.runtime.errors import CannotRunError
from cbx.runtime.log.events import (
    Event,
    EventLog,
    FlowFinished,
    FlowPlanned,
    NoteAdded,
    TasksKnown,
    UpdateProgress,
)
from cbx.runtime.notebooks import notebook
from cbx.runtime.notebooks import sql_statements as sql_source
from cbx.runtime.notebooks.dbutils import install_dbutils_module
from cbx.runtime.notebooks.local_modules import add_import_folders
from cbx.runtime.notebooks.notebook_globals import notebook_scope
from cbx.runtime.outside.message_reads import MESSAGES, read_stream_stand_ins
from cbx.runtime.outside.stand_ins import TableStandIns, read_table_stand_ins
from cbx.runtime.results import DatasetResult, RunRequest, RunResult
from cbx.runtime.spark.intercepted_reads import intercept_reads
from cbx.runtime.spark.session import configuration_value
from cbx.runtime.sql.current_schema import CurrentSchema
from cbx.runtime.tables.state_lock import lock_state
from cbx.runtime.tables.store import recover
from cbx.runtime.update import up_to_date as nothing_new
from cbx.runtime.update.file_reads import MODULE_STREAMS
from cbx.runtime.update.materializer import Materializer
from cbx.runtime.update.started_engine import EngineUnableError, StartedEngine, start_spark

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pyspark.sql import SparkSession


def run_update(request: RunRequest, listen: Callable[[Event], None]) -> RunResult:
    """Run one update.

    Args:
        request: The notebooks, the configuration and the state folder.
        listen: Receives the events of the update.

    Returns:
        The results of all datasets, with the diagnostics of the user's files and data.

    Raises:
        CannotRunError: If the update cannot start.
    """
    files = notebook.source_files(request.paths)
    tables = read_table_stand_ins(request.stand_ins.tables, request.working_folder)
    streams = read_stream_stand_ins(request.stand_ins.streams, request.working_folder)
    try:
        return _run(request, files, _StandIns(tables, streams), listen)
    except OSError as error:
        if error.errno not in _UNWRITABLE:
            raise
        raise CannotRunError(
            f"the state folder {request.state} cannot be written: {error.strerror}",
            hint="free disk space, or use another folder with --state; tables that were not finished are unchanged",
        ) from error


_UNWRITABLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO})


class _StandIns(NamedTuple):
    """What stands in for tables, and for topics and services by their names."""

    tables: TableStandIns
    streams: Mapping[str, Path]


def _run(
    request: RunRequest, files: tuple[Path, ...], stand_ins: _StandIns, listen: Callable[[Event], None]
) -> RunResult:
    started = time.monotonic()
    with ExitStack() as stack:
        state = Path(stack.enter_context(TemporaryDirectory())) if request.dry_run else request.state.resolve()
        request = replace(request, state=state)
        stack.enter_context(lock_state(state))
        log = EventLog(state, listen)
        log(UpdateProgress("INITIALIZING", "Update is INITIALIZING."))
        unchanged = nothing_new.recall_unchanged(request, files)
        datasets, diagnostics, landings = (
            _report_unchanged(unchanged, log) if unchanged is not None else _refresh(request, files, stand_ins, log)
        )
        result = RunResult(datasets, diagnostics, time.monotonic() - started, landings)
        if result.is_success:
            log(UpdateProgress("COMPLETED", "Update is COMPLETED."))
        else:
            names = ", ".join(dataset.name for dataset in datasets if dataset.status == "failed")
            log(UpdateProgress("FAILED", f"Update is FAILED. {names}".strip(), diagnostics))
        return result


_Outcome = tuple[tuple[DatasetResult, ...], tuple[Diagnostic, ...], "Mapping[str, str]"]


def _report_unchanged(unchanged: nothing_new.UnchangedUpdate, log: EventLog) -> _Outcome:
    """Log the results of an update that has nothing to do."""
    for result in unchanged.datasets:
        if result.refresh is not None:
            log(FlowPlanned(result.name, result.refresh))
        log(FlowFinished(result))
    return unchanged.datasets, (), unchanged.landings


def _refresh(request: RunRequest, files: tuple[Path, ...], stand_ins: _StandIns, log: EventLog) -> _Outcome:
    """Load the definitions and refresh the datasets."""
    all_files = notebook.with_run_notebooks(files)
    folders = (path.resolve() for path in request.paths if path.is_dir())
    roots = tuple(dict.fromkeys((*(file.parent for file in all_files), *folders)))
    sources = _Sources(files, all_files, roots)
    nothing_new.forget(request.state)
    recover(request.state)
    if request.full_refresh and request.select is None:
        for name in (MODULE_STREAMS, MESSAGES):
            shutil.rmtree(request.state / name, ignore_errors=True)
    update = _on_sail(request, sources, stand_ins, log) if request.engine == "sail" else None
    if update is None or update.unable is not None:
        with start_spark(request, stand_ins.tables, stand_ins.streams) as started:
            update = _update(started, request, sources, stand_ins, log, update)
    materializer, diagnostics = update.materializer, update.diagnostics
    if materializer.is_certain() and not diagnostics and nothing_new.is_self_contained(update.files):
        nothing_new.remember(request, update.files, materializer.landings(), materializer.results())
    results = (*materializer.view_graph(), *materializer.results()) if request.dry_run else materializer.results()
    return results, tuple(diagnostics), materializer.landings()


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


def _on_sail(request: RunRequest, sources: _Sources, stand_ins: _StandIns, log: EventLog) -> _Update | None:
    """An update on Sail; None if Sail cannot run the pipeline. That, and a query that it cannot run, is logged."""
    if request.dry_run:
        return None
    try:
        from cbx.runtime.update.sail_update import SailUpdate
    except ImportError as error:
        log(NoteAdded(f"Running on Spark: Sail is not installed ({error}); pip install 'circuit-box[trace]'"))
        return None
    with SailUpdate.start(request, stand_ins.tables, stand_ins.streams, log) as sail:
        if sail is None:
            return None
        plan = _update(sail.planning(), request, sources, stand_ins, sail.silence)
        if not sail.accepts(plan.materializer, plan.diagnostics):
            return None
        update = _update(sail.running(), request, sources, stand_ins, log)
        if update.unable is not None:
            sail.give_up(update.unable)
        return update


def _update(
    started: StartedEngine,
    request: RunRequest,
    sources: _Sources,
    stand_ins: _StandIns,
    log: Callable[[Event], None],
    earlier: _Update | None = None,
) -> _Update:
    """Load the definitions and refresh the datasets with an engine, except those that another one has refreshed."""
    registry, spark = Registry(), started.engine.spark
    with ExitStack() as stack:
        modules = stack.enter_context(add_import_folders(sources.roots))
        materializer = Materializer(request, started, registry, sources.roots, log, modules.send_by_value)
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
