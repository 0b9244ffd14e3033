"""One update of a pipeline: load what the notebooks define, then make every dataset when it is first read.

Making a dataset when somebody reads it gives the order, finds cycles and needs no knowledge of what a query
reads before it is called.
"""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cbx.runtime import api, notebook
from cbx.runtime.definitions import Registry
from cbx.runtime.events import Event, EventLog, Noted, UpdateProgress
from cbx.runtime.lock import exclusive
from cbx.runtime.making import Making
from cbx.runtime.modules import importable_as_dlt
from cbx.runtime.problems import Problem
from cbx.runtime.readers import caught
from cbx.runtime.results import RunRequest, UpdateResult
from cbx.runtime.scope import notebook_scope
from cbx.runtime.session import session, settings, working_folder

if TYPE_CHECKING:
    from collections.abc import Callable

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
    started = time.monotonic()
    files = notebook.source_files(request.paths)
    with ExitStack() as stack:
        if request.dry_run:
            request = replace(request, state=Path(stack.enter_context(tempfile.TemporaryDirectory())))
        state = request.state.resolve()
        stack.enter_context(exclusive(state))
        log = EventLog(state, listen)
        log(UpdateProgress("INITIALIZING", "Update is INITIALIZING."))
        spark = session(state, request.master)
        stack.enter_context(working_folder(spark, request.working_folder))
        stack.enter_context(settings(spark, request.configuration))
        user_code_ran = stack.enter_context(notebook.importable([file.parent for file in files]))
        result = _update(request, spark, files, log, started, user_code_ran)
        names = [item.name for item in result.datasets if item.status == "failed"]
        if result.is_success:
            log(UpdateProgress("COMPLETED", "Update is COMPLETED."))
        else:
            log(UpdateProgress("FAILED", f"Update is FAILED. {', '.join(names)}".strip(), result.problems))
        return result


def _update(
    request: RunRequest,
    spark: SparkSession,
    files: tuple[Path, ...],
    log: EventLog,
    started: float,
    user_code_ran: Callable[[], None],
) -> UpdateResult:
    registry = Registry()
    making = Making(request, spark, registry, tuple(file.parent for file in files), log, user_code_ran)
    with importable_as_dlt(api.functions(registry, making)), caught(making):
        problems = _load(files, spark, registry)
        user_code_ran()
        for text, place in registry.notes:
            log(Noted(text, str(place) if place else None))
        if not problems:
            problems = making.check()
        if not problems:
            log(UpdateProgress("RUNNING", "Update is RUNNING."))
            making.make_all()
    results = (*making.view_graph(), *making.results()) if request.dry_run else making.results()
    return UpdateResult(results, tuple(problems), time.monotonic() - started, making.landings())


def _load(files: tuple[Path, ...], spark: SparkSession, registry: Registry) -> list[Problem]:
    """Run every file, so that all of their problems are reported at once."""
    problems = []
    for file in files:
        problem = notebook.load(file, notebook_scope(spark, registry), registry.note)
        if problem is not None:
            problems.append(problem)
    if not problems and not registry.datasets:
        problems.append(Problem("the files define no dataset", hint="define one with @dlt.table"))
    return problems
