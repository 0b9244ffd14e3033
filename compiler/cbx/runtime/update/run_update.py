"""One update of a pipeline: nothing if nothing has changed; otherwise an engine refreshes the datasets."""

from __future__ import annotations

import errno
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from cbx.runtime.errors import CannotRunError
from cbx.runtime.log.events import Event, EventLog, UpdateProgress
from cbx.runtime.notebooks.source_files import source_files
from cbx.runtime.outside.stand_ins import StandIns, read_stand_ins
from cbx.runtime.results import RunRequest, RunResult
from cbx.runtime.tables.state_lock import lock_state
from cbx.runtime.update.up_to_date import UnchangedUpdate, recall_by_origin, recall_unchanged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cbx.runtime.update.refresh_datasets import Outcome

    RefreshDatasets = Callable[[RunRequest, tuple[Path, ...], StandIns, EventLog], Outcome]


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
    files = source_files(request.paths)
    stand_ins = read_stand_ins(request.stand_ins, request.working_folder)
    with _explain_write_errors(request.state):
        return _run(request, files, stand_ins, listen)


@dataclass(frozen=True, slots=True)
class RecalledUpdate:
    """An update that has nothing to do, and can be reported.

    Attributes:
        state: The state folder, which is locked.
        update: The update.
        started: When it started.
    """

    state: Path
    update: UnchangedUpdate
    started: float

    def report(self, listen: Callable[[Event], None]) -> RunResult:
        """Log the update as one that has nothing to do.

        Raises:
            CannotRunError: If the log cannot be written.
        """
        with _explain_write_errors(self.state):
            return _report(self.update, _start_log(self.state, listen), self.started)


@contextmanager
def recall_update(state: Path, origin: str) -> Iterator[RecalledUpdate | None]:
    """The update whose request has this origin, if it has nothing to do; None if it has to be run.

    Args:
        state: The state folder.
        origin: As in ``RunRequest``.

    Raises:
        CannotRunError: If another update is running.
    """
    started, state = time.monotonic(), state.resolve()
    with lock_state(state):
        update = recall_by_origin(state, origin)
        yield None if update is None else RecalledUpdate(state, update, started)


@contextmanager
def _explain_write_errors(state: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in _UNWRITABLE:
            raise
        raise CannotRunError(
            f"the state folder {state} cannot be written: {error.strerror}",
            hint="free disk space, or use another folder with --state; tables that were not finished are unchanged",
        ) from error


_UNWRITABLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO})


def _run(
    request: RunRequest, files: tuple[Path, ...], stand_ins: StandIns, listen: Callable[[Event], None]
) -> RunResult:
    started = time.monotonic()
    with ExitStack() as stack:
        state = Path(stack.enter_context(TemporaryDirectory())) if request.dry_run else request.state.resolve()
        request = replace(request, state=state)
        stack.enter_context(lock_state(state))
        unchanged = recall_unchanged(request, files)
        if unchanged is not None:
            return _report(unchanged, _start_log(state, listen), started)
        if request.engine == "spark":
            _start_java(request)
        refresh_datasets = _load_engines()
        log = _start_log(state, listen)
        datasets, diagnostics, landings = refresh_datasets(request, files, stand_ins, log)
        result = RunResult(datasets, diagnostics, time.monotonic() - started, landings)
        if result.is_success:
            log(UpdateProgress("COMPLETED", _COMPLETED))
        else:
            names = ", ".join(dataset.name for dataset in datasets if dataset.status == "failed")
            log(UpdateProgress("FAILED", f"Update is FAILED. {names}".strip(), diagnostics))
        return result


_COMPLETED = "Update is COMPLETED."


def _start_log(state: Path, listen: Callable[[Event], None]) -> EventLog:
    log = EventLog(state, listen)
    log(UpdateProgress("INITIALIZING", "Update is INITIALIZING."))
    return log


def _report(update: UnchangedUpdate, log: EventLog, started: float) -> RunResult:
    """Log the events of an update that has nothing to do."""
    for event in update.events:
        log(event)
    log(UpdateProgress("COMPLETED", _COMPLETED))
    return RunResult(update.datasets, (), time.monotonic() - started, update.landings)


def _start_java(request: RunRequest) -> None:
    """Start Java for Spark, which takes as long as to load the libraries."""
    from cbx.runtime.spark.launch.java_process import start_java

    start_java(request.state, request.master, request.spark_settings)


def _load_engines() -> RefreshDatasets:
    """The function that refreshes datasets, whose libraries are needed only if there is something to do.

    Raises:
        CannotRunError: If they are not installed.
    """
    try:
        from cbx.runtime.update.refresh_datasets import refresh_datasets
    except ModuleNotFoundError as error:
        if error.name != "pyspark":
            raise
        raise CannotRunError("`cbx run` needs pyspark", hint="pip install 'circuit-box[sail]'") from None
    return refresh_datasets
