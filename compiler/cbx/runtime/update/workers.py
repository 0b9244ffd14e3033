"""Threads that refresh datasets: each once, several at a time.

They take the datasets in order. A thread that needs a dataset which nobody has started refreshes it itself, and waits
for one that another thread is refreshing. User functions are called one at a time, as if there were one thread: a
function lets others run only while it waits.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pyspark import InheritableThread

from cbx.diagnostics.codes import INVALID_DEFINITION
from cbx.runtime.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


class DatasetWorkers:
    """Refreshes each dataset once.

    Args:
        order: All keys in the order of definition, which decides which dataset of a cycle fails.
        size: How many threads there are; with 1, the caller's thread does the work.
        prepare: Called first in each thread.
    """

    def __init__(self, order: Sequence[str], size: int, prepare: Callable[[], None]) -> None:
        self._order = {key: place for place, key in enumerate(order)}
        self._size = size
        self._prepare = prepare
        self._change = threading.Condition()
        self._begun: set[str] = set()
        self._done: set[str] = set()
        self._needs: dict[str, tuple[str, ...]] = {}
        self._cycles: dict[str, tuple[str, ...]] = {}
        self._calls = threading.Lock()
        self._here = threading.local()
        self._raised: list[BaseException] = []

    def work(self, keys: Sequence[str], make: Callable[[str], None]) -> None:
        """Refresh all datasets, and return when that is done.

        Args:
            keys: The datasets, in the order in which to start.
            make: Refreshes a dataset with ``run_once``, and returns if another thread has started it.
        """
        left = list(reversed(keys))

        def take() -> None:
            try:
                self._prepare()
                while not self._raised and (key := self._next(left)) is not None:
                    make(key)
            except BaseException as error:  # noqa: BLE001 - it is raised again in the thread that started them
                self._raised.append(error)

        if self._size == 1:
            take()
        else:
            self._in_threads(take)
        if self._raised:
            raise self._raised[0]

    def _next(self, left: list[str]) -> str | None:
        with self._change:
            while left and left[-1] in self._begun:
                left.pop()
            return left.pop() if left else None

    def _in_threads(self, take: Callable[[], None]) -> None:
        threads = [InheritableThread(target=take, daemon=True) for _ in range(self._size)]
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        except BaseException as error:  # also KeyboardInterrupt, so that the threads take no further dataset
            self._raised.append(error)
            raise

    def run_once(self, key: str, make: Callable[[], None], needed_by: Sequence[str] = ()) -> None:
        """Refresh a dataset, or wait until another thread has.

        Args:
            key: The dataset.
            make: Refreshes it.
            needed_by: The dataset that this thread is refreshing and the views through which it needs this one; empty
                if no dataset needs it.

        Raises:
            RunError: If the dataset depends on the one that needs it.
        """
        with self._change:
            if key in self._done:
                return
            is_mine = key not in self._begun
            self._begun.add(key)
            if needed_by:
                self._needs[needed_by[0]] = (*needed_by, key)
        try:
            with self.let_others_call():
                if is_mine:
                    make()
                elif needed_by:
                    self._wait(key, needed_by[0])
        finally:
            with self._change:
                if is_mine:
                    self._done.add(key)
                if needed_by:
                    self._needs.pop(needed_by[0], None)
                self._change.notify_all()

    def _wait(self, key: str, waiting: str) -> None:
        with self._change:
            self._blame(waiting)
            while key not in self._done:
                if waiting in self._cycles:
                    raise cycle_error(self._cycles.pop(waiting))
                self._change.wait()

    def _blame(self, waiting: str) -> None:
        """Find a cycle, and fail the dataset that needs the one defined first."""
        parts: list[tuple[str, ...]] = []
        at = waiting
        while at in self._needs and at not in [part[0] for part in parts]:
            parts.append(self._needs[at])
            at = parts[-1][-1]
        if at != waiting:
            return
        first = min(range(len(parts)), key=lambda place: self._order.get(parts[place][0], 0))
        parts = [*parts[first:], *parts[:first]]
        cycle = [name for part in parts for name in part[:-1]]
        self._cycles[parts[-1][0]] = (*cycle, cycle[0])
        self._change.notify_all()

    @contextmanager
    def calling_user_code(self) -> Iterator[None]:
        """Block other threads from calling user functions while the context lasts."""
        with self._calls:
            self._here.is_calling = True
            try:
                yield
            finally:
                self._here.is_calling = False

    @contextmanager
    def let_others_call(self) -> Iterator[None]:
        """Let other threads call user functions while the context lasts, if this thread was calling one."""
        if not getattr(self._here, "is_calling", False):
            yield
            return
        self._here.is_calling = False
        self._calls.release()
        try:
            yield
        finally:
            self._calls.acquire()
            self._here.is_calling = True


def cycle_error(cycle: Sequence[str]) -> RunError:
    """The error of a dataset that depends on itself."""
    return RunError(
        INVALID_DEFINITION,
        f"datasets depend on each other in a cycle: {' -> '.join(cycle)}",
        hint="remove one of these reads",
    )
