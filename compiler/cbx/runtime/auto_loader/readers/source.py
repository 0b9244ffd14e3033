"""The input and the output of the readers of all formats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cbx.runtime.auto_loader.listing import is_limited_in_time, is_modified_between

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyspark.sql import Column, DataFrame, DataFrameReader, SparkSession
    from pyspark.sql.streaming.readwriter import DataStreamReader
    from pyspark.sql.types import StructType

    from cbx.runtime.auto_loader.options import LoaderOptions

# Spark forgets files that are a week older than the newest one and leaves such files out, which loses a file
# that was moved into the folder with its old time.
_NEVER_FORGET: Final = "36500d"
_OF_FILES: Final = (
    "pathglobfilter",
    "ignoremissingfiles",
    "ignorecorruptfiles",
    "maxfilespertrigger",
    "maxbytespertrigger",
    "latestfirst",
    "linesep",
    "encoding",
)


@dataclass(frozen=True, slots=True)
class LandingSource:
    """A landing folder and how to read it.

    Attributes:
        spark: The session.
        options: The checked options.
        landing: The path given to `load`.
        columns: The wanted data columns, with hints applied.
        seen: Every field name in the files; for Parquet and ORC with the files' types.
        known: The files whose schema was read, by URI, without those that the stream has read before.
        headers: The header of each CSV file, by URI.
        is_rescuing_new: Whether a field without a column goes to the rescued data column.
        is_strict: Whether a value of another type makes a record malformed: there is no rescued data column for it.
        is_stream: Whether new files are read as a stream, and not all files in batch.
    """

    spark: SparkSession
    options: LoaderOptions
    landing: str
    columns: StructType
    seen: StructType
    known: tuple[str, ...]
    headers: dict[str, tuple[str, ...]]
    is_rescuing_new: bool
    is_strict: bool
    is_stream: bool

    def reader(self, file_format: str) -> DataStreamReader | DataFrameReader:
        """Spark's reader with the notebook's own options."""
        return (
            self._plain_reader(file_format)
            .options(**self.options.reader)
            .option("recursiveFileLookup", "true")
            .option("maxFileAge", _NEVER_FORGET)
        )

    def text_reader(self) -> DataStreamReader | DataFrameReader:
        """Spark's reader of texts, of the same files."""
        return self._plain_reader("text").options(**_file_options(self.options))

    def _plain_reader(self, file_format: str) -> DataStreamReader | DataFrameReader:
        return (self.spark.readStream if self.is_stream else self.spark.read).format(file_format)

    def load(self, reader: DataStreamReader | DataFrameReader) -> DataFrame:
        """The rows of a reader, of the files that were modified within the time limits."""
        rows = reader.load(self.landing)
        return rows.where(is_modified_between(self.options)) if is_limited_in_time(self.options) else rows


@dataclass(frozen=True, slots=True)
class ParsedRows:
    """Rows before the final selection.

    Attributes:
        rows: The frame.
        column: The value of a wanted column, by name.
        rescued: The rescued data; NULL if the whole record fits.
        malformed: The text of a malformed record; NULL for others.
    """

    rows: DataFrame
    column: Callable[[str], Column]
    rescued: Column
    malformed: Column


def _file_options(options: LoaderOptions) -> dict[str, str]:
    """The options that select files, without those that set how files are read."""
    chosen = {key: value for key, value in options.reader.items() if key.lower() in _OF_FILES}
    return {**chosen, "recursiveFileLookup": "true", "maxFileAge": _NEVER_FORGET}
