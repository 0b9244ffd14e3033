"""Filling a streaming table: new rows only, each exactly once, also after a kill.

Each micro-batch is written beside the table and then renamed into it, under a name made of the flow and the
batch's number. Spark repeats a batch that a kill interrupted with the same input and number, so a batch that is
already there is one that need not be written again.

A failed update is taken back: its batches are removed and the checkpoint is put back as it was, so that the next
update plans its input anew and sees a landing file that was repaired meanwhile.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pyspark.sql import Observation

from cbx.runtime.expectations import NOTHING, Counts, added, counts, kept, marked, measures, observed
from cbx.runtime.flow import ExpectationFailedError
from cbx.runtime.problems import RunError
from cbx.runtime.schema import evolved

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pyspark.sql import DataFrame
    from pyspark.sql.streaming.readwriter import DataStreamWriter

    from cbx.runtime.definitions import Expectation
    from cbx.runtime.flow import FlowContext
    from cbx.runtime.store import TableState


def append_stream(
    context: FlowContext, frame: DataFrame, rules: Sequence[Expectation], table: TableState
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
    table, writer = _prepared(context, frame, rules, table)
    drain(context, frame, writer.write, writer.take_back)
    return writer.total, table


def append_once(
    context: FlowContext, frame: DataFrame, rules: Sequence[Expectation], table: TableState
) -> tuple[Counts, TableState]:
    """Append the rows of a batch query to a table, as the only micro-batch of its flow.

    Args and what is returned and raised are those of ``append_stream``.
    """
    if frame.isStreaming:
        raise RunError(
            f"the flow `{context.name}` says once=True and reads a stream",
            hint="read with spark.read, or leave out once=True",
        )
    table, writer = _prepared(context, frame, rules, table)
    if not context.is_dry:
        writer.write(frame, 0)
    return writer.total, table


def _prepared(
    context: FlowContext, frame: DataFrame, rules: Sequence[Expectation], table: TableState
) -> tuple[TableState, _BatchWriter]:
    """The table with the columns that it is to have, and what writes to it.

    The columns are known before the first row is there, so that no reader misses one.
    """
    wider = replace(table, schema=evolved(table, frame.schema).json())
    current = context.folder.current()
    if current is not None and current.version == wider.version and current.schema != wider.schema:
        context.folder.commit(wider)
    rows = context.folder.rows(wider.version)
    rows.mkdir(parents=True, exist_ok=True)
    return wider, _BatchWriter(context, rows, tuple(rules))


@dataclass(slots=True)
class _BatchWriter:
    """Writes a flow's micro-batches and adds up their counts."""

    context: FlowContext
    rows: Path
    rules: tuple[Expectation, ...]
    total: Counts = NOTHING

    def write(self, batch: DataFrame, number: int) -> None:
        """Add one micro-batch to the table, unless it is there."""
        target = self._folder(number)
        if target.exists():
            return
        staging = self.context.folder.staging(target.name)
        done = write_checked(batch, self.rules, staging, self.context.folder.name.written)
        staging.rename(target)
        self.total = added(self.total, done)

    def take_back(self, last: int) -> None:
        """Remove the flow's micro-batches after a number."""
        prefix = f"{self.context.checkpoint.name}."
        for folder in sorted(self.rows.glob(f"{prefix}*")):
            number = folder.name.removeprefix(prefix)
            if number.isdecimal() and int(number) > last:
                shutil.rmtree(folder)

    def _folder(self, number: int) -> Path:
        return self.rows / f"{self.context.checkpoint.name}.{number:06d}"


def write_checked(batch: DataFrame, rules: Sequence[Expectation], folder: Path, dataset: str) -> Counts:
    """Write rows as Parquet and count them and their violations on the way.

    Raises:
        ExpectationFailedError: If a rule that must hold does not; the folder is then removed again.
    """
    observation = Observation()
    checked = kept(marked(batch, rules).observe(observation, *measures(rules)), rules)
    checked.write.option("mapreduce.fileoutputcommitter.marksuccessfuljobs", "false").parquet(str(folder))
    done = counts(observed(observation), rules, dataset)
    if done.broken:
        shutil.rmtree(folder)
        raise broken(done, dataset)
    return done


def broken(done: Counts, dataset: str) -> ExpectationFailedError:
    """The failure of rules that must hold."""
    rules = ", ".join(f"`{rule.name}` fails for {rule.failed} of {done.rows_read} rows" for rule in done.broken)
    return ExpectationFailedError(
        f"{dataset}: {rules}", hint="the table is as it was; correct the input or the rule and run again"
    )


def drain(
    context: FlowContext,
    frame: DataFrame,
    write: Callable[[DataFrame, int], None],
    take_back: Callable[[int], None],
) -> None:
    """Run a stream until nothing is left to read.

    Args:
        context: The flow, for its checkpoint.
        frame: The stream.
        write: Takes each micro-batch and its number.
        take_back: Undoes the micro-batches after a number, when the update fails.
    """
    if context.is_dry:
        return
    checkpoint = _Checkpoint(context.checkpoint)
    checkpoint.finish_undoing(take_back)
    checkpoint.keep()
    raised: list[Exception] = []

    def guarded(batch: DataFrame, number: int) -> None:
        try:
            write(batch, number)
        except Exception as error:
            raised.append(error)
            raise

    try:
        run_to_end(frame.writeStream.foreachBatch(guarded), context)
    except Exception as error:  # noqa: BLE001 - any failure takes the update back
        checkpoint.undo(take_back)
        raise (raised[0] if raised else error) from None
    checkpoint.forget()


def run_to_end(writer: DataStreamWriter, context: FlowContext) -> None:
    """Run a streaming query on what there is, and remember what it observed.

    Args:
        writer: The query.
        context: Its flow.
    """
    context.is_streaming = True
    query = writer.option("checkpointLocation", str(context.checkpoint)).trigger(availableNow=True).start()
    try:
        query.awaitTermination()
    finally:
        query.stop()
    context.observed = [_metrics(progress) for progress in query.recentProgress]


def _metrics(progress: object) -> dict[str, dict[str, int]]:
    observed = getattr(progress, "observedMetrics", {})
    return {name: row.asDict() for name, row in observed.items()}


@dataclass(slots=True)
class _Checkpoint:
    """A checkpoint that can be put back as it was before an update.

    Spark never changes a file of a checkpoint, so a copy made of links is enough. The three steps back are
    ordered so that a kill between them is noticed: what failed is set aside, its batches are removed, the kept
    copy takes its place; where that has happened, only what failed is left to remove.
    """

    path: Path
    kept: Path = field(init=False)
    failed: Path = field(init=False)

    def __post_init__(self) -> None:
        self.kept = self.path.with_name(f"{self.path.name}.before")
        self.failed = self.path.with_name(f"{self.path.name}.failed")

    def finish_undoing(self, take_back: Callable[[int], None]) -> None:
        """Go on where a killed run was taking back an update."""
        if self.failed.exists():
            self._restore(take_back)

    def keep(self) -> None:
        """Remember the checkpoint as it is."""
        shutil.rmtree(self.kept, ignore_errors=True)
        if self.path.exists():
            shutil.copytree(self.path, self.kept, copy_function=_link)

    def undo(self, take_back: Callable[[int], None]) -> None:
        """Take back what has happened since it was kept."""
        if self.path.exists():
            self.path.rename(self.failed)
            self._restore(take_back)

    def forget(self) -> None:
        """The update stands: the copy is no longer needed."""
        shutil.rmtree(self.kept, ignore_errors=True)

    def _restore(self, take_back: Callable[[int], None]) -> None:
        if not self.path.exists():
            take_back(last_committed(self.kept))
            if self.kept.exists():
                self.kept.rename(self.path)
        shutil.rmtree(self.failed)


def last_committed(checkpoint: Path) -> int:
    """The number of the last micro-batch that a checkpoint calls done, -1 if there is none."""
    commits = checkpoint / "commits"
    names = [entry.name for entry in commits.iterdir()] if commits.is_dir() else []
    return max((int(name) for name in names if name.isdecimal()), default=-1)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def only_streams(frame: DataFrame, flow: str) -> None:
    """Refuse a batch query where a stream is needed.

    Raises:
        RunError: If the frame is not a stream.
    """
    if not frame.isStreaming:
        raise RunError(
            f"the flow `{flow}` fills a streaming table, and its query reads no stream",
            hint="read with spark.readStream, or say once=True for rows that are added a single time",
        )
