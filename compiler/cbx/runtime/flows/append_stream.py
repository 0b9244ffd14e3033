"""Appends new rows to a streaming table, each exactly once, even if a run is killed.

Each micro-batch is written beside the table, with a copy of the checkpoint of the flow. The commit of the update adds
both to the table (``store.py``). A failed update does not change the table and the checkpoint, so the next one plans
its micro-batches again and reads landing files that were fixed in between.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pyspark.sql import Observation

from cbx.diagnostics.codes import INVALID_DEFINITION, QUERY_FAILED
from cbx.runtime.errors import RunError
from cbx.runtime.flow_context import ExpectationFailedError
from cbx.runtime.flows.expectations import (
    add_counts,
    drop_violating_rows,
    mark_violations,
    read_counts,
    violation_counts,
)
from cbx.runtime.results import NOTHING, Counts
from cbx.runtime.spark.configuration import PROGRESS_LIMIT
from cbx.runtime.spark.observations import read_write_observation
from cbx.runtime.tables.bucket_files import write_by_bucket
from cbx.runtime.tables.schema import evolve_schema
from cbx.runtime.tables.store import folder_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pyspark.sql import DataFrame
    from pyspark.sql.streaming.readwriter import DataStreamWriter

    from cbx.runtime.definitions import DatasetExpectation
    from cbx.runtime.flow_context import FlowContext
    from cbx.runtime.tables.store import TableState


def append_stream(
    context: FlowContext, frame: DataFrame, rules: Sequence[DatasetExpectation], table: TableState
) -> tuple[Counts, TableState]:
    """Append the new rows of a stream to a table.

    Args:
        context: The flow.
        frame: The stream's rows.
        rules: The table's rules.
        table: The table before.

    Returns:
        The counts of the rows, and the table with its new columns.

    Raises:
        ExpectationFailedError: If rows violate an expectation that fails the update; the table is not changed.
    """
    writer = _BatchWriter(context, tuple(rules))
    context.engine.drain(context, frame, writer.write)
    return writer.total, replace(table, schema=evolve_schema(table, frame.schema).json())


def append_once(
    context: FlowContext, frame: DataFrame, rules: Sequence[DatasetExpectation], table: TableState
) -> tuple[Counts, TableState]:
    """Append the rows of a batch query to a table, as one micro-batch.

    Arguments, result and errors are those of ``append_stream``.
    """
    if context.engine.is_stream(frame):
        raise RunError(
            INVALID_DEFINITION,
            f"the flow `{context.name}` has once=True but reads a stream",
            hint="read with spark.read, or remove once=True",
        )
    writer = _BatchWriter(context, tuple(rules))
    if not context.is_dry:
        writer.write(frame, 0)
    return writer.total, replace(table, schema=evolve_schema(table, frame.schema).json())


@dataclass(slots=True)
class _BatchWriter:
    """Writes the micro-batches of a flow and adds up their counts."""

    context: FlowContext
    rules: tuple[DatasetExpectation, ...]
    total: Counts = NOTHING

    def write(self, batch: DataFrame, number: int) -> None:
        """Write one micro-batch to the new rows of the update."""
        folder = (
            self.context.folder.pending_folder(self.context.update) / f"{folder_name(self.context.name)}.{number:06d}"
        )
        counts = self.context.engine.write_and_check(batch, self.rules, folder, self.context.folder.name.written)
        self.total = add_counts(self.total, counts)


def write_and_check(
    batch: DataFrame,
    rules: Sequence[DatasetExpectation],
    folder: Path,
    dataset: str,
    others: DataFrame | None = None,
    *,
    is_divided: bool = False,
) -> Counts:
    """Write rows as Parquet, and count them and their violations.

    Args:
        batch: The rows.
        rules: The rules of the table.
        folder: Where they are written.
        dataset: The name of the table.
        others: Rows that are written too, but not counted; their columns come first.
        is_divided: Whether rows have a bucket, to whose file they are written.

    Raises:
        ExpectationFailedError: If rows violate an expectation that fails the update; the folder is removed.
    """
    observation = Observation()
    checked = drop_violating_rows(mark_violations(batch, rules).observe(observation, *violation_counts(rules)), rules)
    written = checked if others is None else others.unionByName(checked, allowMissingColumns=True)
    if is_divided:
        write_by_bucket(written, folder)
    else:
        written.write.option("mapreduce.fileoutputcommitter.marksuccessfuljobs", "false").parquet(str(folder))
    counts = read_counts(read_write_observation(batch, observation), rules, dataset)
    if counts.violated_fail_rules:
        shutil.rmtree(folder)
        raise expectation_error(counts, dataset)
    return counts


def expectation_error(counts: Counts, dataset: str) -> ExpectationFailedError:
    """The error for violated expectations that fail the update."""
    rules = ", ".join(
        f"`{rule.name}` failed for {rule.failed} of {counts.rows_read} rows" for rule in counts.violated_fail_rules
    )
    return ExpectationFailedError(f"{dataset}: {rules}")


def drain(
    context: FlowContext, frame: DataFrame, write: Callable[[DataFrame, int], None], mode: str = "append"
) -> None:
    """Run a stream until nothing is left to read.

    Args:
        context: The flow, for its checkpoint.
        frame: The stream.
        write: Takes each micro-batch and its number.
        mode: The output mode of Spark: new rows, or the complete result.
    """
    if context.is_dry:
        return
    raised: list[Exception] = []

    def write_and_keep_error(batch: DataFrame, number: int) -> None:
        try:
            write(batch, number)
        except Exception as error:  # whatever it is, Spark's error for it is less clear
            raised.append(error)
            raise

    try:
        run_to_end(frame.writeStream.outputMode(mode).foreachBatch(write_and_keep_error), context)
    except Exception as error:  # noqa: BLE001 - the original error is clearer than Spark's
        raise (raised[0] if raised else error) from None


def run_to_end(writer: DataStreamWriter, context: FlowContext) -> None:
    """Run a streaming query on all available data, and keep its observed metrics.

    Args:
        writer: The query.
        context: Its flow.
    """
    context.reads.is_streaming = True
    query = writer.option("checkpointLocation", str(context.checkpoint)).trigger(availableNow=True).start()
    try:
        query.awaitTermination()
    finally:
        query.stop()
    progress = query.recentProgress
    if len(progress) >= PROGRESS_LIMIT:
        raise RunError(
            QUERY_FAILED,
            f"the flow `{context.name}` took {PROGRESS_LIMIT:,} or more micro-batches, too many for their counts",
            hint="increase maxFilesPerTrigger",
        )
    context.reads.observed = [_metrics(each) for each in progress]


def _metrics(progress: object) -> dict[str, dict[str, int]]:
    observed = getattr(progress, "observedMetrics", {})
    return {name: row.asDict() for name, row in observed.items()}


def check_streaming(frame: DataFrame, context: FlowContext) -> None:
    """Refuse a batch query.

    Raises:
        RunError: If the frame is not a stream.
    """
    if not context.engine.is_stream(frame):
        raise RunError(
            INVALID_DEFINITION,
            f"the query of the flow `{context.name}` does not read a stream, but its target is a streaming table",
            hint="read with spark.readStream, or set once=True to append the rows once",
        )
