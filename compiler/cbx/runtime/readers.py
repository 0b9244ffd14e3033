"""Catching what notebooks read, so that a dataset is made before it is read.

Notebooks reach Spark in several ways (``spark``, ``SparkSession.getActiveSession()``, a helper's session), so
the four ways to read a table are replaced on the session's class for the time of an update.
"""

from __future__ import annotations

import contextlib
import itertools
from typing import TYPE_CHECKING, Any, Protocol

from pyspark.sql import DataFrameReader
from pyspark.sql import SparkSession as Session
from pyspark.sql.streaming import DataStreamReader
from pyspark.sql.types import StructType

from cbx.runtime.names import DatasetName, InvalidNameError
from cbx.runtime.sql import rewrite

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pyspark.sql import DataFrame, SparkSession


class Reads(Protocol):
    """Who answers for the tables that notebooks read."""

    def batch(self, name: DatasetName) -> DataFrame | None:
        """A table's rows; None if the name is not ours."""

    def stream(self, name: DatasetName, options: Mapping[str, str]) -> DataFrame | None:
        """A table's rows as they come; None if the name is not ours."""

    def files(self, options: Mapping[str, str], path: str, schema: StructType | None) -> DataFrame:
        """New files of a folder, as Auto Loader reads them."""


@contextlib.contextmanager
def caught(spark: SparkSession, reads: Reads) -> Iterator[None]:
    """Let ``reads`` answer for tables while the context lasts."""
    plain_table, plain_sql = Session.table, Session.sql

    class TableReader(DataFrameReader):
        """``spark.read`` of a pipeline."""

        def table(self, tableName: str) -> DataFrame:  # noqa: N803 - Spark's own name
            found = _batch(reads, tableName)
            return super().table(tableName) if found is None else found

    class StreamReader(DataStreamReader):
        """``spark.readStream`` of a pipeline, which has to remember what it was told."""

        def __init__(self, session: SparkSession) -> None:
            super().__init__(session)
            self._told: dict[str, str] = {}
            self._format: str | None = None
            self._told_schema: StructType | None = None

        def format(self, source: str) -> StreamReader:
            self._format = source
            super().format(source)
            return self

        def schema(self, schema: StructType | str) -> StreamReader:
            self._told_schema = _struct(schema)
            super().schema(schema)
            return self

        def option(self, key: str, value: Any) -> StreamReader:
            self._told[key] = _text(value)
            super().option(key, value)
            return self

        def options(self, **options: Any) -> StreamReader:
            for key, value in options.items():
                self.option(key, value)
            return self

        def load(
            self,
            path: str | None = None,
            format: str | None = None,  # noqa: A002 - Spark's own name
            schema: StructType | str | None = None,
            **options: Any,
        ) -> DataFrame:
            if (format or self._format or "").lower() != "cloudfiles":
                return super().load(path, format, schema, **options)
            self.options(**options)
            told = self._told_schema if schema is None else _struct(schema)
            return reads.files(self._told, path or self._told.get("path", ""), told)

        def table(self, tableName: str) -> DataFrame:  # noqa: N803 - Spark's own name
            name = _name(tableName)
            found = None if name is None else reads.stream(name, self._told)
            return super().table(tableName) if found is None else found

    def table(_: SparkSession, tableName: str) -> DataFrame:  # noqa: N803 - Spark's own name
        found = _batch(reads, tableName)
        return plain_table(spark, tableName) if found is None else found

    def sql(_: SparkSession, sqlQuery: str, *args: Any, **kwargs: Any) -> DataFrame:  # noqa: N803 - Spark's own name
        return plain_sql(
            spark, rewrite(sqlQuery, lambda name, is_stream: _view(reads, name, is_stream)), *args, **kwargs
        )

    replacements = {
        "table": table,
        "sql": sql,
        "read": property(TableReader),
        "readStream": property(StreamReader),
    }
    before = {name: Session.__dict__[name] for name in replacements}
    for name, replacement in replacements.items():
        setattr(Session, name, replacement)
    try:
        yield
    finally:
        for name, original in before.items():
            setattr(Session, name, original)


_numbers = itertools.count(1)


def _view(reads: Reads, name: DatasetName, is_stream: bool) -> str | None:  # noqa: FBT001 - as in rewrite
    """A temporary view of a dataset, to stand in a SQL text; None if the name is not ours."""
    frame = reads.stream(name, {}) if is_stream else reads.batch(name)
    if frame is None:
        return None
    view = f"__cbx_{next(_numbers)}"
    frame.createOrReplaceTempView(view)
    return view


def _batch(reads: Reads, text: str) -> DataFrame | None:
    name = _name(text)
    return None if name is None else reads.batch(name)


def _name(text: str) -> DatasetName | None:
    try:
        return DatasetName.parse(text)
    except InvalidNameError:
        return None


def _struct(schema: StructType | str) -> StructType:

    return StructType.fromDDL(schema) if isinstance(schema, str) else schema


def _text(value: Any) -> str:
    """An option's value as Spark spells it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
