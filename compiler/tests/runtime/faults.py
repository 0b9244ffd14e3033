"""Faults at the operating system's border: the nth change to a folder fails, and perhaps all that follow."""

from __future__ import annotations

import errno
import os
import pathlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

Path = pathlib.Path


@dataclass
class Fault:
    """Raises at one of the changes to a folder.

    Attributes:
        folder: The folder.
        moment: Which change fails, counted from 1.
        is_final: Whether all that follow fail too, as after a kill or on a full disk.
        count: How many changes there have been.
    """

    folder: Path
    moment: int
    is_final: bool
    count: int = 0

    def strike(self, path: object) -> None:
        """Count a change, and let it fail if it is its turn."""
        if not isinstance(path, (str, os.PathLike)) or not Path(path).absolute().is_relative_to(self.folder):
            return
        self.count += 1
        if self.count == self.moment or (self.is_final and self.count > self.moment):
            raise OSError(errno.ENOSPC, "No space left on device", str(path))


@contextmanager
def striking(fault: Fault) -> Iterator[Fault]:
    """Let a fault strike while the context lasts, in all threads of this process."""

    def hook(function: Callable[..., Any]) -> Callable[..., Any]:
        def call_or_fail(path: Any, *arguments: Any, **options: Any) -> Any:
            fault.strike(path)
            return function(path, *arguments, **options)

        return call_or_fail

    plain_open = Path.open

    def open_or_fail(path: Path, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        if set(mode) & set("wax+"):
            fault.strike(path)
        return plain_open(path, mode, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        for name in ("rename", "replace", "mkdir", "unlink"):
            patch.setattr(Path, name, hook(getattr(Path, name)))
        for name in ("rmtree", "copytree", "copyfile"):
            patch.setattr(shutil, name, hook(getattr(shutil, name)))
        patch.setattr(os, "link", hook(os.link))
        patch.setattr(os, "fsync", lambda _: None)
        patch.setattr(Path, "open", open_or_fail)
        yield fault
