"""The files of buckets: parts of an AUTO CDC target and of its state, each with all rows of some keys.

    tables/<schema>/<table>/<version>/bucket-00007-part-....parquet

A file has the rows of one bucket only, so a version that differs from the one before in some buckets consists of new
files for these and of links to the old files of all others.
"""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING, Final

from cbx.runtime.auto_cdc import BUCKET
from cbx.runtime.tables.store import link_file

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from pyspark.sql import DataFrame

_STAGED: Final = "_staged"
"""Spark reads no folder whose name starts with an underscore."""
_NAME: Final = re.compile(r"bucket-(\d+)-")


def bucket_file_name(number: int, name: str) -> str:
    """The name of a file of a bucket."""
    return f"bucket-{number:05d}-{name}"


def bucket_of_file(name: str) -> int | None:
    """The number of the bucket whose rows a file has; None if it has rows of all."""
    match = _NAME.match(name)
    return None if match is None else int(match[1])


def glob_of_buckets(numbers: Collection[int]) -> str:
    """A pattern, as Hadoop reads it, for the names of the files of some buckets."""
    return "{" + ",".join(bucket_file_name(number, "*") for number in sorted(numbers)) + "}"


def write_by_bucket(rows: DataFrame, folder: Path) -> None:
    """Write rows with Spark, each to a file of its bucket, whose number is not written."""
    folder.mkdir(parents=True, exist_ok=True)
    staged = folder / _STAGED
    writer = rows.write.mode("overwrite").partitionBy(BUCKET)
    writer.option("mapreduce.fileoutputcommitter.marksuccessfuljobs", "false").parquet(str(staged))
    for part in staged.glob(f"{BUCKET}=*"):
        number = int(part.name.partition("=")[2])
        for file in part.glob("*.parquet"):
            file.rename(folder / bucket_file_name(number, file.name))
    shutil.rmtree(staged, ignore_errors=True)


def link_other_buckets(before: Path, after: Path, written: Collection[int]) -> None:
    """Add the files of those buckets that were not written again to a version.

    Args:
        before: The folder of the version before.
        after: The folder of the new version.
        written: The buckets that were written.
    """
    for file in before.glob("*.parquet"):
        number = bucket_of_file(file.name)
        if number is not None and number not in written:
            link_file(file, after / file.name)
