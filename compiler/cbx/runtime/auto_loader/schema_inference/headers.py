"""The header of a CSV file."""

from __future__ import annotations

import bz2
import csv
import gzip
import itertools
from typing import IO, TYPE_CHECKING, Final

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException

from cbx.runtime.auto_loader.errors import AutoLoaderError, explain_failure
from cbx.runtime.auto_loader.listing import local_path
from cbx.runtime.auto_loader.readers.csv_records import read_records

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from cbx.runtime.auto_loader.listing import LandedFile
    from cbx.runtime.auto_loader.options import LoaderOptions

_OTHER_COMPRESSION: Final = (".zst", ".snappy", ".lz4", ".deflate", ".xz")


def read_header(spark: SparkSession, options: LoaderOptions, file: LandedFile) -> tuple[str, ...]:
    """Read the column names of a CSV file; `_c0`, `_c1` and so on for a file without a header.

    Local files are read without Spark, since a job for each of a thousand files would take a minute.

    Returns:
        The names; none for an empty file.

    Raises:
        AutoLoaderError: The file cannot be read.
    """
    names = read_local_header(options, file)
    return _read_by_spark(spark, options, file) if names is None else names


def read_local_header(options: LoaderOptions, file: LandedFile) -> tuple[str, ...] | None:
    """Read the column names of a CSV file without Spark.

    Returns:
        The names; None if only Spark can read the file.

    Raises:
        AutoLoaderError: The file cannot be read.
    """
    path = local_path(file.uri)
    if path is None or path.endswith(_OTHER_COMPRESSION) or len(options.separator) != 1:
        return None
    try:
        record = _first_record(path, options)
    except PermissionError as error:
        raise AutoLoaderError(
            "no permission to read the file", path=path, hint="grant read permission on it"
        ) from error
    except FileNotFoundError as error:
        raise AutoLoaderError(
            "the file was deleted before it was read", path=path, hint="run again", is_restart_enough=True
        ) from error
    except (OSError, EOFError, csv.Error, UnicodeError) as error:
        raise AutoLoaderError(
            f"the first line cannot be read: {error}",
            path=path,
            hint="replace it and run again",
        ) from error
    return _names(record, has_header=options.is_reader_set("header"))


def _first_record(path: str, options: LoaderOptions) -> list[str]:
    encoding = options.reader_value("encoding", options.reader_value("charset", "UTF-8"))
    encoding = "utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding
    comment = options.reader_value("comment", "")
    with _open(path, encoding) as stream:
        unskipped = itertools.islice(stream, options.skipped_rows, None)
        lines = (line for line in unskipped if line.strip() and not (comment and line.startswith(comment)))
        records = csv.reader(
            lines,
            delimiter=options.separator,
            quotechar=options.quote or None,
            quoting=csv.QUOTE_MINIMAL if options.quote else csv.QUOTE_NONE,
            escapechar=options.escape if options.escape != options.quote else None,
        )
        record = next(records, [])
    if options.is_reader_set("ignoreLeadingWhiteSpace"):
        record = [name.lstrip() for name in record]
    return [name.rstrip() for name in record] if options.is_reader_set("ignoreTrailingWhiteSpace") else record


def _open(path: str, encoding: str) -> IO[str]:
    if path.endswith(".gz"):
        return gzip.open(path, "rt", encoding=encoding, errors="replace", newline="")
    if path.endswith(".bz2"):
        return bz2.open(path, "rt", encoding=encoding, errors="replace", newline="")
    return open(path, encoding=encoding, errors="replace", newline="")  # noqa: PTH123 - the caller closes it


def _names(record: list[str], *, has_header: bool) -> tuple[str, ...]:
    """Names as Spark generates them: an empty one becomes `_c1`, and a repeated one gets its position."""
    if not has_header:
        return tuple(f"_c{place}" for place in range(len(record)))
    counts = [sum(other.lower() == name.lower() for other in record) for name in record]
    return tuple(
        f"_c{place}" if not name else f"{name}{place}" if counts[place] > 1 and name in record[:place] else name
        for place, name in enumerate(record)
    )


def _read_by_spark(spark: SparkSession, options: LoaderOptions, file: LandedFile) -> tuple[str, ...]:
    try:
        if options.skipped_rows:
            return tuple(read_records(spark, options, (file,), has_header=False).columns)
        return tuple(spark.read.options(**options.reader).csv(file.glob).columns)
    except (PySparkException, Py4JJavaError) as error:
        raise explain_failure(error, file.path) or AutoLoaderError(
            f"the first line cannot be read: {str(error).splitlines()[0]}", path=file.path
        ) from error
