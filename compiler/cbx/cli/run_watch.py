"""Waiting until files change that an update was made of.

What counts is how the files are now, compared with how they were before the update looked at them. So nothing is missed
that changes while an update runs. Events of the file system only say when to look; where there are none, as on many
network drives, the files are looked at every few seconds all the same.
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
"""Looking takes at most this part of the time of waiting."""
_SUFFIXES = frozenset({".py", ".sql", ".ipynb", ".toml"})

Look = Mapping[str, str]


@dataclass(slots=True)
class Watcher:
    """Sees changes of source files and of landing folders.

    Attributes:
        sources: Files, and folders of which the source files count: models, macros, notebooks.
        folder: Where the paths of landing folders start.
        landings: The landing folders that are known so far, as their readers name them.
    """

    sources: Sequence[Path]
    folder: Path
    landings: set[str] = field(default_factory=set)

    def look(self) -> Look:
        """How everything is now."""
        from cbx.runtime.update.up_to_date import signature

        found = {str(file): _stamp(file) for source in self.sources for file in _files(source)}
        return found | {landing: signature(landing, self.folder) for landing in self.landings}

    def wait(self, before: Look, read: Mapping[str, str]) -> None:
        """Return once something is other than an update has seen it.

        Args:
            before: How everything was before the update.
            read: The landing folders that the update has read, each with how it was then.
        """
        self.landings |= set(read)
        seen = {**before, **read}
        started = time.monotonic()
        now = self.look()
        ticks = self._ticks(max(_PAUSE, _SHARE * (time.monotonic() - started)))
        while now == seen:
            next(ticks)
            now = self.look()
        self._settle(now)

    def _settle(self, now: Look) -> None:
        """Wait while files are still being written, for a while."""
        deadline = time.monotonic() + _MOST_SETTLING
        while time.monotonic() < deadline:
            time.sleep(_SETTLING)
            before, now = now, self.look()
            if now == before:
                return

    def _ticks(self, pause: float) -> Iterator[None]:
        """The moments at which to look: after an event, and after every pause."""
        from cbx.runtime.update.up_to_date import plain_root

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


def sources_of(paths: Sequence[Path], root: Path | None) -> tuple[Path, ...]:
    """What an update is made of, beside what lands.

    Args:
        paths: The notebooks, files and folders that were named.
        root: The project's folder, where none were named.
    """
    if root is None:
        return tuple(paths)
    return (root / "project.toml", root / "models", root / "macros")


def _stamp(file: Path) -> str:
    try:
        status = file.stat()
    except OSError:
        return "gone"
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ino}"


def _files(source: Path) -> Iterable[Path]:
    """The source files of a folder, without hidden folders and caches."""
    if not source.is_dir():
        yield source
        return
    for folder, folders, files in os.walk(source):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__")))
        yield from (Path(folder, name) for name in sorted(files) if Path(name).suffix in _SUFFIXES)
