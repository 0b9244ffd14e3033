"""The temporary views that queries on Sail read, and which of them are streams.

A stream is read as what is new since the flow's last update: a batch. It has a name of its own, a temporary view, so
that the plan of a query shows which streams it reads.
"""

from __future__ import annotations

import itertools
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pyspark.sql.connect.dataframe import DataFrame as ConnectFrame
from pyspark.sql.pandas.types import from_arrow_schema

from cbx.runtime.landing_files.rows import METADATA
from cbx.runtime.sail.files.arrow_rows import create_frame
from cbx.runtime.sail.messages import plan_of
from cbx.runtime.spark.replace_attributes import replace_attributes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pyarrow as pa  # type: ignore[import-untyped]
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.connect.proto import Plan

    from cbx.runtime.sail.checkpoints import ReadFile

_READS: Final = ("_to_table", "toPandas", "toLocalIterator")
"""The methods by which all others read the rows of a query."""
_STREAM: Final = "__cbx_stream_"
_NAMES: Final = re.compile(rb"__cbx_(?:stream_)?\d+")
_METADATA: Final = re.compile(rb"\b_metadata\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class StreamInput:
    """A stream that a query reads.

    Attributes:
        name: The view with its new rows.
        files: All files of the source, the new ones too.
        is_new: Whether there are new ones.
        rows: The new rows with their hidden columns; None if they have none.
    """

    name: str
    files: tuple[ReadFile, ...]
    is_new: bool
    rows: pa.Table | None = None


@dataclass(slots=True)
class QueryViews:
    """The views that queries of a session read.

    Attributes:
        spark: The session.
        replace: Replaces what Sail evaluates otherwise than Spark, in a query that becomes a view.
        has_read_rows: Whether code has read the rows of a query, on which it may decide what it does next.
    """

    spark: SparkSession
    replace: Callable[[Any], Any]
    has_read_rows: bool = False
    _streams: dict[str, StreamInput] = field(default_factory=dict)
    _made: dict[str, DataFrame] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @contextmanager
    def notice(self) -> Iterator[None]:
        """Notice the temporary views that are made while the context lasts; a query knows whether it reads a stream."""
        plain = ConnectFrame.createOrReplaceTempView

        def create(frame: ConnectFrame, name: str) -> None:
            self._made[name] = frame
            plain(frame if name.startswith(_STREAM) else self.replace(frame), name)

        def note_read(plain: Callable[..., Any]) -> Callable[..., Any]:
            def read(*arguments: Any, **named: Any) -> Any:
                self.has_read_rows = True
                return plain(*arguments, **named)

            return read

        is_streaming = property(lambda frame: bool(self.streams_in(frame)))
        reads = {name: note_read(getattr(ConnectFrame, name)) for name in _READS}
        replacements = {"createOrReplaceTempView": create, "isStreaming": is_streaming, **reads}
        with replace_attributes(ConnectFrame, replacements):
            yield

    def streams_in(self, frame: DataFrame) -> tuple[StreamInput, ...]:
        """The streams that a query reads, each once."""
        names = self._names_in(frame)
        return tuple(self._streams[name] for name in names if name in self._streams)

    def _names_in(self, frame: DataFrame) -> list[str]:
        """The views that a query reads, and those that these read."""
        names: dict[str, None] = {}
        left = [frame]
        while left:
            for match in _NAMES.findall(plan_of(left.pop()).SerializeToString()):
                name = match.decode()
                if name not in names:
                    names[name] = None
                    left += [self._made[name]] if name in self._made else []
        return list(names)

    def plans(self, frame: DataFrame, *, with_streams: bool = False) -> list[Plan]:
        """The plan of a query, and those of the views that it reads, by default without the streams themselves."""
        names = (name for name in self._names_in(frame) if with_streams or not name.startswith(_STREAM))
        views = [name for name in names if name in self._made]
        return [plan_of(frame), *(plan_of(self._made[name]) for name in views)]

    def add_stream(
        self, frame: DataFrame, files: tuple[ReadFile, ...], *, is_new: bool, rows: pa.Table | None = None
    ) -> DataFrame:
        """Give the new rows of a stream a name, and return the query that reads them; see ``StreamInput``."""
        name = f"{_STREAM}{next(self._numbers)}"
        self._streams[name] = StreamInput(name, files, is_new, rows)
        frame.createOrReplaceTempView(name)
        return self.spark.table(name)

    def show_metadata(self, frame: DataFrame) -> DataFrame:
        """A query that may name ``_metadata``, which a star does not select."""
        if not any(_METADATA.search(plan.SerializeToString()) for plan in self.plans(frame)):
            return frame
        for stream in self.streams_in(frame):
            if stream.rows is not None:
                rows = create_frame(self.spark, stream.rows, from_arrow_schema(stream.rows.schema))
                rows.createOrReplaceTempView(stream.name)
        for name in self._names_in(frame):
            if not name.startswith(_STREAM) and name in self._made:
                self._made[name].createOrReplaceTempView(name)
        columns = [name for name in frame.columns if name != METADATA]
        return frame.drop(METADATA) if len(columns) != len(frame.columns) else frame
