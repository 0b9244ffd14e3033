"""Divides work among forks of this process."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, TypeVar

MANY_MODELS = 300
"""For fewer models a fork costs more than it saves."""
_MOST_PROCESSES = 4
_NUMBER = 8
"""Bytes of a number in a pipe or a file between processes."""

T = TypeVar("T")
R = TypeVar("R")


def map_in_forks(work: Callable[[T], R], items: Sequence[T], together: int) -> list[R]:
    """The result of ``work`` for each item, in the order of the items; see `run_in_forks`.

    Args:
        work: Computes the result of an item.
        items: The items.
        together: How many items a process takes at a time.
    """

    def work_on_batch(number: int) -> list[R]:
        return [work(item) for item in items[number * together : (number + 1) * together]]

    batches = run_in_forks(work_on_batch, -(-len(items) // together))
    return [result for batch in batches for result in batch]


def run_in_forks(work: Callable[[int], R], count: int) -> list[R]:
    """The results of ``work(0)`` to ``work(count - 1)``, computed by a process per core, at most four.

    The processes are forks of this one and share its memory. Each takes the next number when it is free. If a fork is
    lost, for example for lack of memory, this process computes what the fork had taken: the results are always the
    same, and a result that was not written completely is never read.

    Args:
        work: Computes a result that can be pickled, without side effects.
        count: How many results there are.
    """
    processes = min(_process_count(), count)
    if processes < 2:
        return [work(number) for number in range(count)]
    results: dict[int, R] = {}
    with ExitStack() as stack, suppress(OSError):  # without space for a file this process works alone
        numbers = stack.enter_context(tempfile.TemporaryFile(buffering=0))
        numbers.write(b"".join(number.to_bytes(_NUMBER, "little") for number in range(count)))
        numbers.seek(0)
        forks: list[_Fork] = []
        for _ in range(processes - 1):
            with suppress(OSError):  # no memory for a process, or no space for its file
                forks.append(_Fork(work, numbers.fileno()))
                stack.callback(forks[-1].stop)
        for number in _take_numbers(numbers.fileno()):
            results[number] = work(number)
            for fork in forks:
                results.update(fork.read_results(waiting=False))
        for fork in forks:
            results.update(fork.read_results(waiting=True))
    return [results[number] if number in results else work(number) for number in range(count)]


def _process_count() -> int:
    """How many processes can work; one if this process has threads, since a fork might wait for a lock forever."""
    if sys.platform != "linux" or len([*Path("/proc/self/task").iterdir()]) > 1:
        return 1
    return min(len(os.sched_getaffinity(0)), _MOST_PROCESSES)


def _take_numbers(numbers: int) -> Iterator[int]:
    """Take the next numbers: all forks share one position in an open file."""
    while number := os.read(numbers, _NUMBER):
        yield int.from_bytes(number, "little")


class _Fork:
    """A fork of this process that computes results until no number is left, and exits.

    Args:
        work: Computes a result.
        numbers: The descriptor of the file with the numbers to take.

    Raises:
        OSError: If no process can be started, or there is no space for its file.
    """

    def __init__(self, work: Callable[[int], Any], numbers: int) -> None:
        with ExitStack() as stack:
            self._results = stack.enter_context(tempfile.TemporaryFile())
            self._read = 0
            self._lengths, writing_end = os.pipe()
            stack.callback(os.close, self._lengths)
            try:
                self._process = os.fork()
                if self._process == 0:
                    self._work(work, numbers, writing_end)
            finally:
                os.close(writing_end)
            self._closing = stack.pop_all()

    def _work(self, work: Callable[[int], Any], numbers: int, writing_end: int) -> None:
        """In the fork: write results to a file, and the length of each to a pipe afterwards; never returns."""
        with suppress(BaseException):  # the parent process computes what is missing
            for number in _take_numbers(numbers):
                length = self._results.write(pickle.dumps((number, work(number)), pickle.HIGHEST_PROTOCOL))
                self._results.flush()
                os.write(writing_end, length.to_bytes(_NUMBER, "little"))
        os._exit(0)

    def read_results(self, *, waiting: bool) -> Iterator[tuple[int, Any]]:
        """The results since the last call, with their numbers; if waiting, all until the fork exits."""
        os.set_blocking(self._lengths, waiting)
        with suppress(BlockingIOError):
            while message := os.read(self._lengths, _NUMBER):
                length = int.from_bytes(message, "little")
                content = os.pread(self._results.fileno(), length, self._read)
                self._read += length
                yield pickle.loads(content)  # noqa: S301 - an unnamed file that only the fork could write

    def stop(self) -> None:
        """Kill the fork if it still runs, and release its files."""
        with suppress(ProcessLookupError):
            os.kill(self._process, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(self._process, 0)
        self._closing.close()
