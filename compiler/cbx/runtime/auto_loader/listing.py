"""The files of the landing folder, and their Hive-style folders."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import functions as F  # noqa: N812 (Spark's own convention)

from cbx.runtime.auto_loader.errors import AutoLoaderError, explain_failure
from cbx.runtime.errors import root_cause

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

    from cbx.runtime.auto_loader.options import LoaderOptions

_FILE_OPTIONS: Final = ("pathglobfilter", "ignoremissingfiles", "ignorecorruptfiles")
_GLOB: Final = "*?[]{}\\"


@dataclass(frozen=True, slots=True)
class LandedFile:
    """A landing file in a listing.

    Attributes:
        uri: The URI, as in `_metadata.file_path`.
        size: In bytes.
        modified: In nanoseconds since the epoch.
    """

    uri: str
    size: int
    modified: int

    @property
    def path(self) -> str:
        """The path, as users write it."""
        return local_path(self.uri) or unquote(self.uri)

    @property
    def glob(self) -> str:
        """The path with the special characters of globs escaped."""
        return "".join(f"\\{character}" if character in _GLOB else character for character in self.path)


def is_limited_in_time(options: LoaderOptions) -> bool:
    """Whether only files with some modification times are read."""
    return options.modified_after is not None or options.modified_before is not None


def is_modified_between(options: LoaderOptions) -> Column:
    """Whether a row's file was modified between ``modifiedAfter`` and ``modifiedBefore``."""
    modified = F.col("_metadata.file_modification_time")
    chosen = F.lit(True)
    if options.modified_after is not None:
        chosen = chosen & (modified > _time(options.modified_after, options))
    if options.modified_before is not None:
        chosen = chosen & (modified < _time(options.modified_before, options))
    return chosen


def _time(text: str, options: LoaderOptions) -> Column:
    """A time; without a time zone it is in that of the option, or else in that of the session."""
    zone = options.reader_value("timeZone", "")
    time = F.lit(text).cast("timestamp")
    return F.coalesce(F.lit(f"{text} {zone}").try_cast("timestamp"), time) if zone else time


def local_path(uri: str) -> str | None:
    """The local path; None if the file system is not local."""
    return unquote(uri.removeprefix("file:")) if uri.startswith("file:/") else None


def file_uri(path: str) -> str:
    """The URI of an absolute path, as Java writes it: it keeps the characters beyond ASCII, except blanks and controls.

    Example:
        ``/a b/é`` is ``file:/a%20b/é``.
    """
    return "file:" + (quote(path, safe=_UNQUOTED) if path.isascii() else "".join(map(_escape, path)))


def _escape(character: str) -> str:
    is_kept = not character.isascii() and unicodedata.category(character) not in _QUOTED
    return character if is_kept else quote(character, safe=_UNQUOTED)


_UNQUOTED: Final = "/_-!.~'()*,;:$&+=@"
"""The characters of ASCII that Java's URI keeps in a path, beside letters and digits."""
_QUOTED: Final = frozenset({"Zs", "Zl", "Zp", "Cc"})
"""The categories of Unicode that it does not keep."""


def list_files(spark: SparkSession, options: LoaderOptions, landing: str) -> tuple[LandedFile, ...]:
    """List the landing folder with Spark's own listing, so that globs and hidden files mean the same.

    Subfolders are listed too, as in Auto Loader. No Spark job runs.

    Args:
        spark: The session.
        options: The checked options.
        landing: The path given to `load`.

    Returns:
        The files by name.

    Raises:
        AutoLoaderError: The folder does not exist, or it or a file may not be read.
    """
    file_options = {key: value for key, value in options.reader.items() if key.lower() in _FILE_OPTIONS}
    reader = spark.read.format("text").options(**file_options).option("recursiveFileLookup", "true")
    try:
        files = _look_at_all(reader.load(landing))
    except (PySparkException, Py4JJavaError) as error:
        raise explain_failure(error, landing) or AutoLoaderError(
            f"the landing folder cannot be listed: {root_cause(error)}", path=landing
        ) from error
    after, before = (_nanoseconds(spark, text, options) for text in (options.modified_after, options.modified_before))
    return tuple(
        file
        for file in files
        if file is not None and (after is None or file.modified > after) and (before is None or file.modified < before)
    )


def _nanoseconds(spark: SparkSession, text: str | None, options: LoaderOptions) -> int | None:
    """Parse a time to nanoseconds since the epoch. Spark's own filter of a listing uses another time zone."""
    if text is None:
        return None
    try:
        (row,) = spark.sql("SELECT 1").select(F.unix_micros(_time(text, options))).collect()
    except PySparkException as error:
        raise AutoLoaderError(
            f"invalid timestamp {text!r}", hint="write a timestamp such as 2024-05-01T10:00:00"
        ) from error
    return int(row[0]) * 1000


def _look_at_all(rows: DataFrame) -> Iterable[LandedFile | None]:
    """The files that a frame reads, by name: those of this machine as they are now, others as they were listed."""
    plan: Any = rows._jdf  # noqa: SLF001 - plans have no Python face
    location = plan.queryExecution().analyzed().relation().location()
    uris = [str(uri).replace("file:///", "file:/", 1) for uri in location.inputFiles()]
    if all(local_path(uri) is not None for uri in uris):
        return [look_at(uri) for uri in sorted(uris)]
    statuses = location.allFiles().mkString(_SEPARATOR).split(_SEPARATOR)
    return sorted(map(_listed_file, uris, statuses), key=lambda file: file.uri)


def _listed_file(uri: str, status: str) -> LandedFile:
    """A file of other storage.

    Args:
        uri: Its URI.
        status: The text of Hadoop's status of it, since all texts come with one call of Java.
    """
    numbers = _STATUS.search(status)
    size, modified = map(int, numbers.groups()) if numbers is not None else (-1, -1)
    return LandedFile(uri, size, modified * 1_000_000)


_SEPARATOR: Final = "\0"
_STATUS: Final = re.compile(r".*; isDirectory=false; length=(\d+);.*; modification_time=(\d+)", re.DOTALL)


def look_at(uri: str) -> LandedFile | None:
    """A file of this machine as it is now; None if it was deleted.

    Raises:
        AutoLoaderError: It may not be read.
    """
    path = unquote(uri.removeprefix("file:"))
    try:
        status = os.stat(path)  # noqa: PTH116 (ten thousand files: a Path for each costs more than the look)
    except FileNotFoundError:
        return None
    if not os.access(path, os.R_OK):
        raise AutoLoaderError("no permission to read the file", path=path, hint="grant read permission on it")
    return LandedFile(uri, status.st_size, status.st_mtime_ns)


def partition_values(uri: str, landing: str) -> Mapping[str, str]:
    """The Hive-style folders of a file below the landing folder, `{"year": "2024"}` for `year=2024`."""
    path = unquote(uri)
    start = path.find(landing.rstrip("/"))
    below = path[start + len(landing.rstrip("/")) :] if start >= 0 else path
    pairs = (folder.partition("=") for folder in below.split("/")[:-1])
    return {name: value for name, equals, value in pairs if name and equals}


def partition_columns(
    files: tuple[LandedFile, ...], options: LoaderOptions, landing: str
) -> tuple[tuple[str, bool], ...]:
    """The partition columns, each with whether all of its values are whole numbers.

    Folders that conflict, some files having a column and others not, give none, as documented for
    `cloudFiles.partitionColumns`; columns that the notebook names are taken as they are.
    """
    if options.partition_columns == ():
        return ()
    values = [partition_values(file.uri, landing) for file in files]
    names = options.partition_columns
    if names is None:
        first = tuple(values[0]) if values else ()
        names = first if all(tuple(folders) == first for folders in values) else ()
    return tuple(
        (name, bool(values) and all(_is_number(folders.get(name, "")) for folders in values)) for name in names
    )


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and (text == "0" or not text.startswith("0")) and len(text) < 10
