"""Runs updates on Sail in a process of its own, which keeps its session: a process has one of the engines.

`run_on_sail` sends a request; the process answers with the events and the result. It never runs an update on Spark.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cbx.runtime import RunRequest, RunResult, run_update
from cbx.runtime.errors import CannotRunError
from cbx.runtime.log.events import Event, NoteAdded, TasksKnown

FALLBACK = "Running on Spark: "


class FellBackError(BaseException):
    """Sail does not run an update; no code of users catches this."""


@dataclass(frozen=True)
class Answer:
    """An update.

    Attributes:
        events: Its events.
        result: Its result; None if there is none.
        error: Why it cannot start.
        refusal: Why Sail does not run it.
    """

    events: tuple[Event, ...]
    result: RunResult | None
    error: CannotRunError | None = None
    refusal: str | None = None


def answer(request: RunRequest) -> Answer:
    """Run an update, until it would start Spark."""
    events: list[Event] = []

    def listen(event: Event) -> None:
        if not isinstance(event, TasksKnown):  # it asks the engine
            events.append(event)
        if isinstance(event, NoteAdded) and event.text.startswith(FALLBACK):
            raise FellBackError(event.text.removeprefix(FALLBACK))

    try:
        result = run_update(request, listen)
    except FellBackError as error:
        return Answer(tuple(events), None, refusal=str(error))
    except CannotRunError as error:
        return Answer(tuple(events), None, error)
    return Answer(tuple(events), result)


def serve() -> None:
    """Answer requests until the input ends, or until Sail has stopped because it cannot run an update."""
    from pyspark.sql import SparkSession

    answers = sys.stdout.buffer
    sys.stdout = sys.stderr
    while True:
        try:
            request = pickle.load(sys.stdin.buffer)
        except EOFError:
            break
        found = answer(request)
        pickle.dump(found, answers)
        answers.flush()
        if found.refusal is not None:
            return
    session = SparkSession.getActiveSession()
    if session is not None:
        session.stop()  # the client calls the server when the process ends, and would wait for minutes if it is gone


_running: list[subprocess.Popen[bytes]] = []


def run_on_sail(request: RunRequest) -> Answer:
    """An update on Sail in the other process, which is started first if there is none."""
    if not _running or _running[0].poll() is not None:
        root = Path(__file__).parents[3]
        command = [sys.executable, "-m", "compiler.tests.runtime.sail_server"]
        _running[:] = [subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE)]
    process: Any = _running[0]
    pickle.dump(request, process.stdin)
    process.stdin.flush()
    found: Answer = pickle.load(process.stdout)
    if found.refusal is not None:
        stop()
    return found


def stop() -> None:
    """End the other process."""
    for process in _running:
        process.stdin.close()  # type: ignore[union-attr] # it is a pipe
        process.stdout.close()  # type: ignore[union-attr] # as above
        process.wait()
    _running.clear()


if __name__ == "__main__":
    from compiler.tests.runtime import sail_server

    sail_server.serve()
