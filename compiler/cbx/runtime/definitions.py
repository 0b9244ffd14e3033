"""What the notebooks of a pipeline define: datasets, flows, sinks and their expectations."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from cbx.diagnostics.codes import INVALID_DEFINITION, UNKNOWN_TABLE
from cbx.diagnostics.diagnostic import Diagnostic, Related, did_you_mean
from cbx.diagnostics.source_files import Span
from cbx.runtime.errors import RunError

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from cbx.runtime.auto_cdc import AllBut
    from cbx.runtime.names import DatasetName

Query = Callable[[], "DataFrame"]
OnViolation = Literal["warn", "drop", "fail"]
DatasetKind = Literal["table", "materialized_view", "streaming_table", "view"]


@dataclass(frozen=True, slots=True)
class DatasetExpectation:
    """A condition that every row of a dataset should meet.

    Attributes:
        name: The name, for its counts.
        condition: A SQL boolean.
        on_violation: What happens to a row that does not meet it.
        is_constraint: Whether it comes from a NOT NULL or generated column; its counts are listed only if rows fail.
    """

    name: str
    condition: str
    on_violation: OnViolation
    is_constraint: bool = False


@dataclass(frozen=True, slots=True)
class Dataset:
    """A table or view that the pipeline publishes.

    Attributes:
        name: Its name.
        kind: How it is defined. The query of a ``table`` decides whether it is streaming or batch.
        query: The function that returns its rows; None for ``create_streaming_table``, which flows fill.
        expectations: Its expectations, in the order in which they are written.
        schema: The ``schema=`` of the definition: DDL text or a ``StructType``.
        private: Whether Databricks does not publish it to the catalog.
        spark_conf: Settings for its query.
        span: Where it is defined.
        is_reset_allowed: Whether a full refresh may drop its rows and checkpoints.
        replace_using: The keys whose rows the query replaces; empty for a query whose rows are appended.
        sequence_by: What orders rows of the same key.
    """

    name: DatasetName
    kind: DatasetKind
    query: Query | None
    expectations: tuple[DatasetExpectation, ...] = ()
    schema: Any = None
    private: bool = False
    spark_conf: Mapping[str, str] = field(default_factory=dict)
    span: Span | None = None
    is_reset_allowed: bool = True
    replace_using: tuple[str, ...] = ()
    sequence_by: str | Column | None = None


@dataclass(frozen=True, slots=True)
class AppendFlow:
    """A query whose rows are appended to a streaming table or a sink.

    Attributes:
        is_update: Whether a sink gets the rows of aggregates again when they change, as ``update_flow`` does.
    """

    target: DatasetName
    name: str
    query: Query
    once: bool = False
    spark_conf: Mapping[str, str] = field(default_factory=dict)
    span: Span | None = None
    is_update: bool = False


@dataclass(frozen=True, slots=True)
class CdcFlow:
    """Changes that are merged into a streaming table: the arguments of ``create_auto_cdc_flow``."""

    target: DatasetName
    name: str
    source: DatasetName
    keys: tuple[str, ...]
    sequence_by: str | Column
    scd_type: Literal[1, 2]
    apply_as_deletes: str | Column | None = None
    apply_as_truncates: str | Column | None = None
    ignore_null_updates: bool | tuple[str, ...] | AllBut = False
    column_list: tuple[str, ...] | None = None
    except_column_list: tuple[str, ...] | None = None
    track_history_column_list: tuple[str, ...] | None = None
    track_history_except_column_list: tuple[str, ...] | None = None
    once: bool = False
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class SnapshotFlow:
    """Whole snapshots of a source, whose differences are merged into a streaming table.

    ``source`` is a dataset, or a function from the last version to the next one and its rows.
    """

    target: DatasetName
    name: str
    source: DatasetName | Callable[[Any], tuple[DataFrame, Any] | None]
    keys: tuple[str, ...]
    scd_type: Literal[1, 2]
    track_history_column_list: tuple[str, ...] | None = None
    track_history_except_column_list: tuple[str, ...] | None = None
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class ReplaceFlow:
    """A query whose rows replace rows of a streaming table.

    Attributes:
        target: The table.
        name: The name of the flow.
        query: A batch or a stream.
        using: The columns of REPLACE USING: the rows with the same values are replaced.
        sequence_by: The order of the rows of a key; a row with a lower sequence replaces nothing.
        where: The condition of REPLACE WHERE on the rows to replace; the query's other rows are ignored.
        spark_conf: Settings for its query.
        span: Where it is defined.
    """

    target: DatasetName
    name: str
    query: Query
    using: tuple[str, ...] = ()
    sequence_by: str | Column | None = None
    where: str | None = None
    spark_conf: Mapping[str, str] = field(default_factory=dict)
    span: Span | None = None


Flow = AppendFlow | CdcFlow | ReplaceFlow | SnapshotFlow


@dataclass(frozen=True, slots=True)
class Sink:
    """A target outside the pipeline that append flows write to.

    ``handler`` is the function that takes each micro-batch; None for other sinks.
    """

    name: DatasetName
    format: str
    options: Mapping[str, str]
    span: Span | None = None
    handler: Callable[..., Any] | None = None


@dataclass(slots=True)
class Registry:
    """The definitions so far, in their order."""

    datasets: dict[str, Dataset] = field(default_factory=dict)
    flows: dict[str, list[Flow]] = field(default_factory=dict)
    sinks: dict[str, Sink] = field(default_factory=dict)
    notes: list[tuple[str, Span | None]] = field(default_factory=list)

    def add_dataset(self, dataset: Dataset) -> None:
        """Add a dataset.

        Raises:
            RunError: If its name is taken.
        """
        self._claim(dataset.name, dataset.span)
        self.datasets[dataset.name.key] = dataset

    def add_sink(self, sink: Sink) -> None:
        """Add a sink.

        Raises:
            RunError: If its name is taken.
        """
        self._claim(sink.name, sink.span)
        self.sinks[sink.name.key] = sink

    def add_flow(self, flow: Flow) -> None:
        """Add a flow. Its target may be defined later.

        Raises:
            RunError: If another flow has its name.
        """
        for others in self.flows.values():
            for other in others:
                if other.name.lower() == flow.name.lower():
                    raise RunError(
                        INVALID_DEFINITION,
                        f"two flows are named `{flow.name}`",
                        span=flow.span,
                        hint="give one of them another name, with name=",
                        related=_relate("the other flow", other.span),
                    )
        self.flows.setdefault(flow.target.key, []).append(flow)

    def note(self, text: str, span: Span | None) -> None:
        """Add a note for the user; the same note is shown once per line."""
        if (text, span) not in self.notes:
            self.notes.append((text, span))

    def note_once(self, text: str, span: Span | None) -> None:
        """Add a note that is shown once per pipeline, at the first line that causes it."""
        if text not in (noted for noted, _ in self.notes):
            self.notes.append((text, span))

    def diagnostics(self, select: Collection[str]) -> list[Diagnostic]:
        """What is wrong with the definitions as a whole, before any table is refreshed.

        Args:
            select: The names of the datasets to refresh.
        """
        targets = {**self.datasets, **self.sinks}
        without_target = [flow for key, flows in self.flows.items() if key not in targets for flow in flows]
        return [
            Diagnostic(
                INVALID_DEFINITION,
                f"the target `{flow.target.written}` of the flow `{flow.name}` is not defined",
                flow.span,
                hint="define it with create_streaming_table",
            )
            for flow in without_target
        ] + [
            Diagnostic(
                UNKNOWN_TABLE, f"no dataset is named `{name}`, which is selected", hint=did_you_mean(name, targets)
            )
            for name in sorted(select)
            if name.lower() not in targets
        ]

    def _claim(self, name: DatasetName, span: Span | None) -> None:
        other = self.datasets.get(name.key) or self.sinks.get(name.key)
        if other is not None:
            raise RunError(
                INVALID_DEFINITION,
                f"`{name.written}` is defined twice",
                span=span,
                hint="rename one of them",
                related=_relate("the other definition", other.span),
            )


def _relate(message: str, span: Span | None) -> tuple[Related, ...]:
    return () if span is None else (Related(message, span),)
