"""Reads messages of streaming services from the folders that stand in for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pyspark.sql import DataFrame

from cbx.declare.outside_systems import STREAMING_SERVICES
from cbx.diagnostics.codes import NOT_SUPPORTED_LOCALLY
from cbx.runtime.calling_line import calling_line
from cbx.runtime.errors import RunError
from cbx.runtime.outside.java_classes import has_class
from cbx.runtime.outside.message_services import SERVICES, columns_of, topics_of
from cbx.runtime.outside.stored_messages import message_schema, store_new_messages
from cbx.runtime.tables.store import folder_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyspark.sql import SparkSession

MESSAGES: Final = "messages"
"""The folder of stored messages in the state folder."""
_NEVER: Final = "36500d"


@dataclass(frozen=True, slots=True)
class MessageReads:
    """Reads the topics of streaming services.

    Attributes:
        spark: The session.
        folders: The folders that stand in for topics and services, by their names.
        state: The state folder, for the stored messages.
    """

    spark: SparkSession
    folders: Mapping[str, Path]
    state: Path

    def read(
        self,
        service: str,
        options: Mapping[str, str],
        remember: Callable[[Path, Path], None],
        checkpoint: Path | None,
        *,
        is_stream: bool,
    ) -> DataFrame | None:
        """The messages that a reader reads; None if the engine has a connector and no folder stands in.

        Args:
            service: The format of the reader, in lower case.
            options: The options of the reader.
            remember: Receives each folder that stands in for a topic, and that of the stored messages.
            checkpoint: How far the flow has read; None for a stream that a module makes.
            is_stream: Whether new messages are read as a stream, or all as a batch.

        Raises:
            RunError: If no folder stands in for a topic.
        """
        topics = topics_of(service, options, self.folders)
        if not any(self._folder(service, topic) for topic in topics) and self.has_connector(service):
            return None
        stored = [self._store(service, topic, remember) for topic in topics]
        frames = [self.new_rows(folder, checkpoint) if is_stream else self.rows(folder) for folder in stored]
        return reduce(DataFrame.unionAll, frames).selectExpr(*columns_of(service, options))

    def has_connector(self, service: str) -> bool:
        """Whether the engine has a connector for a service."""
        return has_class(self.spark, SERVICES[service].provider)

    def rows(self, stored: Path) -> DataFrame:
        """All messages of a folder of stored messages."""
        return self.spark.read.schema(message_schema()).parquet(str(stored))

    def new_rows(self, stored: Path, checkpoint: Path | None) -> DataFrame:  # noqa: ARG002 - as in `OutsideReads`
        """The new messages of a folder of stored messages, as a stream."""
        reader = self.spark.readStream.schema(message_schema())
        return reader.options(maxFileAge=_NEVER).parquet(str(stored))

    def _store(self, service: str, topic: str, remember: Callable[[Path, Path], None]) -> Path:
        """Store the new messages of a topic, and return their folder."""
        source = self._folder(service, topic)
        if source is None:
            raise RunError(
                NOT_SUPPORTED_LOCALLY,
                f"`{topic}` is read from {STREAMING_SERVICES[service].title}, which is not connected locally",
                span=calling_line(),
                hint=f"let a folder of messages stand in for it: --stream {topic}=DIR",
            )
        stored = self.state / MESSAGES / folder_name(topic)
        remember(source, stored)
        store_new_messages(source, topic, stored)
        return stored

    def _folder(self, service: str, topic: str) -> Path | None:
        """The folder that stands in for a topic: its own, or that of the service, or a folder of its name in that."""
        if topic in self.folders:
            return self.folders[topic]
        whole = self.folders.get(service)
        return whole / topic if whole is not None and (whole / topic).is_dir() else whole
