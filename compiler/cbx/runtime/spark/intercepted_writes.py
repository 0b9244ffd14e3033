"""Intercepts what notebooks write: Delta tables and tables of a catalog, which Spark cannot write on its own."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Protocol

from cbx.runtime.spark.replace_attributes import replace_attributes
from cbx.spark_spelling import value_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pyspark.sql import DataFrame, DataFrameWriter, SparkSession

    _SparkWriter = DataFrameWriter
else:
    _SparkWriter = object

DELTA = "delta"


class Writes(Protocol):
    """Writes the rows of notebooks."""

    def write_path(
        self, rows: DataFrame, path: str, mode: str, partitions: tuple[str, ...], options: Mapping[str, str]
    ) -> None:
        """Write rows to the Delta table at a path."""

    def write_table(
        self, rows: DataFrame, name: str, mode: str, partitions: tuple[str, ...], options: Mapping[str, str]
    ) -> None:
        """Write rows to a table of a catalog."""


@contextlib.contextmanager
def intercept_writes(spark: SparkSession, writes: Writes) -> Iterator[None]:
    """Let ``writes`` write Delta tables and tables of a catalog while the context lasts.

    Args:
        spark: A session.
        writes: Writes the rows.
    """
    frame = spark.range(0)
    writer = type("DataFrameWriter", (_Writer, type(frame.write)), {})
    with replace_attributes(type(frame), {"write": property(lambda rows: writer(rows, writes))}):
        yield


class _Writer(_SparkWriter):
    """``DataFrame.write``, which remembers how rows are written."""

    def __init__(self, rows: DataFrame, writes: Writes) -> None:
        super().__init__(rows)
        self._rows = rows
        self._writes = writes
        self._source: str | None = None
        self._save_mode = "error"
        self._given_options: dict[str, str] = {}
        self._partitions: tuple[str, ...] = ()

    def format(self, source: str) -> _Writer:
        self._source = source.lower()
        super().format(source)
        return self

    def mode(self, saveMode: str | None) -> _Writer:  # noqa: N803 - Spark's own name
        self._save_mode = saveMode or self._save_mode
        super().mode(saveMode)
        return self

    def option(self, key: str, value: Any) -> _Writer:
        self._given_options[key] = value_text(value)
        super().option(key, value)
        return self

    def options(self, **options: Any) -> _Writer:
        for key, value in options.items():
            self.option(key, value)
        return self

    def partitionBy(self, *cols: Any) -> _Writer:  # noqa: N802 - as above
        self._partitions = tuple(cols[0] if len(cols) == 1 and isinstance(cols[0], (list, tuple)) else cols)
        super().partitionBy(*cols)
        return self

    def save(
        self,
        path: str | None = None,
        format: str | None = None,  # noqa: A002 - as above
        mode: str | None = None,
        partitionBy: Any = None,  # noqa: N803 - as above
        **options: Any,
    ) -> None:
        self._take(format, mode, partitionBy, options)
        if self._source != DELTA:
            super().save(path)
            return
        where = path or self._given_options.get("path", "")
        self._writes.write_path(self._rows, where, self._save_mode, self._partitions, self._given_options)

    def saveAsTable(  # noqa: N802 - as above
        self,
        name: str,
        format: str | None = None,  # noqa: A002 - as above
        mode: str | None = None,
        partitionBy: Any = None,  # noqa: N803 - as above
        **options: Any,
    ) -> None:
        self._take(format, mode, partitionBy, options)
        self._writes.write_table(self._rows, name, self._save_mode, self._partitions, self._given_options)

    def insertInto(self, tableName: str, overwrite: bool | None = None) -> None:  # noqa: FBT001, N802, N803 - as above
        mode = "overwrite" if overwrite else "append"
        self._writes.write_table(self._rows, tableName, mode, self._partitions, self._given_options)

    def _take(self, source: str | None, mode: str | None, partitions: Any, options: Mapping[str, Any]) -> None:
        """Remember the arguments of a call, as Spark does."""
        if source is not None:
            self.format(source)
        if mode is not None:
            self.mode(mode)
        if partitions is not None:
            self.partitionBy(partitions)
        self.options(**options)
