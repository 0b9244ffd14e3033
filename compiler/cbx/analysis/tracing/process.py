"""A worker process and its pipes."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import cbx
from cbx.analysis.tracing.requests import Function, Limits, Traced, Unknown, outcome_from_data

_START_SECONDS = 60.0
_GRACE_SECONDS = 1.0
_LARGEST_ANSWER = 64 << 20


class Worker:
    """A process that traces one model after the other; started when first asked, and again when a model ended it."""

    def __init__(self, limits: Limits) -> None:
        """Prepare; nothing is started yet."""
        self.limits = limits
        self._process: subprocess.Popen[bytes] | None = None
        self._is_up = False
        self._failure: Unknown | None = None

    def trace(self, function: Function) -> Traced | Unknown:
        """Trace a model, whatever its code does."""
        if self._failure is not None:
            return self._failure
        try:
            process = self._process or self._start()
        except OSError as error:
            self._failure = _not_started(str(error))
            return self._failure
        self._is_up = self._is_up or _exchange(process, b"", _START_SECONDS) is not None
        request = function.to_json().encode() + b"\n"
        answer = _exchange(process, request, self.limits.seconds + _GRACE_SECONDS) if self._is_up else None
        if answer is None:
            return self._why_it_ended()
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
        arguments = [str(self.limits.seconds), str(self.limits.memory)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "cbx.analysis.tracing.worker", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd=Path(cbx.__file__).parent.parent,
            env=_environment(),
        )
        return self._process

    def _why_it_ended(self) -> Unknown:
        process = self._process
        is_up = self._is_up
        try:
            status = process.wait(0.2) if process else None
        except subprocess.TimeoutExpired:
            status = None
        self.stop()
        if is_up and (status is None or (hasattr(signal, "SIGALRM") and status == -signal.SIGALRM)):
            return Unknown(f"it runs for more than {self.limits.seconds:g} seconds", is_lasting=False)
        if not is_up or status is None:
            self._failure = _not_started(f"exit status {status}")
            return self._failure
        if status < 0:
            return Unknown(f"the process that traces it was ended by {signal.Signals(-status).name}", is_lasting=False)
        return Unknown(f"it ends the process that traces it (exit status {status})")


def _not_started(why: str) -> Unknown:
    return Unknown(f"the process that traces models does not start: {why}", is_lasting=False)


def _environment() -> dict[str, str]:
    """The environment of the worker: what would lead Spark elsewhere is left out, and sets have one order."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SPARK_")}
    return kept | {
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "RUST_LOG": "off",
        "SPARK_CONNECT_MODE_ENABLED": "1",
    }


def _exchange(process: subprocess.Popen[bytes], request: bytes, seconds: float) -> bytes | None:
    """Send a line, if there is one, and receive one; None where the process ends or the time is up before."""
    assert process.stdin is not None  # noqa: S101 - both are pipes
    assert process.stdout is not None  # noqa: S101 - as above
    try:
        process.stdin.write(request)
    except OSError:
        return None
    deadline = time.monotonic() + seconds
    received = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while len(received) <= _LARGEST_ANSWER:
            left = deadline - time.monotonic()
            if left <= 0 or not selector.select(left):
                return None
            piece: Any = os.read(process.stdout.fileno(), 1 << 16)
            if not piece:
                return None
            received += piece
            if received.endswith(b"\n"):
                return bytes(received)
    return None
