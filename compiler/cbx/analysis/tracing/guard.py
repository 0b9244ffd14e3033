"""Stops the code of a model if it does more than build a plan.

This is not a security boundary, since the code is the user's own. It prevents mistakes that would harm the trace or the
machine; the model is then unknown.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_FORBIDDEN = {
    "os.fork": "starts a process",
    "os.forkpty": "starts a process",
    "os.exec": "starts a process",
    "os.posix_spawn": "starts a process",
    "os.spawn": "starts a process",
    "os.startfile": "starts a process",
    "os.system": "starts a process",
    "pty.spawn": "starts a process",
    "subprocess.Popen": "starts a process",
    "os.kill": "sends a signal",
    "os.killpg": "sends a signal",
    "socket.connect": "opens a connection",
    "socket.bind": "opens a connection",
    "socket.getaddrinfo": "opens a connection",
    "os.chmod": "changes files",
    "os.chown": "changes files",
    "os.link": "changes files",
    "os.mkdir": "changes files",
    "os.remove": "changes files",
    "os.rename": "changes files",
    "os.rmdir": "changes files",
    "os.symlink": "changes files",
    "os.truncate": "changes files",
    "os.chdir": "changes the working directory",
    "os.putenv": "changes the environment",
    "os.unsetenv": "changes the environment",
}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class ForbiddenError(BaseException):
    """The code does something forbidden. Not an `Exception`, so that ``except Exception`` does not catch it."""


class Guard:
    """Watches what code does; ``violation`` is the first forbidden action."""

    def __init__(self) -> None:
        """Install the guard; Python cannot remove it, so a process has only one."""
        self.is_active = False
        self.violation: str | None = None
        sys.addaudithook(self._on_event)

    @contextmanager
    def watch(self, seconds: float) -> Iterator[None]:
        """Watch while the context lasts; the system ends the process after so much processor time."""
        self.violation = None
        self.is_active = True
        if hasattr(signal, "setitimer"):
            signal.signal(signal.SIGPROF, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_PROF, seconds)
        try:
            yield
        finally:
            self.is_active = False
            if hasattr(signal, "setitimer"):
                signal.setitimer(signal.ITIMER_PROF, 0)

    def refuse(self, what: str) -> None:
        """Remember the violation, and stop the code.

        Raises:
            ForbiddenError: Always, while code is watched.
        """
        if self.is_active:
            self.violation = self.violation or what
            raise ForbiddenError(what)

    def _on_event(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.is_active:
            return
        if event == "open":
            path, mode, flags = arguments
            writes = any(letter in mode for letter in "wax+") if isinstance(mode, str) else bool(flags & _WRITING)
            if writes and path != os.devnull:
                self.refuse("writes a file")
        elif event in _FORBIDDEN:
            self.refuse(_FORBIDDEN[event])


def limit_memory(extra: int) -> None:
    """Limit the bytes of memory that the process may use in addition, if the system supports it."""
    try:
        import resource

        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - no file but a reading of the kernel's
            pages = int(file.read().split()[0])
        limit = pages * resource.getpagesize() + extra
        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.getrlimit(resource.RLIMIT_AS)[1]))
    except (ImportError, OSError, ValueError):
        return
