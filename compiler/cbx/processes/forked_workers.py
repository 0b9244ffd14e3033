"""Divides work among copies of this process."""

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

MANY = 300
"""Models; for fewer, a copy costs more than it saves."""
_MOST_PROCESSES = 4
_NUMBER = 8
"""Bytes of a number on its way between processes."""

T = TypeVar("T")
R = TypeVar("R")


def each_in_copies(work: Callable[[T], R], items: Sequence[T], together: int) -> list[R]:
    """As `in_copies`, with a result for each item.

    Args:
        work: Makes the result of an item.
        items: The items.
        together: How many of them a process takes at a time.
    """

    def some(number: int) -> list[R]:
        return [work(item) for item in items[number * together : (number + 1) * together]]

    return [result for part in in_copies(some, -(-len(items) // together)) for result in part]


def in_copies(work: Callable[[int], R], count: int) -> list[R]:
    """The results of ``work(0)``, ``work(1)`` and so on, made by as many processes as there are cores.

    They are copies of this one, so they know what it knows. Each takes the next number when it is free, and sends back
    what came of it. What a copy had taken that is lost, for want of memory say, is made here: the results are the same
    in any case, and this process reads no result that was not written whole.

    Args:
        work: Makes a result, which pickle can carry, and changes nothing that others see.
        count: How many results there are.
    """
    processes = min(_processes(), count)
    if processes < 2:
        return [work(number) for number in range(count)]
    results: dict[int, R] = {}
    with ExitStack() as stack, suppress(OSError):  # no room for a file: then this process works alone
        numbers = stack.enter_context(tempfile.TemporaryFile(buffering=0))
        numbers.write(b"".join(number.to_bytes(_NUMBER, "little") for number in range(count)))
        numbers.seek(0)
        copies: list[_Copy] = []
        for _ in range(processes - 1):
            with suppress(OSError):  # no room for a process, or for its file
                copies.append(_Copy(work, numbers.fileno()))
                stack.callback(copies[-1].stop)
        for number in _taken(numbers.fileno()):
            results[number] = work(number)
            for copy in copies:
                results.update(copy.results(waiting=False))
        for copy in copies:
            results.update(copy.results(waiting=True))
    return [results[number] if number in results else work(number) for number in range(count)]


def _processes() -> int:
    """How many processes can work; one, where a copy of this process might find a lock that nobody opens again."""
    if sys.platform != "linux" or len([*Path("/proc/self/task").iterdir()]) > 1:
        return 1
    return min(len(os.sched_getaffinity(0)), _MOST_PROCESSES)


def _taken(numbers: int) -> Iterator[int]:
    """The numbers that nobody else has taken: all copies read on from one place in an open file."""
    while number := os.read(numbers, _NUMBER):
        yield int.from_bytes(number, "little")


class _Copy:
    """A copy of this process that makes results until there are no more to make, and ends.

    Args:
        work: Makes a result.
        numbers: The open file of the numbers to be taken.

    Raises:
        OSError: If there is no room for it.
    """

    def __init__(self, work: Callable[[int], Any], numbers: int) -> None:
        with ExitStack() as stack:
            self._results = stack.enter_context(tempfile.TemporaryFile())
            self._read = 0
            self._told, telling = os.pipe()
            stack.callback(os.close, self._told)
            try:
                self._process = os.fork()
                if self._process == 0:
                    self._work(work, numbers, telling)
            finally:
                os.close(telling)
            self._closing = stack.pop_all()

    def _work(self, work: Callable[[int], Any], numbers: int, telling: int) -> None:
        """In the copy: make results, and tell the length of each once it is written; never returns."""
        with suppress(BaseException):  # whatever it is, the process that started this one misses a result
            for number in _taken(numbers):
                length = self._results.write(pickle.dumps((number, work(number)), pickle.HIGHEST_PROTOCOL))
                self._results.flush()
                os.write(telling, length.to_bytes(_NUMBER, "little"))
        os._exit(0)

    def results(self, *, waiting: bool) -> Iterator[tuple[int, Any]]:
        """The results that it has made since they were last asked for, by their numbers; all others, if waiting."""
        os.set_blocking(self._told, waiting)
        with suppress(BlockingIOError):
            while told := os.read(self._told, _NUMBER):
                length = int.from_bytes(told, "little")
                content = os.pread(self._results.fileno(), length, self._read)
                self._read += length
                yield pickle.loads(content)  # noqa: S301 - an unnamed file that only the copy could write

    def stop(self) -> None:
        """End it, if it has not ended."""
        with suppress(ProcessLookupError):
            os.kill(self._process, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(self._process, 0)
        self._closing.close()
