"""One update at a time for each state folder."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from cbx.runtime.problems import CannotRunError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextlib.contextmanager
def lock_state(state: Path) -> Iterator[None]:
    """Hold the state folder for as long as the context lasts.

    The lock is the operating system's: it goes when the process goes, however it went, and what the file says
    is for people only.

    Raises:
        CannotRunError: If another process holds it, or it cannot be made.
    """
    try:
        state.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotRunError(
            f"{state} cannot be made a folder: {error.strerror}", hint="name another one with --state"
        ) from None
    descriptor = os.open(state / "lock", os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o644)
    try:
        if not _acquire(descriptor):
            holder = os.read(descriptor, 100).decode("ascii", errors="replace").strip()
            raise CannotRunError(
                f"another run is using {state}" + (f" (process {holder})" if holder else ""),
                hint="wait for it, or give this one a folder of its own with --state",
            )
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        yield
    finally:
        os.close(descriptor)


def _acquire(descriptor: int) -> bool:
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
