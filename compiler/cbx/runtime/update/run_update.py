"""One update of a pipeline: load what the notebooks define, then make every dataset when it is first read.

Making a dataset when somebody reads it gives the order, finds cycles and needs no knowledge of what a query
reads before it is called.
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

from cbx.runtime.api import dlt_module as api
from cbx.runtime.api.importable import importable_as_dlt
from cbx.runtime.definitions import Registry
from cbx.runtime.log.events import Event, EventLog, FlowFinished, Noted, UpdateProgress
from cbx.runtime.notebooks import notebook
from cbx.runtime.notebooks import sql_statements as sql_source
from cbx.runtime.notebooks.local_modules import importable
from cbx.runtime.notebooks.notebook_globals import notebook_scope
from cbx.runtime.problems import CannotRunError, Problem
from cbx.runtime.results import DatasetResult, RunRequest, UpdateResult
from cbx.runtime.spark.intercepted_reads import caught
from cbx.runtime.spark.session import configured, session, settings, working_folder
from cbx.runtime.tables.state_lock import exclusive
from cbx.runtime.tables.store import recover
from cbx.runtime.update import up_to_date as nothing_new
from cbx.runtime.update.materializer import Making

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pyspark.sql import SparkSession


def run_update(request: RunRequest, listen: Callable[[Event], None]) -> UpdateResult:
    """Run one update.

    Args:
        request: What to run, on what, and where to keep it.
        listen: Takes the events of the update as they happen.

    Returns:
        What the update did. What is wrong in the user's files or data is part of it.

    Raises:
        CannotRunError: If nothing could start.
    """
    files = notebook.source_files(request.paths)
    try:
        return _run(request, files, listen)
    except OSError as error:
        if error.errno not in _UNWRITABLE:
            raise
        raise CannotRunError(
            f"the state folder {request.state} cannot be written: {error.strerror}",
            hint="make room, or name another folder with --state; tables that were not finished are as they were",
        ) from error


_UNWRITABLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO})


def _run(request: RunRequest, files: tuple[Path, ...], listen: Callable[[Event], None]) -> UpdateResult:
    started = time.monotonic()
    with ExitStack() as stack:
        state = Path(stack.enter_context(TemporaryDirectory())) if request.dry_run else request.state.resolve()
        request = replace(request, state=state)
        stack.enter_context(exclusive(state))
        log = EventLog(state, listen)
        log(UpdateProgress("INITIALIZING", "Update is INITIALIZING."))
        known = nothing_new.recalled(request, files)
        datasets, problems, landings = _unchanged(known, log) if known is not None else _made(request, files, log)
        result = UpdateResult(datasets, problems, time.monotonic() - started, landings)
        if result.is_success:
            log(UpdateProgress("COMPLETED", "Update is COMPLETED."))
        else:
            names = ", ".join(one.name for one in datasets if one.status == "failed")
            log(UpdateProgress("FAILED", f"Update is FAILED. {names}".strip(), problems))
        return result


_Outcome = tuple[tuple[DatasetResult, ...], tuple[Problem, ...], "Mapping[str, str]"]


def _unchanged(known: nothing_new.Unchanged, log: EventLog) -> _Outcome:
    """What an update does that has nothing to do."""
    for result in known.datasets:
        log(FlowFinished(result))
    return known.datasets, (), known.landings


def _made(request: RunRequest, files: tuple[Path, ...], log: EventLog) -> _Outcome:
    """Load the definitions and make what they define."""
    registry = Registry()
    roots = tuple(dict.fromkeys(file.parent for file in files))
    nothing_new.forget(request.state)
    recover(request.state)
    with ExitStack() as stack:
        spark = session(request.state, request.master)
        stack.enter_context(working_folder(spark, request.working_folder))
        stack.enter_context(settings(spark, request.configuration))
        modules = stack.enter_context(importable(roots))
        making = Making(request, spark, registry, roots, log, modules.send_by_value)
        stack.enter_context(importable_as_dlt(api.functions(registry, making)))
        stack.enter_context(caught(making))
        problems = _load(files, spark, registry)
        modules.send_by_value()
        for text, place in registry.notes:
            log(Noted(text, str(place) if place else None))
        problems = [request.trace_back(one) for one in problems or registry.problems(request.select or ())]
        if not problems:
            log(UpdateProgress("RUNNING", "Update is RUNNING."))
            making.make_all()
        sources = (*files, *modules.files())
    if making.is_certain() and not problems and nothing_new.is_self_contained(sources):
        nothing_new.remember(request, sources, making.landings, making.results())
    results = (*making.view_graph(), *making.results()) if request.dry_run else making.results()
    return results, tuple(problems), dict(making.landings)


def _load(files: tuple[Path, ...], spark: SparkSession, registry: Registry) -> list[Problem]:
    """Run every file, so that all of their problems are reported at once."""
    problems: list[Problem] = []
    lookup = partial(configured, spark)
    define_sql = partial(sql_source.define, spark=spark, registry=registry, lookup=lookup)
    for file in files:
        problems += notebook.load(file, notebook_scope(spark, registry), registry.note, define_sql)
    if not problems and not registry.datasets:
        problems.append(Problem("the files define no dataset", hint="define one with @dlt.table"))
    return problems
