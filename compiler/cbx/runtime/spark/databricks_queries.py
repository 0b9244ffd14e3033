"""Runs queries of Databricks SQL on Spark: tables of the pipeline, files, and expressions that Spark lacks."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql.types import StructType, _parse_datatype_string

from cbx.runtime.spark.plans.plan_substitution import substitute_tables
from cbx.runtime.spark.read_file_functions import read_file_function, service_options
from cbx.runtime.sql.databricks_expressions import extract_json_paths, rename_functions
from cbx.runtime.sql.edits import Edit, apply_edits
from cbx.runtime.sql.identifier_clauses import replace_identifiers
from cbx.runtime.sql.table_functions import SERVICES, TableFunction, table_functions
from cbx.runtime.sql.table_names import rewrite_table_names
from cbx.runtime.sql.table_options import TableWithOptions, tables_with_options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import DataFrame, SparkSession

    from cbx.runtime.names import DatasetName

PlainSql = Callable[..., "DataFrame"]
"""``spark.sql`` of Spark itself, as a function of the session, the text and the parameters."""

_NOT_VARIANT: Final = "COLUMN_IS_NOT_VARIANT_TYPE"
_METADATA: Final = "_metadata"

_numbers = itertools.count(1)


class QueryReads(Protocol):
    """Provides the tables and files that queries read."""

    def batch(self, name: DatasetName, options: Mapping[str, str] = ...) -> DataFrame | None:
        """A table's rows; None for a table that is not in the pipeline."""

    def stream(self, name: DatasetName, options: Mapping[str, str]) -> DataFrame | None:
        """A table's rows as a stream; None for a table that is not in the pipeline."""

    def files(self, options: Mapping[str, str], path: str, schema: StructType | None) -> DataFrame:
        """New files of a folder, as Auto Loader reads them."""

    def batch_files(self, options: Mapping[str, str], path: str, schema: StructType | None) -> DataFrame:
        """All files of a folder, as ``read_files`` reads them."""


@dataclass(slots=True)
class DatabricksQuery:
    """A query for ``spark.sql``.

    Attributes:
        session: The session.
        reads: Provides the tables and files that it reads.
        plain_sql: ``spark.sql`` of Spark itself.
        arguments: The parameters of the query.
        named: The same, by name.
        frames: The rows that it reads, by the names that stand for them in the text.
    """

    session: SparkSession
    reads: QueryReads
    plain_sql: PlainSql
    arguments: tuple[Any, ...] = ()
    named: dict[str, Any] = field(default_factory=dict)
    frames: dict[str, DataFrame] = field(default_factory=dict)

    def run(self, text: str) -> DataFrame:
        """The rows of the query."""
        text = replace_identifiers(rename_functions(text), self._evaluate_or_none)
        text = apply_edits(text, [(call.start, call.end, self._read(call)) for call in table_functions(text)])
        text = apply_edits(text, filter(None, map(self._read_with_options, tables_with_options(text))))
        text = rewrite_table_names(text, self._table)
        try:
            return self._run_on_spark(text)
        except (PySparkException, Py4JJavaError) as error:
            rewritten = extract_json_paths(text) if _NOT_VARIANT in str(error) else text
            if rewritten == text:
                raise
        return self._run_on_spark(rewritten)

    def _run_on_spark(self, text: str) -> DataFrame:
        if _METADATA in text.lower() and not (self.arguments or self.named):
            frame = substitute_tables(self.session, text, self.frames)
            if frame is not None:
                return frame
        for name, frame in self.frames.items():
            frame.createOrReplaceTempView(name)
        return self.plain_sql(self.session, text, *self.arguments, **self.named)

    def _evaluate(self, expression: str) -> Any:
        """The value of a constant expression."""
        row = self.plain_sql(self.session, f"SELECT {expression}", *self.arguments, **self.named).head()
        return None if row is None else row[0]

    def _evaluate_or_none(self, expression: str) -> Any:
        try:
            return self._evaluate(expression)
        except PySparkException:
            return None

    def _read(self, call: TableFunction) -> str:
        return self._name(self._read_service(call) if call.name in SERVICES else self._read_files(call))

    def _read_service(self, call: TableFunction) -> DataFrame:
        options = service_options(call, self._evaluate_or_none)
        reader = self.session.readStream if call.is_stream else self.session.read
        return reader.format(SERVICES[call.name]).options(**options).load()

    def _read_files(self, call: TableFunction) -> DataFrame:
        read = read_file_function(call, self._evaluate_or_none)
        schema = None if read.schema is None else _parse_datatype_string(read.schema)
        columns = schema if isinstance(schema, StructType) else None
        files = self.reads.files if read.is_stream else self.reads.batch_files
        return files(read.options, read.path, columns)

    def _read_with_options(self, table: TableWithOptions) -> Edit | None:
        """The edit that names the rows of a table with options; None for a table that is not in the pipeline."""
        frame = self._frame(table.name, table.options, is_stream=table.is_stream)
        alias = "" if table.has_alias else f" AS `{table.name.written.split('.')[-1]}`"
        return None if frame is None else (table.start, table.end, self._name(frame) + alias)

    def _table(self, name: DatasetName, is_stream: bool) -> str | None:  # noqa: FBT001 - as `rewrite_table_names` calls it
        """A name for the rows of a dataset; None for a table that is not in the pipeline."""
        frame = None if name.written in self.frames else self._frame(name, {}, is_stream=is_stream)
        return None if frame is None else self._name(frame)

    def _frame(self, name: DatasetName, options: Mapping[str, str], *, is_stream: bool) -> DataFrame | None:
        return (self.reads.stream if is_stream else self.reads.batch)(name, options)

    def _name(self, frame: DataFrame) -> str:
        name = f"__cbx_{next(_numbers)}"
        self.frames[name] = frame
        return name
