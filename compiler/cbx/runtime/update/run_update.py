"""One update of a pipeline: load the definitions of the notebooks, then refresh every dataset before it is first read.

So the order follows from what queries read, and cycles are found.
"""

from __future__ import annotations

import errno
import time
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from cbx.diagnostics.codes import INVALID_DEFINITION
from cbx.diagnostics.diagnostic import Diagnostic
from cbx.runtime.api import dlt_module as api
from cbx.runtime.api.dlt_imports import install_dlt_modules
from cbx.runtime.definitions import Registry
from cbx.runtime.errors import CannotRunError
from cbx.runtime.log.events import Event, EventLog, FlowFinished, NoteAdded, UpdateProgress
from cbx.runtime.notebooks import notebook
from cbx.runtime.notebooks import sql_statements as sql_source
from cbx.runtime.notebooks.local_modules import add_import_folders
from cbx.runtime.notebooks.notebook_globals import notebook_scope
from cbx.runtime.results import DatasetResult, RunRequest, RunResult
from cbx.runtime.spark.intercepted_reads import intercept_reads
from cbx.runtime.spark.session import configuration_value, in_working_folder, session, settings
from cbx.runtime.tables.state_lock import lock_state
from cbx.runtime.tables.store import recover
from cbx.runtime.update import up_to_date as nothing_new
from cbx.runtime.update.materializer import Materializer

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
    try:
        return _run(request, files, listen)
    except OSError as error:
        if error.errno not in _UNWRITABLE:
            raise
        raise CannotRunError(
            f"the state folder {request.state} cannot be written: {error.strerror}",
            hint="free disk space, or use another folder with --state; tables that were not finished are unchanged",
        ) from error


_UNWRITABLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO})


def _run(request: RunRequest, files: tuple[Path, ...], listen: Callable[[Event], None]) -> RunResult:
    started = time.monotonic()
    with ExitStack() as stack:
        state = Path(stack.enter_context(TemporaryDirectory())) if request.dry_run else request.state.resolve()
        request = replace(request, state=state)
        stack.enter_context(lock_state(state))
        log = EventLog(state, listen)
        log(UpdateProgress("INITIALIZING", "Update is INITIALIZING."))
        unchanged = nothing_new.recall_unchanged(request, files)
        datasets, diagnostics, landings = (
            _report_unchanged(unchanged, log) if unchanged is not None else _refresh(request, files, log)
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
        log(FlowFinished(result))
    return unchanged.datasets, (), unchanged.landings


def _refresh(request: RunRequest, files: tuple[Path, ...], log: EventLog) -> _Outcome:
    """Load the definitions and refresh the datasets."""
    registry = Registry()
    roots = tuple(dict.fromkeys(file.parent for file in files))
    nothing_new.forget(request.state)
    recover(request.state)
    with ExitStack() as stack:
        spark = session(request.state, request.master)
        stack.enter_context(in_working_folder(spark, request.working_folder))
        stack.enter_context(settings(spark, request.configuration))
        modules = stack.enter_context(add_import_folders(roots))
        materializer = Materializer(request, spark, registry, roots, log, modules.send_by_value)
        stack.enter_context(install_dlt_modules(api.api_functions(registry, materializer)))
        stack.enter_context(intercept_reads(spark, materializer))
        diagnostics = _load(files, spark, registry)
        modules.send_by_value()
        for text, span in registry.notes:
            log(NoteAdded(text, str(span) if span else None))
        diagnostics = [
            request.trace_back(diagnostic, None)
            for diagnostic in diagnostics or registry.diagnostics(request.select or ())
        ]
        if not diagnostics:
            log(UpdateProgress("RUNNING", "Update is RUNNING."))
            materializer.refresh_all()
        sources = (*files, *modules.files())
    if materializer.is_certain() and not diagnostics and nothing_new.is_self_contained(sources):
        nothing_new.remember(request, sources, materializer.landings, materializer.results())
    results = (*materializer.view_graph(), *materializer.results()) if request.dry_run else materializer.results()
    return results, tuple(diagnostics), dict(materializer.landings)


def _load(files: tuple[Path, ...], spark: SparkSession, registry: Registry) -> list[Diagnostic]:
    """Run every file, and return the diagnostics of all of them."""
    diagnostics: list[Diagnostic] = []
    lookup = partial(configuration_value, spark)
    define_sql = partial(sql_source.define_statements, spark=spark, registry=registry, lookup=lookup)
    for file in files:
        diagnostics += notebook.run_file(file, notebook_scope(spark, registry), registry, define_sql)
    if not diagnostics and not registry.datasets:
        diagnostics.append(
            Diagnostic(INVALID_DEFINITION, "the files define no dataset", hint="define one with @dlt.table")
        )
    return diagnostics
