"""What a pipeline's notebooks define: datasets, flows, sinks and their rules."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from cbx.diagnostics.diagnostic import did_you_mean
from cbx.runtime.problems import Place, Problem, RunError

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from cbx.runtime.auto_cdc import AllBut
    from cbx.runtime.names import DatasetName

Query = Callable[[], "DataFrame"]
OnViolation = Literal["warn", "drop", "fail"]
DatasetKind = Literal["table", "materialized_view", "streaming_table", "view"]


@dataclass(frozen=True, slots=True)
class DatasetExpectation:
    """A rule that every row of a dataset should meet.

    Attributes:
        name: What the counts are listed under.
        condition: A SQL boolean.
        on_violation: What becomes of a row that does not meet it.
        is_constraint: Whether it comes from a NOT NULL column, and is no rule to be listed.
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
        kind: Which definition made it. A ``table`` is streaming or batch as its query turns out to be.
        query: The function that returns its rows; None for ``create_streaming_table``, which flows fill.
        expectations: Its rules, in the order in which they were written.
        schema: The ``schema=`` of the definition: DDL text or a ``StructType``.
        private: Whether it is kept from the catalog on Databricks.
        spark_conf: Settings for its query.
        place: Where it is defined.
        is_reset_allowed: Whether a full refresh starts it over.
    """

    name: DatasetName
    kind: DatasetKind
    query: Query | None
    expectations: tuple[DatasetExpectation, ...] = ()
    schema: Any = None
    private: bool = False
    spark_conf: Mapping[str, str] = field(default_factory=dict)
    place: Place | None = None
    is_reset_allowed: bool = True


@dataclass(frozen=True, slots=True)
class AppendFlow:
    """A query whose rows are appended to a streaming table or a sink."""

    target: DatasetName
    name: str
    query: Query
    once: bool = False
    spark_conf: Mapping[str, str] = field(default_factory=dict)
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class CdcFlow:
    """Changes that are merged into a streaming table, as given to ``create_auto_cdc_flow``."""

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
    place: Place | None = None


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
    place: Place | None = None


Flow = AppendFlow | CdcFlow | SnapshotFlow


@dataclass(frozen=True, slots=True)
class Sink:
    """A place outside the pipeline that append flows write to.

    ``handler`` is the function that takes the rows, where the sink is one.
    """

    name: DatasetName
    format: str
    options: Mapping[str, str]
    place: Place | None = None
    handler: Callable[..., Any] | None = None


@dataclass(slots=True)
class Registry:
    """Everything that has been defined so far, in the order of definition."""

    datasets: dict[str, Dataset] = field(default_factory=dict)
    flows: dict[str, list[Flow]] = field(default_factory=dict)
    sinks: dict[str, Sink] = field(default_factory=dict)
    notes: list[tuple[str, Place | None]] = field(default_factory=list)

    def add_dataset(self, dataset: Dataset) -> None:
        """Take in a dataset.

        Raises:
            RunError: If its name is taken.
        """
        self._claim(dataset.name, dataset.place)
        self.datasets[dataset.name.key] = dataset

    def add_sink(self, sink: Sink) -> None:
        """Take in a sink.

        Raises:
            RunError: If its name is taken.
        """
        self._claim(sink.name, sink.place)
        self.sinks[sink.name.key] = sink

    def add_flow(self, flow: Flow) -> None:
        """Take in a flow; that its target exists is checked when everything has been read.

        Raises:
            RunError: If another flow has its name.
        """
        for others in self.flows.values():
            for other in others:
                if other.name.lower() == flow.name.lower():
                    raise RunError(
                        f"two flows are named `{flow.name}`; the other one is at {other.place}",
                        place=flow.place,
                        hint="give one of them another name, with name=",
                    )
        self.flows.setdefault(flow.target.key, []).append(flow)

    def note(self, text: str, place: Place | None) -> None:
        """Remember something that the user should hear once."""
        if (text, place) not in self.notes:
            self.notes.append((text, place))

    def note_once(self, text: str, place: Place | None) -> None:
        """Remember something that holds for the whole pipeline, with the first place that it is about."""
        if text not in (known for known, _ in self.notes):
            self.notes.append((text, place))

    def problems(self, select: Collection[str]) -> list[Problem]:
        """What is wrong with the definitions as a whole, before anything is made.

        Args:
            select: The names of the datasets that are to be made.
        """
        known = {**self.datasets, **self.sinks}
        homeless = [flow for key, flows in self.flows.items() if key not in known for flow in flows]
        return [
            Problem(
                f"the flow `{flow.name}` fills `{flow.target.written}`, which nothing defines",
                flow.place,
                "define it with create_streaming_table",
            )
            for flow in homeless
        ] + [
            Problem(f"`{name}` is selected, and no dataset has that name", hint=did_you_mean(name, known))
            for name in sorted(select)
            if name.lower() not in known
        ]

    def _claim(self, name: DatasetName, place: Place | None) -> None:
        other = self.datasets.get(name.key) or self.sinks.get(name.key)
        if other is not None:
            raise RunError(
                f"`{name.written}` is defined twice; the other definition is at {other.place}",
                place=place,
                hint="rename one of them",
            )
