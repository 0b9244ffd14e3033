"""Reads on Sail what is outside the pipeline: the files that stand in for tables, topics and services."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cbx.declare.outside_systems import STREAMING_SERVICES
from cbx.runtime.landing_files.read_data_files import infer_data_files
from cbx.runtime.outside.data_files import DELTA, DataFiles, reader_options, visible_files
from cbx.runtime.outside.message_reads import MessageReads
from cbx.runtime.outside.outside_reads import OutsideReads
from cbx.runtime.outside.stored_messages import message_schema
from cbx.runtime.sail.checkpoints import as_read, read_files
from cbx.runtime.sail.refusals import NotOnSailError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pyspark.sql import DataFrame

    from cbx.runtime.landing_files.read_new_files import NewRows
    from cbx.runtime.outside.stand_ins import TableStandIns
    from cbx.runtime.sail.engine import SailEngine

_LOOKUP: Final = "recursiveFileLookup"


@dataclass(frozen=True, slots=True)
class SailMessages(MessageReads):
    """The methods of ``MessageReads`` that read rows, on Sail.

    Attributes:
        engine: The engine.
    """

    engine: SailEngine

    def has_connector(self, service: str) -> bool:
        """Refuse a service for which no folder stands in.

        Raises:
            NotOnSailError: Always.
        """
        raise NotOnSailError(f"reads {STREAMING_SERVICES[service].title}")

    def rows(self, stored: Path) -> DataFrame:
        """All messages of a folder of stored messages."""
        return self.engine.read_parquet(list(visible_files(stored)), message_schema())

    def new_rows(self, stored: Path, checkpoint: Path | None) -> DataFrame:
        """The new messages of a folder of stored messages, as a stream."""
        files, columns = list(visible_files(stored)), message_schema()
        return self.engine.stream_parquet(files, columns, require_checkpoint(checkpoint))


@dataclass(frozen=True, slots=True)
class SailOutside(OutsideReads):
    """The methods of ``OutsideReads`` that read rows, on Sail.

    Attributes:
        engine: The engine.
    """

    engine: SailEngine

    @classmethod
    def of(cls, engine: SailEngine, tables: TableStandIns, streams: Mapping[str, Path], state: Path) -> SailOutside:
        """The reads of an engine; the arguments are those of ``OutsideReads`` and ``MessageReads``."""
        messages = SailMessages(engine.spark, streams, state, engine)
        return cls(engine.spark, tables, messages, state, engine)

    def batch(self, files: DataFiles, options: Mapping[str, str]) -> DataFrame:  # noqa: ARG002 - those of Delta
        """All rows of files."""
        new = self._read(files, ())
        return self.engine.make_frame(new.table, new.schema)

    def stream(
        self,
        files: DataFiles,
        options: Mapping[str, str],  # noqa: ARG002 - limits of a micro-batch: there is one
        schema_folder: Path,  # noqa: ARG002 - that of Delta
        checkpoint: Path | None,
    ) -> DataFrame:
        """The new rows of files."""
        read = read_files(require_checkpoint(checkpoint))
        new = self._read(files, tuple(file.uri for file in read))
        frame = self.engine.make_frame(new.table, new.schema)
        return self.engine.add_new_files(frame, read, [as_read(file) for file in new.files])

    def delta_files(self, path: str) -> DataFiles:  # noqa: ARG002 - as above
        """Refuse a Delta table.

        Raises:
            NotOnSailError: Always.
        """
        raise NotOnSailError("reads a Delta table")

    def _read(self, files: DataFiles, read: tuple[str, ...]) -> NewRows:
        if files.format == DELTA:
            raise NotOnSailError("reads a Delta table")
        path, options = str(files.path), {**reader_options(files)}
        options.pop(_LOOKUP, None)
        return self.engine.read_once((path, *read), lambda: infer_data_files(path, files.format, options, read))


def require_checkpoint(checkpoint: Path | None) -> Path:
    """The checkpoint of the flow for which a stream is read.

    Raises:
        NotOnSailError: If there is none: a stream that a module makes.
    """
    if checkpoint is None:
        raise NotOnSailError("makes a stream outside of the function of a dataset")
    return checkpoint
