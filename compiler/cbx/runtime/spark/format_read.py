"""A read of files by their format, which an engine may do itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql.types import StructType


class FormatRead(NamedTuple):
    """A read of files by their format.

    Attributes:
        file_format: Spark's name of the format, in lower case.
        paths: The files and folders.
        options: The options of the reader.
        schema: The given columns; None to infer them.
        is_stream: Whether only new files are read.
    """

    file_format: str
    paths: tuple[str, ...]
    options: Mapping[str, str]
    schema: StructType | None
    is_stream: bool
