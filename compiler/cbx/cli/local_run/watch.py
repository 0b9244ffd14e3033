"""Waits until the files change that the last update has read.

The state of the files is compared with their state before the update read them, so that a change during the update is
not missed. Events of the file system only speed this up: without them, as on many network drives, the files are
compared every few seconds.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_PAUSE = 2.0
_SETTLING = 0.3
_MOST_SETTLING = 10.0
_SHARE = 10
"""Comparing the files takes at most one tenth of the time."""
_SUFFIXES = frozenset({".csv", ".py", ".sql", ".ipynb", ".toml"})

Look = Mapping[str, str]


@dataclass(slots=True)
class Watcher:
    """Watches source files and landing folders.

    Attributes:
        sources: Files, and folders with source files: models, macros, notebooks.
        folder: The folder to which the paths of landing folders are relative.
        landings: The landing folders that updates have read so far.
        pause: The seconds between two comparisons without an event.
        settling: The seconds for which nothing may change before an update.
    """

    sources: Sequence[Path]
    folder: Path
    landings: set[str] = field(default_factory=set)
    pause: float = _PAUSE
    settling: float = _SETTLING

    def look(self) -> Look:
        """The current state of all files."""
        from cbx.runtime.update.file_signatures import signature

        stamps = {str(file): _stamp(file) for source in self.sources for file in _files(source)}
        return stamps | {landing: signature(landing, self.folder) for landing in self.landings}

    def wait(self, before: Look, read: Mapping[str, str]) -> None:
        """Return when a file differs from what the update has read.

        Args:
            before: The state of all files before the update.
            read: The landing folders that the update has read, with their state then.
        """
        self.landings |= set(read)
        seen = {**before, **read}
        started = time.monotonic()
        now = self.look()
        ticks = self._ticks(max(self.pause, _SHARE * (time.monotonic() - started)))
        while now == seen:
            next(ticks)
            now = self.look()
        self._settle(now)

    def _settle(self, now: Look) -> None:
        """Wait until no file changes any more, for a limited time."""
        deadline = time.monotonic() + _MOST_SETTLING
        while time.monotonic() < deadline:
            time.sleep(self.settling)
            before, now = now, self.look()
            if now == before:
                return

    def _ticks(self, pause: float) -> Iterator[None]:
        """Yield when the files are to be compared: after an event, and after every pause."""
        from cbx.runtime.update.file_signatures import plain_root

        try:
            from watchfiles import watch

            roots = {*self.sources, *(plain_root(landing, self.folder) for landing in self.landings)}
            for _ in watch(
                *(root for root in roots if root.exists()),
                watch_filter=None,
                rust_timeout=int(pause * 1000),
                yield_on_timeout=True,
            ):
                yield
        except (ImportError, OSError):  # no watcher, or no more watches left for it
            pass
        while True:
            time.sleep(pause)
            yield


def watched_paths(paths: Sequence[Path], root: Path | None) -> tuple[Path, ...]:
    """The paths to watch beside the landing folders.

    Args:
        paths: The notebooks, files and folders in the arguments.
        root: The project's folder; None if there are arguments.
    """
    if root is None:
        return tuple(paths)
    return (root / "project.toml", root / "models", root / "macros", root / "seeds", *_manifests(root))


def _manifests(root: Path) -> Iterator[Path]:
    """The manifests of other projects; none while the settings cannot be read."""
    from cbx.diagnostics.diagnostic import Report
    from cbx.project.settings import load_project

    project = load_project(root, Report())
    for dependency in project.settings.dependencies.values() if project is not None else ():
        yield root / dependency.manifest


def _stamp(file: Path) -> str:
    try:
        status = file.stat()
    except OSError:
        return "gone"
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ino}"


def _files(source: Path) -> Iterable[Path]:
    """The source files in a folder, without hidden folders and caches."""
    if not source.is_dir():
        yield source
        return
    for folder, folders, files in os.walk(source):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__")))
        yield from (Path(folder, name) for name in sorted(files) if Path(name).suffix in _SUFFIXES)
