"""One update on Sail: planned first, so that Spark runs it if Sail cannot."""

from __future__ import annotations

import contextlib
import os
import traceback
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NoReturn

import pyarrow as pa  # type: ignore[import-untyped]
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from cbx.diagnostics.codes import QUERY_FAILED
from cbx.runtime.auto_cdc import CdcSpecError
from cbx.runtime.errors import RunError
from cbx.runtime.log.events import Event, NoteAdded
from cbx.runtime.sail.engine import SailEngine
from cbx.runtime.sail.functions.rewritten_queries import rewrite_queries_for_sail
from cbx.runtime.sail.outside_files import SailOutside
from cbx.runtime.sail.planner import SailPlanner
from cbx.runtime.sail.refusals import NotOnSailError, refusal_in
from cbx.runtime.sail.session import RunningSail, start_sail, stop_sail
from cbx.runtime.sail.session_settings import (
    notice_session_changes,
    unsupported_query_setting,
    unsupported_setting,
)
from cbx.runtime.spark.configuration import settings
from cbx.runtime.spark.intercepted_writes import intercept_writes
from cbx.runtime.update.started_engine import EngineUnableError, StartedEngine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from cbx.diagnostics.diagnostic import Diagnostic
    from cbx.runtime.names import DatasetName
    from cbx.runtime.outside.outside_reads import OutsideReads
    from cbx.runtime.outside.stand_ins import TableStandIns
    from cbx.runtime.results import RunRequest


@dataclass(slots=True)
class SailUpdate:
    """An update on Sail.

    Attributes:
        sail: The server and its session.
        planner: Plans the update.
        outside: Makes the reads of what is outside the pipeline, for an engine.
        log: Receives events.
        is_refused: Whether Sail cannot run it.
        changes: What notebooks change in the session that Sail does not follow, each as the end of a sentence.
        failures: Why queries failed when they were planned, if Spark may run them, or says it better.
    """

    sail: RunningSail
    planner: SailPlanner
    outside: Callable[[SailEngine], OutsideReads]
    log: Callable[[Event], None]
    is_refused: bool = False
    changes: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @classmethod
    @contextlib.contextmanager
    def start(
        cls,
        request: RunRequest,
        tables: TableStandIns,
        streams: Mapping[str, Path],
        log: Callable[[Event], None],
    ) -> Iterator[SailUpdate | None]:
        """Start Sail, and set it up for an update while the context lasts; None if it cannot run the update."""
        reason = _refuse(request)
        if reason is not None:
            log(NoteAdded(f"Running on Spark: {reason}."))
            yield None
            return
        sail = _sail()
        outside = partial(_outside, request, tables, streams)
        planner = SailPlanner(sail.spark, most_files=request.most_files, bucket_size=request.bucket_size)
        update = cls(sail, planner, outside, log)
        with contextlib.ExitStack() as stack:
            stack.enter_context(_in_folder(request.working_folder))
            stack.enter_context(settings(sail.spark, request.configuration))
            stack.enter_context(rewrite_queries_for_sail(sail.spark))
            yield update
        if update.is_refused:
            _stop()

    def planning(self) -> StartedEngine:
        """The engine that plans."""
        planner = self.planner
        return StartedEngine(
            planner,
            self.outside(planner),
            self._intercept(planner, self.changes.append),
            planner.plan_table,
            planner.plan_sink,
            is_parallel=False,
            is_unable=self._note_failure,
        )

    def running(self) -> StartedEngine:
        """The engine that runs what was planned."""
        planner = self.planner
        engine = SailEngine(
            self.sail.spark,
            planner.landed,
            planner.found,
            most_files=planner.most_files,
            bucket_size=planner.bucket_size,
        )
        intercept = self._intercept(engine, _refuse_change)
        return StartedEngine(engine, self.outside(engine), intercept, is_parallel=False, is_unable=_is_unable)

    @staticmethod
    def silence(event: Event) -> None:
        """Ignore an event of planning."""

    def accepts(self, diagnostics: Sequence[Diagnostic]) -> bool:
        """Whether Sail runs what was planned; otherwise the reason is logged, and Sail is stopped.

        Args:
            diagnostics: What is wrong with the definitions.
        """
        reason = self._reason(diagnostics)
        if reason is None:
            return True
        self.log(NoteAdded(f"Running on Spark: {reason}."))
        self.is_refused = True
        return False

    def give_up(self, error: EngineUnableError) -> None:
        """Log that Sail cannot run the query of a dataset, and stop it."""
        self.log(NoteAdded(f"Running on Spark: Sail cannot run `{error.dataset}`: {first_line(error.reason)}"))
        self.is_refused = True

    def _reason(self, diagnostics: Sequence[Diagnostic]) -> str | None:
        if self.planner.refusals:
            name, reason = self.planner.refusals[0]
            return f"`{name}` {reason}"
        if self.changes:
            return f"a notebook {self.changes[0]}"
        if self.failures:
            return self.failures[0]
        unclear = (problem.message for problem in diagnostics if problem.code == QUERY_FAILED)
        return next((message for message in unclear if not message.startswith(_OF_PYTHON)), None)

    def _note_failure(self, error: Exception) -> bool:
        """Keep why a query cannot be planned, unless every engine would say the same; planning goes on.

        Code that reads rows may do something else in the update: in planning there are none.
        """
        if self.planner.views.has_read_rows or not _is_of_any_engine(error):
            self.failures.append(first_line(error))
        return False

    def _intercept(
        self, engine: SailEngine, report: Callable[[str], None]
    ) -> Callable[[Callable[[DatasetName], bool]], AbstractContextManager[None]]:
        @contextlib.contextmanager
        def intercept(_: Callable[[DatasetName], bool]) -> Iterator[None]:
            writes = intercept_writes(engine.spark, _RefusedWrites())
            with engine.views.notice(), writes, notice_session_changes(report):
                yield

        return intercept


def _refuse(request: RunRequest) -> str | None:
    """Why Sail does not even start; None if it does."""
    if _fell_back:
        return "an earlier update in this process did"
    if SparkSession._instantiatedSession is not None:  # noqa: SLF001 - it has no public name
        return "Spark is running in this process"
    setting = unsupported_setting(request.configuration) or unsupported_query_setting(request.spark_settings)
    return None if setting is None else f"`{setting}` is set"


def _is_of_any_engine(error: Exception) -> bool:
    """Whether every engine raises this error: cbx itself does, or Python where no library was called."""
    if isinstance(error, (RunError, CdcSpecError)):
        return True
    module = type(error).__module__.partition(".")[0]
    return module not in _LIBRARIES and not isinstance(error, (AttributeError, TypeError)) and _is_raised_outside(error)


def _is_raised_outside(error: Exception) -> bool:
    """Whether the line that raised an error is not in a library."""
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and "site-packages" not in frames[-1].filename


_OF_PYTHON: Final = ("NameError: ", "ModuleNotFoundError: ")
_LIBRARIES: Final = frozenset({"pyspark", "pyarrow", "grpc", "pysail"})


def _refuse_change(change: str) -> NoReturn:
    raise NotOnSailError(change)


def _is_unable(error: Exception) -> bool:
    """Whether an error may be one of Sail, and not of the data or the code of users."""
    return isinstance(error, (PySparkException, pa.ArrowException, NotOnSailError))


def first_line(error: Exception) -> str:
    """The first line of an error's message; the last one of an error in Python, which comes after its traceback."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if "Traceback (most recent call last):" in lines:
        return refusal_in(error) or lines[-1]
    return next(iter(lines), type(error).__name__)


_running: list[RunningSail] = []
_fell_back: list[bool] = []


def _sail() -> RunningSail:
    if not _running:
        _running.append(start_sail())
    return _running[0]


def _stop() -> None:
    stop_sail(_running.pop())
    _fell_back.append(True)


@contextlib.contextmanager
def _in_folder(folder: Path) -> Iterator[None]:
    before = os.getcwd()  # noqa: PTH109 - as `chdir` takes it
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


class _RefusedWrites:
    """Refuses what notebooks write."""

    def write_path(self, *arguments: Any, **named: Any) -> NoReturn:  # noqa: ARG002
        raise NotOnSailError("writes a Delta table")

    def write_table(self, *arguments: Any, **named: Any) -> NoReturn:  # noqa: ARG002
        raise NotOnSailError("writes a table of a catalog")


def _outside(
    request: RunRequest, tables: TableStandIns, streams: Mapping[str, Path], engine: SailEngine
) -> OutsideReads:
    return SailOutside.of(engine, tables, streams, request.state)
