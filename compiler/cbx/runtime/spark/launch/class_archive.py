"""An archive of Spark's classes, from which Java starts faster.

Java reads, checks and links some twenty thousand classes whenever Spark runs an update, which is a fifth of the
processor time of a small one. A process writes those that it has loaded to the user's cache when it ends, which takes
as long as an update, so the third one does it: a machine that is set up anew for each run never does. Later ones map
them into memory. Java itself looks whether an archive fits (its own version, and the time of each file of the class
path), and starts without one that does not.
"""

from __future__ import annotations

import hashlib
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

ARCHIVE_VARIABLE: Final = "CBX_CLASS_ARCHIVE"
"""The environment variable with the path of an archive; empty for none."""
_OPTIONS: Final = ("SharedArchiveFile", "ArchiveClassesAtExit", "-Xshare")
_OPTION_VARIABLES: Final = ("PYSPARK_SUBMIT_ARGS", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS")
_SILENT: Final = "-Xlog:cds=off -Xlog:cds+dynamic=off -Xlog:class+path=off"
"""Java says on standard output what it leaves out of an archive, and why it does not use one."""
_RUNS: Final = 3
"""The process of Spark that writes the archive."""
_UNUSED: Final = 60 * 24 * 3600.0
"""After how many seconds an archive that no process has used is removed."""
_ABANDONED: Final = 3600.0
"""After how many seconds an archive that is not complete is removed."""


def class_archive_options(home: Path, spark: Path, given: str, environment: Mapping[str, str] = os.environ) -> str:
    """The options with which Java uses the archive, or writes it if there is none.

    Args:
        home: The folder of Java.
        spark: The folder of Spark.
        given: The options of Java that are given; if they have an archive, cbx adds none.
        environment: The variables of the environment.
    """
    if any(option in text for text in (given, *map(environment.get, _OPTION_VARIABLES)) for option in _OPTIONS if text):
        return ""
    named = environment.get(ARCHIVE_VARIABLE)
    if named is not None:
        return _use(Path(named)) if named else ""
    with suppress(OSError):
        archive = _cache_folder(environment) / f"spark-{_key(home, spark)}.jsa"
        archive.parent.mkdir(parents=True, exist_ok=True)
        _publish(archive)
        if archive.is_file():
            os.utime(archive)
            return _use(archive)
        if _count_run(archive.with_suffix(".runs")) >= _RUNS:
            return f"-XX:ArchiveClassesAtExit={_quote(_partial(archive))} {_SILENT}"
    return ""


def _use(archive: Path) -> str:
    return f"-XX:SharedArchiveFile={_quote(archive)} {_SILENT}"


def _quote(path: Path) -> str:
    return f'"{path}"'


def _cache_folder(environment: Mapping[str, str]) -> Path:
    cache = environment.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "cbx"


def _key(home: Path, spark: Path) -> str:
    """A hash of Java and Spark, so that an archive that does not fit any more is written again."""
    release = home / "release"
    parts = (
        str(home.resolve()),
        release.read_text(encoding="utf-8", errors="replace") if release.is_file() else "",
        str(spark.resolve()),
        str((spark / "jars").stat().st_mtime_ns),
    )
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _partial(archive: Path) -> Path:
    return archive.with_suffix(f".{os.getpid()}.partial")


def _count_run(file: Path) -> int:
    """How many processes there were, with this one; the file has a byte for each."""
    with file.open("ab") as runs:
        runs.write(b".")
        return runs.tell()


def _publish(archive: Path) -> None:
    """Take over an archive that an earlier process has completed; remove what nobody uses."""
    for partial in sorted(archive.parent.glob(f"{archive.stem}.*.partial")):
        if _is_complete(partial):
            partial.replace(archive)
        elif time.time() - partial.stat().st_mtime > _ABANDONED:
            partial.unlink(missing_ok=True)
    for other in archive.parent.glob("spark-*.*"):
        if time.time() - other.stat().st_mtime > _UNUSED:
            other.unlink(missing_ok=True)


def _is_complete(partial: Path) -> bool:
    """Whether an archive has its first bytes, which Java writes last."""
    with partial.open("rb") as file:
        return any(file.read(4))
