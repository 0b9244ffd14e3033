"""Lets several processes do what concerns each model alone."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from cbx.diagnostics import Diagnostic, Report
from cbx.ir.declared import Prepared
from cbx.ir.resolved import Resolved, ResolvedModel

_WORTH_IT = 300
"""Models; below, a process costs more than it saves."""
_MOST_PROCESSES = 4
_TOGETHER = 200
"""Models that a process holds at a time."""

Shard = tuple[tuple[ResolvedModel, ...], tuple[Diagnostic, ...]]


def in_shards(*passes: Callable[[Any, Report], Any]) -> Callable[[Prepared, Report], Resolved]:
    """Passes from `Prepared` to `Resolved` as one; many models are divided among as many processes as there are cores.

    The processes are copies of this one, so they know the macros; they send back what became of their models. One that
    is lost, for want of memory say, loses nothing: its models are done here. What comes out is the same in any case.
    """

    def resolved(prepared: Prepared, report: Report) -> Resolved:
        for run_pass in passes:
            prepared = run_pass(prepared, report)
        return prepared  # type: ignore[return-value] # what the last pass returns

    def divided(prepared: Prepared, report: Report) -> Resolved:
        count = _processes(len(prepared.model_files))
        if count == 1:
            return resolved(prepared, report)
        first, *others = (replace(prepared, model_files=prepared.model_files[n::count]) for n in range(count))
        workers: list[_Worker] = []
        try:
            for shard in others:
                workers.append(_Worker(resolved, shard))  # noqa: PERF401 - those that have started have to be stopped
            models = [*resolved(first, report).models]
            for worker, shard in zip(workers, others, strict=True):
                found = worker.result()
                if found is None:
                    models += resolved(shard, report).models
                for some, diagnostics in found or ():
                    models += some
                    report.extend(diagnostics)
        finally:
            for worker in workers:
                worker.stop()
        order = {file.source.path: number for number, file in enumerate(prepared.model_files)}
        models.sort(key=lambda model: order[model.path])
        return Resolved(prepared.project, tuple(models), prepared.known_ids)

    return divided


def _processes(models: int) -> int:
    """How many processes pay; one, where a copy of this process might find a lock that nobody opens again."""
    if models < _WORTH_IT or sys.platform != "linux" or len([*Path("/proc/self/task").iterdir()]) > 1:
        return 1
    return min(len(os.sched_getaffinity(0)), _MOST_PROCESSES)


class _Worker:
    """A copy of this process that resolves the models of a shard, some at a time, and ends.

    Args:
        resolved: What is done with a shard.
        shard: The models and what they need.
    """

    def __init__(self, resolved: Callable[[Prepared, Report], Resolved], shard: Prepared) -> None:
        self._results: IO[bytes] | None = None
        self._process: int | None = None
        with suppress(OSError):  # no room for a file or a process: then there is no result
            self._results = tempfile.TemporaryFile()  # noqa: SIM115 - closed when it was read
            self._process = os.fork()
        if self._process == 0 and self._results is not None:
            status = 1
            with suppress(BaseException):  # whatever it is, the process that started this one finds out by itself
                for part in _parts(shard):
                    report = Report()
                    models = resolved(part, report).models
                    pickle.dump((models, report.sorted()), self._results, pickle.HIGHEST_PROTOCOL)
                self._results.flush()
                status = 0
            os._exit(status)

    def result(self) -> list[Shard] | None:
        """What the process found once it has ended; None if it did not come to its end."""
        if self._process is None or self._results is None:
            return None
        _, status = os.waitpid(self._process, 0)
        self._process = None
        if status != 0:
            return None
        end = self._results.seek(0, os.SEEK_END)
        self._results.seek(0)
        found: list[Shard] = []
        while self._results.tell() < end:
            found.append(pickle.load(self._results))  # noqa: S301 - an unnamed file that only the process could write
        return found

    def stop(self) -> None:
        """End the process, if it has not ended."""
        if self._results is not None:
            self._results.close()
        if self._process is not None:
            with suppress(ProcessLookupError, ChildProcessError):
                os.kill(self._process, signal.SIGKILL)
                os.waitpid(self._process, 0)


def _parts(shard: Prepared) -> Sequence[Prepared]:
    files = shard.model_files
    return [replace(shard, model_files=files[n : n + _TOGETHER]) for n in range(0, len(files), _TOGETHER)]
