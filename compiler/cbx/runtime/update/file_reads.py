"""Reads files for the flows of an update: landing folders, and files that stand in for tables and services."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cbx.runtime.auto_loader.reading_plan import Opening
from cbx.runtime.outside.data_files import DELTA
from cbx.runtime.outside.delta_tables import has_delta
from cbx.runtime.tables.store import folder_name
from cbx.runtime.update.file_signatures import signature

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pyspark.sql import DataFrame
    from pyspark.sql.types import StructType

    from cbx.runtime.definitions import Dataset
    from cbx.runtime.flow_context import Engine, FlowContext
    from cbx.runtime.names import DatasetName
    from cbx.runtime.outside.data_files import DataFiles
    from cbx.runtime.outside.outside_reads import OutsideReads
    from cbx.runtime.spark.format_read import FormatRead

MODULE_STREAMS: Final = "module_streams"
"""The folder of the state of streams that modules make outside of the functions of datasets."""


@dataclass(slots=True)
class FileReads:
    """Reads files, and keeps their signatures.

    The flow for which files are read is None where a module reads them outside of the functions of datasets.

    Attributes:
        engine: Reads landing folders.
        outside: Reads what is outside the pipeline.
        state: The state folder.
        working_folder: The folder of relative paths.
        note: Receives notes.
        signatures: The landing folders and files that are read, each with a signature of its files before they were
            read.
    """

    engine: Engine
    outside: OutsideReads
    state: Path
    working_folder: Path
    note: Callable[[str], None]
    signatures: dict[str, str] = field(default_factory=dict)
    _made_by_modules: dict[str, int] = field(default_factory=dict)

    def watch(self, path: str) -> None:
        """Keep the signature of the files of a path before they are read."""
        self.signatures.setdefault(path, signature(path, self.working_folder))

    def open_files(
        self, options: Mapping[str, str], path: str, schema: StructType | None, context: FlowContext | None
    ) -> DataFrame:
        """New files of a folder, as Auto Loader reads them."""
        folder = self._source_folder(path, context)
        self.watch(path)
        return self.engine.open_files(Opening(options, path, schema, self.note), folder, context)

    def read_files(
        self, options: Mapping[str, str], path: str, schema: StructType | None, context: FlowContext | None
    ) -> DataFrame:
        """All files of a folder, as the function ``read_files`` reads them."""
        self.watch(path)
        if context is not None:
            context.reads.landings.append(path)
        return self.engine.read_files(Opening(options, path, schema, self.note))

    def read_format(self, files: FormatRead, context: FlowContext | None) -> DataFrame | None:
        """The rows of files, as ``spark.read`` and ``spark.readStream`` read them; None if these themselves do."""
        before = {path: signature(path, self.working_folder) for path in files.paths}
        rows = self.engine.read_format(files, context)
        if rows is not None:
            self.signatures = {**before, **self.signatures}
        return rows

    def read_outside(
        self, files: DataFiles, options: Mapping[str, str], context: FlowContext | None, *, is_stream: bool
    ) -> DataFrame:
        """The rows of files outside the pipeline."""
        self.watch(str(files.path))
        if is_stream:
            folder = self._source_folder(str(files.folder), context)
            return self.outside.stream(files, options, folder, _checkpoint(context))
        return self.outside.batch(files, options)

    def read_stand_in(
        self,
        name: DatasetName,
        dataset: Dataset | None,
        options: Mapping[str, str],
        context: FlowContext | None,
        *,
        is_stream: bool,
    ) -> DataFrame | None:
        """The rows of the files that stand in for a table; None if the pipeline or Spark has it."""
        files = self.outside.find(name, dataset)
        return None if files is None else self.read_outside(files, options, context, is_stream=is_stream)

    def read_delta(
        self, options: Mapping[str, str], path: str, context: FlowContext | None, *, is_stream: bool
    ) -> DataFrame | None:
        """The rows of the Delta table at a path; None if Spark itself can read it."""
        files = self.outside.delta_files(path)
        if files.format == DELTA and has_delta(self.engine.spark):
            return None
        return self.read_outside(files, options, context, is_stream=is_stream)

    def read_messages(
        self, service: str, options: Mapping[str, str], context: FlowContext | None, *, is_stream: bool
    ) -> DataFrame | None:
        """The messages of a streaming service; None if Spark itself can read them."""

        def remember(source: Path, stored: Path) -> None:
            self.watch(str(source))
            if context is not None:
                context.reads.landings.append(str(stored))

        return self.outside.messages.read(service, options, remember, _checkpoint(context), is_stream=is_stream)

    def _source_folder(self, path: str, context: FlowContext | None) -> Path:
        """Where the next stream keeps its state between updates: with its flow, or with the module that makes it."""
        if context is None:
            self._made_by_modules[path] = self._made_by_modules.get(path, 0) + 1
            return self.state / MODULE_STREAMS / folder_name(path) / str(self._made_by_modules[path])
        context.reads.landings.append(path)
        return context.next_schema_folder()


def _checkpoint(context: FlowContext | None) -> Path | None:
    return None if context is None else context.checkpoint
