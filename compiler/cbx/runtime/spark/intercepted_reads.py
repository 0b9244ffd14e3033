"""Catching what notebooks read, so that a dataset is made before it is read.

Notebooks reach Spark in several ways (``spark``, ``SparkSession.getActiveSession()``, a helper's session), so
the four ways to read a table are replaced on the session's class for the time of an update.
"""

from __future__ import annotations

import contextlib
import itertools
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from pyspark.sql import DataFrameReader, SparkSession
from pyspark.sql.streaming.readwriter import DataStreamReader
from pyspark.sql.types import StructType, _parse_datatype_string

from cbx.runtime.names import DatasetName, InvalidNameError
from cbx.runtime.problems import RunError
from cbx.runtime.spark.reader_checks import check_reader_options
from cbx.runtime.spark.session import configuration_value
from cbx.runtime.sql.parameters import replace_known_parameters
from cbx.runtime.sql.table_names import rewrite_table_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pyspark.sql import DataFrame

AUTO_LOADER = "cloudfiles"

_numbers = itertools.count(1)


class Reads(Protocol):
    """Who answers for the tables that notebooks read."""

    def context(self, name: DatasetName) -> object:
        """The flow that a table is read for; a read outside a dataset's function is refused."""

    def batch(self, name: DatasetName) -> DataFrame | None:
        """A table's rows; None if the name is not ours."""

    def stream(self, name: DatasetName, options: Mapping[str, str]) -> DataFrame | None:
        """A table's rows as they come; None if the name is not ours."""

    def files(self, options: Mapping[str, str], path: str, schema: StructType | None) -> DataFrame:
        """New files of a folder, as Auto Loader reads them."""


@contextlib.contextmanager
def caught(reads: Reads) -> Iterator[None]:
    """Let ``reads`` answer for tables while the context lasts."""
    plain_table, plain_sql = SparkSession.table, SparkSession.sql

    def table(session: SparkSession, tableName: str) -> DataFrame:  # noqa: N803 - Spark's own name
        found = _batch(reads, tableName)
        return plain_table(session, tableName) if found is None else found

    def sql(session: SparkSession, sqlQuery: str, *args: Any, **kwargs: Any) -> DataFrame:  # noqa: N803 - as above
        written = replace_known_parameters(sqlQuery, partial(configuration_value, session))
        text = rewrite_table_names(written, lambda name, is_stream: _view(reads, name, is_stream=is_stream))
        return plain_sql(session, text, *args, **kwargs)

    replacements = {
        "table": table,
        "sql": sql,
        "read": property(lambda session: _TableReader(session, reads)),
        "readStream": property(lambda session: _StreamReader(session, reads)),
    }
    before = {name: SparkSession.__dict__[name] for name in replacements}
    for name, replacement in replacements.items():
        setattr(SparkSession, name, replacement)
    try:
        yield
    finally:
        for name, original in before.items():
            setattr(SparkSession, name, original)


class _FileMethods:
    """The methods that read files of one format, which hold the options against it first."""

    _told: dict[str, str]

    def _check(self, file_format: str) -> None:
        check_reader_options(self._told, file_format)

    def csv(self, *arguments: Any, **named: Any) -> DataFrame:
        self._check("csv")
        return super().csv(*arguments, **named)  # type: ignore[misc,no-any-return] # that of Spark's reader

    def json(self, *arguments: Any, **named: Any) -> DataFrame:
        self._check("json")
        return super().json(*arguments, **named)  # type: ignore[misc,no-any-return] # likewise

    def orc(self, *arguments: Any, **named: Any) -> DataFrame:
        self._check("orc")
        return super().orc(*arguments, **named)  # type: ignore[misc,no-any-return] # likewise

    def parquet(self, *arguments: Any, **named: Any) -> DataFrame:
        self._check("parquet")
        return super().parquet(*arguments, **named)  # type: ignore[misc,no-any-return] # likewise

    def text(self, *arguments: Any, **named: Any) -> DataFrame:
        self._check("text")
        return super().text(*arguments, **named)  # type: ignore[misc,no-any-return] # likewise

    def xml(self, *arguments: Any, **named: Any) -> DataFrame:
        self._check("xml")
        return super().xml(*arguments, **named)  # type: ignore[misc,no-any-return] # likewise


class _TableReader(_FileMethods, DataFrameReader):
    """``spark.read`` of a pipeline, which has to remember what it was told."""

    def __init__(self, session: SparkSession, reads: Reads) -> None:
        super().__init__(session)
        self._reads = reads
        self._told: dict[str, str] = {}
        self._source: str | None = None

    def option(self, key: str, value: Any) -> _TableReader:
        self._told[key] = _text(value)
        super().option(key, value)
        return self

    def options(self, **options: Any) -> _TableReader:
        for key, value in options.items():
            self.option(key, value)
        return self

    def format(self, source: str) -> _TableReader:
        self._source = source
        super().format(source)
        return self

    def load(self, path: Any = None, format: str | None = None, schema: Any = None, **options: Any) -> DataFrame:  # noqa: A002 - as above
        if (format or self._source or "").lower() == AUTO_LOADER:
            raise RunError(
                "Auto Loader reads streams, and this is spark.read",
                hint='read with spark.readStream.format("cloudFiles")',
            )
        self.options(**options)
        self._check(format or self._source or "parquet")
        return super().load(path, format, schema)

    def table(self, tableName: str) -> DataFrame:  # noqa: N803 - as above
        found = _batch(self._reads, tableName)
        return super().table(tableName) if found is None else found


class _StreamReader(_FileMethods, DataStreamReader):
    """``spark.readStream`` of a pipeline, which has to remember what it was told."""

    def __init__(self, session: SparkSession, reads: Reads) -> None:
        super().__init__(session)
        self._reads = reads
        self._told: dict[str, str] = {}
        self._source: str | None = None
        self._told_schema: StructType | None = None

    def format(self, source: str) -> _StreamReader:
        self._source = source
        super().format(source)
        return self

    def schema(self, schema: StructType | str) -> _StreamReader:
        self._told_schema = _struct(schema)
        super().schema(schema)
        return self

    def option(self, key: str, value: Any) -> _StreamReader:
        self._told[key] = _text(value)
        super().option(key, value)
        return self

    def options(self, **options: Any) -> _StreamReader:
        for key, value in options.items():
            self.option(key, value)
        return self

    def load(
        self,
        path: str | None = None,
        format: str | None = None,  # noqa: A002 - as above
        schema: StructType | str | None = None,
        **options: Any,
    ) -> DataFrame:
        self.options(**options)
        if (format or self._source or "").lower() != AUTO_LOADER:
            self._check(format or self._source or "parquet")
            return super().load(path, format, schema)
        told = self._told_schema if schema is None else _struct(schema)
        return self._reads.files(self._told, path or self._told.get("path", ""), told)

    def table(self, tableName: str) -> DataFrame:  # noqa: N803 - as above
        name = _name(tableName)
        found = None if name is None else self._reads.stream(name, self._told)
        return super().table(tableName) if found is None else found


def _view(reads: Reads, name: DatasetName, *, is_stream: bool) -> str | None:
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
    """A schema given as DDL or as Spark's type."""
    found = _parse_datatype_string(schema) if isinstance(schema, str) else schema
    if not isinstance(found, StructType):
        raise RunError(f"the schema {schema!r} is no list of columns", hint="write it as `id BIGINT, name STRING`")
    return found


def _text(value: Any) -> str:
    """An option's value as Spark spells it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
