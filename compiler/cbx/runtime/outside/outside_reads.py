"""Reads what is outside the pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cbx.runtime.outside.data_files import DELTA, DataFiles, read_batch, read_new_files
from cbx.runtime.outside.delta_tables import has_delta, read_delta, stream_delta
from cbx.runtime.outside.saved_tables import saved_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import DataFrame, SparkSession

    from cbx.runtime.definitions import Dataset
    from cbx.runtime.names import DatasetName
    from cbx.runtime.outside.message_reads import MessageReads
    from cbx.runtime.outside.stand_ins import TableStandIns


@dataclass(frozen=True, slots=True)
class OutsideReads:
    """Reads tables of a catalog and streaming services, for which files stand in.

    Attributes:
        spark: The session.
        tables: The files that stand in for tables.
        messages: The folders that stand in for topics and services.
        state: The state folder.
    """

    spark: SparkSession
    tables: TableStandIns
    messages: MessageReads
    state: Path

    def find(self, name: DatasetName, dataset: Dataset | None) -> DataFiles | None:
        """The files that stand in for a table; None if the pipeline or Spark has it.

        Args:
            name: The table as a query names it.
            dataset: The dataset of the pipeline that has this name if the catalog is ignored.
        """
        path = _delta_path(name)
        if path is not None:
            return None if has_delta(self.spark) else DataFiles(Path(path), DELTA)
        files = self.tables.find(name, None if dataset is None else dataset.name)
        saved = saved_table(self.state, name)
        if files is None and dataset is None and (saved / "_delta_log").is_dir():
            return DataFiles(saved, DELTA)
        return files

    def batch(self, files: DataFiles) -> DataFrame:
        """All rows of files."""
        return self.delta_batch(str(files.path), {}) if files.format == DELTA else read_batch(files, self.spark)

    def stream(self, files: DataFiles, options: Mapping[str, str], schema_folder: Path) -> DataFrame:
        """The new rows of files.

        Args:
            files: The files.
            options: The options of the reader.
            schema_folder: Where the stream may keep its state between updates.
        """
        if files.format == DELTA:
            return self.delta_stream(str(files.path), options, schema_folder)
        return read_new_files(files, self.spark, options)

    def delta_batch(self, path: str, options: Mapping[str, str]) -> DataFrame:
        """The rows of the Delta table at a path."""
        return read_delta(_local(path), self.spark, options)

    def delta_stream(self, path: str, options: Mapping[str, str], schema_folder: Path) -> DataFrame:
        """The new rows of the Delta table at a path."""
        return stream_delta(_local(path), self.spark, options, self.state, schema_folder)


def _delta_path(name: DatasetName) -> str | None:
    """The path in a name such as ``delta.`/data/orders```; None for another name."""
    kind, _, path = name.written.partition(".")
    return path if kind.lower() == DELTA and ("/" in path or ":" in path) else None


def _local(path: str) -> Path:
    return Path(path.removeprefix("dbfs:").removeprefix("file:"))
