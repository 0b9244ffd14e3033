"""Threads that make datasets, each once, several at a time.

They take the datasets in order. A thread that needs one which nobody has begun makes it itself; one that another
thread is making is waited for. The user's functions are called one at a time, as if there were one thread: a
function gives its turn to others only where it waits.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pyspark import InheritableThread

from cbx.runtime.problems import RunError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


class DatasetWorkers:
    """Makes each dataset once, whoever asks for it first.

    Args:
        order: All keys in the order of definition, which says which one of a circle is to blame.
        size: How many threads there are; 1 stands for the caller's own.
        prepare: Is called first in each thread.
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
        """Make all of them, and return when that is done.

        Args:
            keys: What to make, in the order in which to begin.
            make: Makes one of them with ``run_once``, and returns if another thread is about it.
        """
        left = list(reversed(keys))

        def take() -> None:
            try:
                self._prepare()
                while not self._raised and (key := self._next(left)) is not None:
                    make(key)
            except BaseException as error:  # noqa: BLE001 - it is raised again where all of them were started
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
        except BaseException as error:
            self._raised.append(error)
            raise

    def run_once(self, key: str, make: Callable[[], None], needed_by: Sequence[str] = ()) -> None:
        """Make a dataset, or wait until another thread has.

        Args:
            key: The dataset.
            make: Makes it.
            needed_by: The dataset that this thread is making and the views through which it needs this one; nothing
                if nobody waits for it.

        Raises:
            RunError: If the dataset waits for the one that needs it.
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
        """If a dataset waits for itself, let the one that closes the circle fail: it needs the first one defined."""
        parts: list[tuple[str, ...]] = []
        at = waiting
        while at in self._needs and at not in [part[0] for part in parts]:
            parts.append(self._needs[at])
            at = parts[-1][-1]
        if at != waiting:
            return
        first = min(range(len(parts)), key=lambda place: self._order.get(parts[place][0], 0))
        parts = [*parts[first:], *parts[:first]]
        circle = [name for part in parts for name in part[:-1]]
        self._cycles[parts[-1][0]] = (*circle, circle[0])
        self._change.notify_all()

    @contextmanager
    def calling_user_code(self) -> Iterator[None]:
        """The only thread that calls a function of the user's, while the context lasts."""
        with self._calls:
            self._here.is_calling = True
            try:
                yield
            finally:
                self._here.is_calling = False

    @contextmanager
    def let_others_call(self) -> Iterator[None]:
        """Let other threads call the user's functions, if it is this one's turn."""
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


def cycle_error(circle: Sequence[str]) -> RunError:
    """The failure of a dataset that needs itself, through those in between."""
    return RunError(
        f"the datasets read each other in a circle: {' -> '.join(circle)}",
        hint="let one of them read something else",
    )
