"""A file or a folder of files in one format, read as a batch or as a stream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

DELTA: Final = "delta"
_FORMATS: Final = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".orc": "orc",
    ".txt": "text",
}
_COMPRESSED: Final = (".gz", ".bz2", ".zst", ".snappy", ".lz4")
_OPTIONS: Final = {"csv": {"header": "true", "inferSchema": "true"}}
_OLDEST_FILE: Final = "36500d"
_LIMITS: Final = ("maxfilespertrigger", "maxbytespertrigger")


@dataclass(frozen=True, slots=True)
class DataFiles:
    """A file or a folder of files in one format.

    Attributes:
        path: The file, or the folder.
        format: Spark's name of the format, or ``delta``.
    """

    path: Path
    format: str

    @property
    def folder(self) -> Path:
        """The folder of the files."""
        return self.path if self.path.is_dir() else self.path.parent


def find_data_files(path: Path) -> DataFiles:
    """Find out the format of a file, or of the files in a folder.

    Raises:
        ValueError: If there are none, or their format is unknown or not the same; the message names the path.
    """
    if not path.exists():
        raise ValueError(f"there is no file or folder {path}")
    if (path / "_delta_log").is_dir():
        return DataFiles(path, DELTA)
    files = list(visible_files(path)) if path.is_dir() else [path]
    formats = {_format(file) for file in files}
    if not files:
        raise ValueError(f"the folder {path} has no files")
    if None in formats:
        unknown = next(file for file in files if _format(file) is None)
        raise ValueError(f"the format of {unknown} is not supported")
    if len(formats) > 1:
        raise ValueError(f"the files in {path} have different formats: {', '.join(sorted(filter(None, formats)))}")
    return DataFiles(path, formats.pop() or "")


def visible_files(folder: Path) -> Iterator[Path]:
    """The files below a folder that Spark reads, by path."""
    for file in sorted(folder.rglob("*")):
        inside = file.relative_to(folder).parts
        if file.is_file() and not any(part.startswith((".", "_")) for part in inside):
            yield file


def _format(file: Path) -> str | None:
    name = file.with_suffix("") if file.suffix in _COMPRESSED else file
    return _FORMATS.get(name.suffix.lower())


def read_batch(files: DataFiles, spark: SparkSession) -> DataFrame:
    """All rows of files. Types of CSV and JSON are inferred from all of them; CSV has a header."""
    return _read_all(files, spark, reader_options(files))


def _read_all(files: DataFiles, spark: SparkSession, options: Mapping[str, str]) -> DataFrame:
    return spark.read.format(files.format).options(**options).load(str(files.path))


def read_new_files(files: DataFiles, spark: SparkSession, options: Mapping[str, str]) -> DataFrame:
    """The rows of files as a stream, which reads each file once, by its name.

    Args:
        files: The files; not a Delta table.
        spark: The session.
        options: The options of the reader, of which the limits of a micro-batch are used.
    """
    limits = {name: value for name, value in options.items() if name.lower() in _LIMITS}
    given = reader_options(files)
    reader = spark.readStream.schema(_read_all(files, spark, given).schema).format(files.format)
    reader = reader.options(**given, **limits, maxFileAge=_OLDEST_FILE)
    if not files.path.is_dir():
        reader = reader.option("pathGlobFilter", files.path.name)
    return reader.load(str(files.folder))


def reader_options(files: DataFiles) -> dict[str, str]:
    """The options with which Spark reads files."""
    options = dict(_OPTIONS.get(files.format, {}))
    all_files = list(visible_files(files.path)) if files.path.is_dir() else [files.path]
    if files.format == "json" and any(_is_array(file) for file in all_files):
        options["multiLine"] = "true"
    if files.path.is_dir() and not any("=" in file.parent.name for file in all_files):
        options["recursiveFileLookup"] = "true"
    return options


def _is_array(file: Path) -> bool:
    """Whether a JSON file is one array of records instead of a record per line."""
    with file.open("rb") as content:
        return content.read(64).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[")
