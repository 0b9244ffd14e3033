"""Rewrites the rows of a streaming table: results of streaming aggregates, and flows that replace rows.

A streaming query that aggregates without a watermark runs in Spark's complete mode: each micro-batch has the whole
result. A flow with REPLACE USING or REPLACE WHERE replaces some rows (the Databricks pages "REPLACE USING flows" and
"REPLACE WHERE flows"). Each micro-batch writes a version of the table; the commit of the update publishes the last one.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from pyspark.errors import AnalysisException
from pyspark.sql import Window
from pyspark.sql import functions as F  # noqa: N812 - the idiom of its documentation

from cbx.diagnostics.codes import INVALID_DATA, INVALID_DEFINITION
from cbx.runtime.errors import RunError
from cbx.runtime.flows.expectations import add_counts
from cbx.runtime.results import NOTHING, Counts
from cbx.runtime.tables.read_table import read_rows
from cbx.runtime.tables.schema import evolve_schema
from cbx.spark_spelling import quote

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import Column, DataFrame

    from cbx.runtime.definitions import DatasetExpectation, ReplaceFlow
    from cbx.runtime.flow_context import FlowContext
    from cbx.runtime.tables.store import TableState


_IS_NEW: Final = "__cbx_is_new"
_APPEND_REFUSED: Final = "STREAMING_OUTPUT_MODE"
_HIGHEST: Final = "__cbx_highest"
_NO_SEQUENCE: Final = "cbx: a row has no sequence"


@dataclass(slots=True)
class TableRewriter:
    """Writes new versions of a table.

    Attributes:
        context: The flow.
        rules: The rules of the table.
        table: The table, as of the last version.
        total: The counts of the new rows.
    """

    context: FlowContext
    rules: tuple[DatasetExpectation, ...]
    table: TableState
    total: Counts = NOTHING

    def write(self, rows: DataFrame, rules: Sequence[DatasetExpectation], others: DataFrame | None = None) -> Counts:
        """Write new rows, which are checked, and other rows that stay, as the next version.

        Raises:
            ExpectationFailedError: If new rows violate an expectation that fails the update.
        """
        folder, old = self.context.folder, self.table
        number = old.number + 1 if old.schema else old.number
        version = f"v{number}"
        schema = (rows if others is None else others.unionByName(rows, allowMissingColumns=True)).schema.json()
        counts = self.context.engine.write_and_check(rows, rules, folder.rows(version), folder.name.written, others)
        self.table = replace(old, version=version, number=number, schema=schema)
        if old.schema and old.number >= self.context.update:
            folder.drop_version(old.version)
        return counts

    def rewrite_by(self, frame: DataFrame) -> None:
        """Rewrite the table by a stream in complete mode."""

        def write(rows: DataFrame, _: int) -> None:
            self.total = self.write(rows, self.rules)

        self.context.engine.drain(self.context, frame, write, mode="complete")
        if not self.table.schema:
            self.table = replace(self.table, schema=frame.schema.json())

    def replace_by(self, flow: ReplaceFlow, frame: DataFrame) -> None:
        """Replace the rows that a flow names by those of its query, a batch or a stream.

        Raises:
            RunError: If the query has no column of REPLACE USING, or a row has no sequence.
        """
        _check_keys(flow, frame)

        def write(rows: DataFrame, _: int = 0) -> None:
            self.total = add_counts(self.total, self._check_and_replace(flow, rows))

        if self.context.engine.is_stream(frame):
            self.context.engine.drain(self.context, frame, write)
        elif not self.context.is_dry:
            write(frame)
        if not self.table.schema:
            self.table = replace(self.table, schema=frame.schema.json())

    def _check_and_replace(self, flow: ReplaceFlow, rows: DataFrame) -> Counts:
        """Check rows, and replace by those that are not dropped."""
        folder = self.context.folder
        arrived = folder.pending_folder(self.context.update)
        shutil.rmtree(arrived, ignore_errors=True)
        counts = self.context.engine.write_and_check(rows, self.rules, arrived, folder.name.written)
        try:
            self._replace(flow, rows.sparkSession.read.schema(rows.schema).parquet(str(arrived)))
        except Exception as error:  # Spark wraps the error of a row, in different classes
            if _NO_SEQUENCE not in str(error):
                raise
            raise RunError(
                INVALID_DATA,
                f"a row for `{folder.name.written}` has NULL in sequence_by",
                span=flow.span,
                hint="filter such rows, or give them a sequence",
            ) from None
        shutil.rmtree(arrived)
        return counts

    def _replace(self, flow: ReplaceFlow, rows: DataFrame) -> None:
        old = self._rows(rows)
        if flow.where is not None:
            is_replaced = F.coalesce(F.expr(flow.where), F.lit(False))
            self.write(rows.where(is_replaced), (), old.where(~is_replaced))
        elif flow.sequence_by is not None:
            new, kept = _last_of_each_key(rows, old, flow.using, flow.sequence_by)
            self.write(new, (), kept)
        else:
            keys = rows.select(*map(quote, flow.using)).distinct()
            self.write(rows, (), old.join(keys, [*flow.using], "left_anti").select(*map(quote, old.columns)))

    def _rows(self, incoming: DataFrame) -> DataFrame:
        """The rows of the table, with the columns of new rows, too."""
        spark, table = incoming.sparkSession, self.table
        fields = evolve_schema(table, incoming.schema)
        is_empty = not table.schema or not self.context.folder.row_files(table)
        if is_empty:
            return spark.createDataFrame([], fields)
        return read_rows(self.context.folder, replace(table, schema=fields.json()), spark)


def _last_of_each_key(
    rows: DataFrame, old: DataFrame, using: Sequence[str], sequence_by: str | Column
) -> tuple[DataFrame, DataFrame]:
    """Those new and old rows whose sequence is the highest of their key."""
    sequence = F.expr(sequence_by) if isinstance(sequence_by, str) else sequence_by
    both = old.withColumn(_IS_NEW, F.lit(False)).unionByName(
        rows.withColumn(_IS_NEW, F.lit(True)), allowMissingColumns=True
    )
    required = F.when(sequence.isNull(), F.raise_error(_NO_SEQUENCE)).otherwise(sequence)
    highest = F.max(required).over(Window.partitionBy(*map(quote, using)))
    last = both.withColumn(_HIGHEST, highest).where(sequence.eqNullSafe(F.col(_HIGHEST))).drop(_HIGHEST)
    return last.where(_IS_NEW).drop(_IS_NEW), last.where(f"NOT {_IS_NEW}").drop(_IS_NEW)


def _check_keys(flow: ReplaceFlow, frame: DataFrame) -> None:
    names = {name.lower() for name in frame.columns}
    missing = [key for key in flow.using if key.lower() not in names]
    if missing:
        raise RunError(
            INVALID_DEFINITION,
            f"the flow `{flow.name}` has no column `{missing[0]}`, whose rows it replaces",
            span=flow.span,
            hint=f"its columns are {', '.join(frame.columns)}",
        )


def needs_complete_mode(frame: DataFrame) -> bool:
    """Whether Spark cannot append the rows of a stream: it aggregates or is DISTINCT, without a watermark."""
    java: Any = frame
    jvm: Any = frame.sparkSession._jvm  # noqa: SLF001 - Spark's checks have no Python face
    checker = jvm.org.apache.spark.sql.catalyst.analysis.UnsupportedOperationChecker
    append = jvm.org.apache.spark.sql.streaming.OutputMode.Append()
    try:
        checker.checkForStreaming(java._jdf.queryExecution().analyzed(), append)  # noqa: SLF001 - as above
    except AnalysisException as error:
        return (error.getCondition() or "").startswith(_APPEND_REFUSED)
    return False
