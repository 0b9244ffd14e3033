"""One update at a time for each state folder."""

from __future__ import annotations

import contextlib
import errno
import os
from typing import TYPE_CHECKING, Final

from cbx.diagnostics.codes import UNSUPPORTED_STORAGE
from cbx.runtime.errors import CannotRunError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextlib.contextmanager
def lock_state(state: Path) -> Iterator[None]:
    """Lock the state folder while the context lasts.

    The operating system releases the lock when the process ends. The contents of the file are for people.

    Raises:
        CannotRunError: If another process has the lock, the folder cannot be created, or its file system has no locks.
    """
    try:
        state.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotRunError(
            f"the state folder {state} cannot be created: {error.strerror}", hint="use another one with --state"
        ) from None
    descriptor = os.open(state / "lock", os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o644)
    try:
        if not _acquire(descriptor, state):
            holder = os.read(descriptor, 100).decode("ascii", errors="replace").strip()
            raise CannotRunError(
                f"another run is using {state}" + (f" (process {holder})" if holder else ""),
                hint="wait for it, or use another state folder with --state",
            )
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        yield
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, state: Path) -> bool:
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in _HELD:
            raise CannotRunError(
                f"the file system of the state folder {state} has no locks: {error.strerror}",
                hint="mount it with locks, or use a folder of a disk with --state",
                code=UNSUPPORTED_STORAGE,
            ) from None
        return False
    return True


_HELD: Final = frozenset({errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES})
"""What the system says if another process has the lock; EACCES on some network file systems."""
