"""Filling a streaming table: new rows only, each exactly once, also after a kill.

Each micro-batch is written beside the table, with a copy of the flow's checkpoint that Spark goes on with. The
commit of the update makes both the table's (``store.py``). A failed update leaves the table and the checkpoint as
they were, so the next one plans its micro-batches anew and sees a landing file that was repaired meanwhile.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pyspark.sql import Observation

from cbx.runtime.flow_context import ExpectationFailedError
from cbx.runtime.flows.expectations import (
    NOTHING,
    Counts,
    add_counts,
    drop_violating_rows,
    mark_violations,
    read_counts,
    violation_counts,
)
from cbx.runtime.problems import RunError
from cbx.runtime.spark.observations import read_write_observation
from cbx.runtime.spark.session import PROGRESS_LIMIT
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
    """Append what is new in a stream to a table.

    Args:
        context: The flow.
        frame: The stream's rows.
        rules: The table's rules.
        table: The table as it stands.

    Returns:
        What happened to the rows, and the table with the columns that it has now.

    Raises:
        ExpectationFailedError: If a rule that must hold does not; the table is then as it was.
    """
    writer = _BatchWriter(context, tuple(rules))
    drain(context, frame, writer.write)
    return writer.total, replace(table, schema=evolve_schema(table, frame.schema).json())


def append_once(
    context: FlowContext, frame: DataFrame, rules: Sequence[DatasetExpectation], table: TableState
) -> tuple[Counts, TableState]:
    """Append the rows of a batch query to a table, as the only micro-batch of its flow.

    Args and what is returned and raised are those of ``append_stream``.
    """
    if frame.isStreaming:
        raise RunError(
            f"the flow `{context.name}` says once=True and reads a stream",
            hint="read with spark.read, or leave out once=True",
        )
    writer = _BatchWriter(context, tuple(rules))
    if not context.is_dry:
        writer.write(frame, 0)
    return writer.total, replace(table, schema=evolve_schema(table, frame.schema).json())


@dataclass(slots=True)
class _BatchWriter:
    """Writes a flow's micro-batches and adds up their counts."""

    context: FlowContext
    rules: tuple[DatasetExpectation, ...]
    total: Counts = NOTHING

    def write(self, batch: DataFrame, number: int) -> None:
        """Add one micro-batch to the update's new rows."""
        folder = self.context.folder.pending(self.context.update) / f"{folder_name(self.context.name)}.{number:06d}"
        done = write_checked(batch, self.rules, folder, self.context.folder.name.written)
        self.total = add_counts(self.total, done)


def write_checked(batch: DataFrame, rules: Sequence[DatasetExpectation], folder: Path, dataset: str) -> Counts:
    """Write rows as Parquet and count them and their violations on the way.

    Raises:
        ExpectationFailedError: If a rule that must hold does not; the folder is then removed again.
    """
    observation = Observation()
    checked = drop_violating_rows(mark_violations(batch, rules).observe(observation, *violation_counts(rules)), rules)
    checked.write.option("mapreduce.fileoutputcommitter.marksuccessfuljobs", "false").parquet(str(folder))
    done = read_counts(read_write_observation(batch, observation), rules, dataset)
    if done.violated_fail_rules:
        shutil.rmtree(folder)
        raise expectation_error(done, dataset)
    return done


def expectation_error(done: Counts, dataset: str) -> ExpectationFailedError:
    """The failure of rules that must hold."""
    rules = ", ".join(
        f"`{rule.name}` fails for {rule.failed} of {done.rows_read} rows" for rule in done.violated_fail_rules
    )
    return ExpectationFailedError(
        f"{dataset}: {rules}", hint="the table is as it was; correct the input or the rule and run again"
    )


def drain(context: FlowContext, frame: DataFrame, write: Callable[[DataFrame, int], None]) -> None:
    """Run a stream until nothing is left to read.

    Args:
        context: The flow, for its checkpoint.
        frame: The stream.
        write: Takes each micro-batch and its number.
    """
    if context.is_dry:
        return
    raised: list[Exception] = []

    def guarded(batch: DataFrame, number: int) -> None:
        try:
            write(batch, number)
        except Exception as error:
            raised.append(error)
            raise

    try:
        run_to_end(frame.writeStream.foreachBatch(guarded), context)
    except Exception as error:  # noqa: BLE001 - what was raised here says more than what Spark made of it
        raise (raised[0] if raised else error) from None


def run_to_end(writer: DataStreamWriter, context: FlowContext) -> None:
    """Run a streaming query on what there is, and remember what it observed.

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
            f"the flow `{context.name}` took {PROGRESS_LIMIT:,} micro-batches or more; Spark keeps the counts of fewer",
            hint="let a micro-batch take more, with a greater maxFilesPerTrigger",
        )
    context.reads.observed = [_metrics(each) for each in progress]


def _metrics(progress: object) -> dict[str, dict[str, int]]:
    observed = getattr(progress, "observedMetrics", {})
    return {name: row.asDict() for name, row in observed.items()}


def check_streaming(frame: DataFrame, flow: str) -> None:
    """Refuse a batch query where a stream is needed.

    Raises:
        RunError: If the frame is not a stream.
    """
    if not frame.isStreaming:
        raise RunError(
            f"the flow `{flow}` fills a streaming table, and its query reads no stream",
            hint="read with spark.readStream, or say once=True for rows that are added a single time",
        )
