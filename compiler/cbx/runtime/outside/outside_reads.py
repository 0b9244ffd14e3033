"""Reads what is outside the pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cbx.runtime.names import DatasetName
from cbx.runtime.outside.data_files import DELTA, DataFiles, read_batch, read_new_files
from cbx.runtime.outside.delta_tables import delta_path, has_delta, read_delta, stream_delta
from cbx.runtime.outside.saved_tables import saved_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import DataFrame, SparkSession

    from cbx.runtime.definitions import Dataset
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
            table = self.delta_files(path)
            return None if table.format == DELTA and has_delta(self.spark) else table
        files = self.tables.find(name, None if dataset is None else dataset.name)
        saved = saved_table(self.state, name)
        if files is None and dataset is None and (saved / "_delta_log").is_dir():
            return DataFiles(saved, DELTA)
        return files

    def batch(self, files: DataFiles, options: Mapping[str, str]) -> DataFrame:
        """All rows of files; the options are those of Delta, which other files ignore."""
        if files.format == DELTA:
            return read_delta(files.path, self.spark, options)
        return read_batch(files, self.spark)

    def stream(
        self,
        files: DataFiles,
        options: Mapping[str, str],
        schema_folder: Path,
        checkpoint: Path | None,  # noqa: ARG002 - Spark knows it when the stream starts
    ) -> DataFrame:
        """The new rows of files.

        Args:
            files: The files.
            options: The options of the reader.
            schema_folder: Where the stream may keep its state between updates.
            checkpoint: How far the flow has read; None for a stream that a module makes.
        """
        if files.format == DELTA:
            return stream_delta(files.path, self.spark, options, self.state, schema_folder)
        return read_new_files(files, self.spark, options)

    def delta_files(self, path: str) -> DataFiles:
        """The files that stand in for the Delta table at a path, or the table itself."""
        stand_in = self.tables.find(DatasetName.of([DELTA, path]), None)
        return stand_in or DataFiles(delta_path(path), DELTA)


def _delta_path(name: DatasetName) -> str | None:
    """The path in a name such as ``delta.`/data/orders```; None for another name."""
    kind, _, path = name.written.partition(".")
    return path if kind.lower() == DELTA and ("/" in path or ":" in path) else None
