"""A worker process and its pipes."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import cbx
from cbx.analysis.tracing.requests import Function, Limits, Traced, Unknown, outcome_from_data

_START_SECONDS = 200.0
_END_SECONDS = 20.0
_TIME_IS_UP = getattr(signal, "SIGPROF", 0)
"""The signal by which the system ends a process that has used up its processor time."""

_LARGEST_ANSWER = 64 << 20


class _Start(NamedTuple):
    """How a worker is started, and by which process."""

    command: tuple[str, ...]
    environment: frozenset[tuple[str, str]]
    parent: int


class Worker:
    """A process that traces models one by one; started for the first model, and again after a model ended it."""

    def __init__(self, limits: Limits) -> None:
        """Prepare; nothing is started yet."""
        self.limits = limits
        self.start = _plan_start(limits)
        self._process: subprocess.Popen[bytes] | None = None
        self._is_up = False
        self._failure: Unknown | None = None

    def trace(self, function: Function) -> Traced | Unknown:
        """Trace a model; its code cannot harm this process."""
        if self._failure is not None:
            return self._failure
        try:
            process = self._process or self._start()
        except OSError as error:
            self._failure = _start_failure(str(error))
            return self._failure
        try:
            if not self._is_up:
                _exchange(process, b"", _START_SECONDS)
                self._is_up = True
            answer = _exchange(process, function.to_json().encode() + b"\n", self.limits.wall_seconds)
        except (OSError, EOFError, TimeoutError) as error:
            return self._explain_failure(is_late=isinstance(error, TimeoutError))
        try:
            data = json.loads(answer)
            if data.get("retire"):
                self.stop()
            return outcome_from_data(data)
        except RecursionError:
            return Unknown("its plan is nested too deeply")
        except (AttributeError, KeyError, TypeError, ValueError):
            self.stop()
            return Unknown("it writes into the pipes of the process that traces it")

    @property
    def is_idle(self) -> bool:
        """Whether the process is there and waits for a model."""
        return self._is_up and self._failure is None

    def stop(self) -> None:
        """End the process, if there is one."""
        process, self._process = self._process, None
        self._is_up = False
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()

    def _start(self) -> subprocess.Popen[bytes]:
        self._process = subprocess.Popen(
            self.start.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd=Path(cbx.__file__).parent.parent,
            env=dict(self.start.environment),
        )
        return self._process

    def _explain_failure(self, *, is_late: bool) -> Unknown:
        """Why a process gave no answer: because of a model, or for all models if it was never ready."""
        process, is_up = self._process, self._is_up
        status = None
        if process is not None and not is_late:
            with suppress(subprocess.TimeoutExpired):
                status = process.wait(_END_SECONDS)
        self.stop()
        if not is_up:
            self._failure = _start_failure(f"exit status {status}" if status is not None else "it is not ready in time")
            return self._failure
        if status is None or status == -_TIME_IS_UP:
            return Unknown.no_answer(f"it runs for more than {self.limits.seconds:g} seconds")
        if status < 0:
            return Unknown.no_answer(f"the process that traces it was ended by {signal.Signals(-status).name}")
        return Unknown(f"it ends the process that traces it (exit status {status})")


def _start_failure(why: str) -> Unknown:
    return Unknown.no_answer(f"the process that traces models does not start: {why}")


def _plan_start(limits: Limits) -> _Start:
    command = (sys.executable, "-m", "cbx.analysis.tracing.worker", str(limits.seconds), str(limits.memory))
    return _Start(command, _environment(), os.getpid())


_idle: list[Worker] | None = None
"""The worker that is kept for the next compilation, if workers are kept."""


@contextmanager
def keep_worker() -> Iterator[None]:
    """Keep the worker of a compilation for the next one while the context lasts, since it takes a second to start."""
    global _idle  # noqa: PLW0603 - the compilations of a process have only the process in common
    outer, _idle = _idle, []
    try:
        yield
    finally:
        for worker in _idle:
            worker.stop()
        _idle = outer


def take_worker(limits: Limits) -> Worker:
    """A kept worker, if it was started as a new one would be now; or a new one, which is not started yet."""
    new = Worker(limits)
    while _idle:
        worker = _idle.pop()
        if worker.start == new.start:
            return worker
        if worker.start.parent == new.start.parent:
            worker.stop()
    return new


def return_worker(worker: Worker) -> None:
    """Keep a worker for the next compilation, or end it."""
    if _idle is not None and worker.is_idle and worker.start.parent == os.getpid():
        _idle.append(worker)
    else:
        worker.stop()


def _environment() -> frozenset[tuple[str, str]]:
    """The environment of the worker: no variables that redirect Spark or name a test, and a fixed order of sets."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SPARK_", "PYTEST_"))}
    kept |= {
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "RUST_LOG": "off",
        "SPARK_CONNECT_MODE_ENABLED": "1",
    }
    return frozenset(kept.items())


def _exchange(process: subprocess.Popen[bytes], request: bytes, seconds: float) -> bytes:
    """Send a line, if it is not empty, and receive a line.

    Raises:
        TimeoutError: There is no answer in time.
        OSError, EOFError: The process ends before it answers.
    """
    assert process.stdin is not None  # noqa: S101 - both are pipes
    assert process.stdout is not None  # noqa: S101 - as above
    process.stdin.write(request)
    deadline = time.monotonic() + seconds
    received = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while not received.endswith(b"\n"):
            left = deadline - time.monotonic()
            if left <= 0 or not selector.select(left):
                raise TimeoutError
            piece: Any = os.read(process.stdout.fileno(), 1 << 16)
            if not piece or len(received) > _LARGEST_ANSWER:
                raise EOFError
            received += piece
    return bytes(received)
