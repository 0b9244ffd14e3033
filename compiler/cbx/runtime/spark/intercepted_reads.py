"""Intercepts what notebooks read: a run refreshes a dataset before it is read, a test reads the rows that it was given.

Notebooks reach Spark in several ways (``spark``, ``SparkSession.getActiveSession()``, the session of a frame), so the
four ways to read a table are replaced on the session's class: ``table``, ``sql``, ``read`` and ``readStream``.
"""

from __future__ import annotations

import contextlib
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from pyspark.sql.types import StructType, _parse_datatype_string

from cbx.diagnostics.codes import INVALID_DEFINITION
from cbx.runtime.errors import RunError
from cbx.runtime.names import DatasetName, InvalidNameError
from cbx.runtime.spark.configuration import configuration_value
from cbx.runtime.spark.connectors import connected_table, explain_connection
from cbx.runtime.spark.databricks_queries import DatabricksQuery, QueryReads
from cbx.runtime.spark.format_read import FormatRead
from cbx.runtime.spark.reader_checks import check_reader_options
from cbx.runtime.spark.replace_attributes import replace_attributes
from cbx.runtime.sql.parameters import replace_known_parameters
from cbx.spark_spelling import value_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pyspark.sql import DataFrame, DataFrameReader, SparkSession

    _SparkReader = DataFrameReader
else:
    _SparkReader = object

AUTO_LOADER = "cloudfiles"
DELTA = "delta"
_TEXT_FORMATS = ("csv", "json", "text")
SERVICES = ("kafka", "kinesis", "eventhubs", "pubsub", "pulsar")


class Reads(QueryReads, Protocol):
    """Provides the tables and files that notebooks read."""

    def context(self, name: DatasetName) -> object:
        """The flow that a table is read for; a read outside a dataset's function is refused."""

    def messages(self, service: str, options: Mapping[str, str], *, is_stream: bool) -> DataFrame | None:
        """The messages of a streaming service; None if Spark itself can read them."""

    def delta(self, options: Mapping[str, str], path: str, *, is_stream: bool) -> DataFrame | None:
        """The rows of the Delta table at a path; None if Spark itself can read it."""

    def given_files(self, path: str) -> DataFrame | None:
        """The rows that a test gives for files that Spark reads; None if Spark reads them."""

    def files_of_format(self, files: FormatRead) -> DataFrame | None:
        """The rows of files, as ``spark.read`` and ``spark.readStream`` read them; None if these themselves do."""

    def table_outside(self, name: DatasetName, *, is_stream: bool) -> DataFrame | None:
        """The rows of the files that stand in for a table of another system; None if there are none."""


@contextlib.contextmanager
def intercept_reads(spark: SparkSession, reads: Reads) -> Iterator[None]:
    """Let ``reads`` provide what sessions of this class read while the context lasts.

    Args:
        spark: A session, of Spark itself or of Spark Connect.
        reads: Provides the rows.
    """
    owner = type(spark)
    plain_table, plain_sql = owner.table, owner.sql
    batch_reader = _reader_class(_BatchReader, type(spark.read))
    stream_reader = _reader_class(_StreamReader, type(spark.readStream))

    def table(session: SparkSession, tableName: str) -> DataFrame:  # noqa: N803 - Spark's own name
        frame = _batch(reads, tableName, {})
        return plain_table(session, tableName) if frame is None else frame

    def sql(session: SparkSession, sqlQuery: str, *args: Any, **kwargs: Any) -> DataFrame:  # noqa: N803 - as above
        text = replace_known_parameters(sqlQuery, partial(configuration_value, session))
        return DatabricksQuery(session, reads, plain_sql, args, kwargs).run(text)

    replacements = {
        "table": table,
        "sql": sql,
        "read": property(lambda session: batch_reader(session, reads)),
        "readStream": property(lambda session: stream_reader(session, reads)),
    }
    with replace_attributes(owner, replacements):
        yield


def _reader_class(methods: type[_Reader], spark_reader: type) -> type[_Reader]:
    """A class of Spark's readers with our methods in front of its own."""
    return type(spark_reader.__name__, (methods, spark_reader), {})


class _Reader(_SparkReader):
    """What ``spark.read`` and ``spark.readStream`` have in common: they remember their options, and check them."""

    def __init__(self, session: SparkSession, reads: Reads) -> None:
        super().__init__(session)
        self._reads = reads
        self._given_options: dict[str, str] = {}
        self._source: str | None = None
        self._given_schema: StructType | None = None

    def format(self, source: str) -> _Reader:
        self._source = source
        super().format(source)
        return self

    def schema(self, schema: StructType | str) -> _Reader:
        self._given_schema = _struct(schema)
        super().schema(schema)
        return self

    def option(self, key: str, value: Any) -> _Reader:
        self._given_options[key] = value_text(value)
        super().option(key, value)
        return self

    def options(self, **options: Any) -> _Reader:
        for key, value in options.items():
            self.option(key, value)
        return self

    def csv(self, *arguments: Any, **named: Any) -> DataFrame:
        self._check_options("csv")
        return super().csv(*arguments, **named)

    def json(self, *arguments: Any, **named: Any) -> DataFrame:
        self._check_options("json")
        return super().json(*arguments, **named)

    def orc(self, *arguments: Any, **named: Any) -> DataFrame:
        self._check_options("orc")
        return super().orc(*arguments, **named)

    def parquet(self, *arguments: Any, **named: Any) -> DataFrame:
        self._check_options("parquet")
        return super().parquet(*arguments, **named)

    def text(self, *arguments: Any, **named: Any) -> DataFrame:
        self._check_options("text")
        return super().text(*arguments, **named)

    def xml(self, *arguments: Any, **named: Any) -> DataFrame:
        self._check_options("xml")
        return super().xml(*arguments, **named)

    def _outside(self, source: str, path: Any, *, is_stream: bool) -> DataFrame | None:
        """What is read from a Delta table or a streaming service; None if Spark reads it."""
        if source in SERVICES:
            return self._reads.messages(source, self._given_options, is_stream=is_stream)
        table = connected_table(source, self._given_options)
        given = dict(self._given_options)
        where = given.pop("path", "") if path is None else str(path)
        if source == DELTA:
            return self._reads.delta(given, where, is_stream=is_stream)
        return self._reads.given_files(where) if table is None else self._table_outside(table, is_stream=is_stream)

    def _table_outside(self, table: str, *, is_stream: bool) -> DataFrame | None:
        name = _parse_name(table)
        return None if name is None else self._reads.table_outside(name, is_stream=is_stream)

    def _files(self, source: str, path: Any, schema: Any, *, is_stream: bool) -> DataFrame | None:
        """The rows of files that the engine reads itself; None if Spark reads them."""
        options = dict(self._given_options)
        where = options.pop("path", None) if path is None else path
        paths = [where] if isinstance(where, str) else where
        if source not in _TEXT_FORMATS or not isinstance(paths, (list, tuple)):
            return None
        self._check_options(source)
        columns = self._given_schema if schema is None else _struct(schema)
        return self._reads.files_of_format(FormatRead(source, tuple(map(str, paths)), options, columns, is_stream))

    def _load_on_spark(self, source: str, path: Any, schema: Any, load: Callable[..., DataFrame]) -> DataFrame:
        """What Spark reads."""
        self._check_options(source)
        with explain_connection(source, connected_table(source.lower(), self._given_options)):
            return load(path, source, schema)

    def _check_options(self, file_format: str) -> None:
        check_reader_options(self._given_options, file_format)


class _BatchReader(_Reader):
    """``spark.read``."""

    def load(self, path: Any = None, format: str | None = None, schema: Any = None, **options: Any) -> DataFrame:  # noqa: A002 - as above
        source = format or self._source or "parquet"
        if source.lower() == AUTO_LOADER:
            raise RunError(
                INVALID_DEFINITION,
                "Auto Loader does not work with spark.read",
                hint='read with spark.readStream.format("cloudFiles")',
            )
        self.options(**options)
        rows = self._outside(source.lower(), path, is_stream=False)
        if rows is None:
            rows = self._files(source.lower(), path, schema, is_stream=False)
        return self._load_on_spark(source, path, schema, super().load) if rows is None else rows

    def jdbc(self, url: str, table: str, *arguments: Any, **named: Any) -> DataFrame:
        rows = self._table_outside(table, is_stream=False)
        with explain_connection("jdbc", table):
            return super().jdbc(url, table, *arguments, **named) if rows is None else rows

    def table(self, tableName: str) -> DataFrame:  # noqa: N803 - as above
        frame = _batch(self._reads, tableName, self._given_options)
        return super().table(tableName) if frame is None else frame


class _StreamReader(_Reader):
    """``spark.readStream``."""

    def load(self, path: Any = None, format: str | None = None, schema: Any = None, **options: Any) -> DataFrame:  # noqa: A002 - as above
        self.options(**options)
        source = format or self._source or "parquet"
        rows = self._outside(source.lower(), path, is_stream=True)
        if rows is not None:
            return rows
        if source.lower() != AUTO_LOADER:
            rows = self._files(source.lower(), path, schema, is_stream=True)
            return self._load_on_spark(source, path, schema, super().load) if rows is None else rows
        columns = self._given_schema if schema is None else _struct(schema)
        return self._reads.files(self._given_options, path or self._given_options.get("path", ""), columns)

    def table(self, tableName: str) -> DataFrame:  # noqa: N803 - as above
        name = _parse_name(tableName)
        frame = None if name is None else self._reads.stream(name, self._given_options)
        return super().table(tableName) if frame is None else frame


def _batch(reads: Reads, text: str, options: Mapping[str, str]) -> DataFrame | None:
    name = _parse_name(text)
    return None if name is None else reads.batch(name, options)


def _parse_name(text: str) -> DatasetName | None:
    try:
        return DatasetName.parse(text)
    except InvalidNameError:
        return None


def _struct(schema: StructType | str) -> StructType:
    """A schema given as DDL or as Spark's type."""
    columns = _parse_datatype_string(schema) if isinstance(schema, str) else schema
    if not isinstance(columns, StructType):
        raise RunError(
            INVALID_DEFINITION,
            f"the schema {schema!r} is not a list of columns",
            hint="write it as `id BIGINT, name STRING`",
        )
    return columns
