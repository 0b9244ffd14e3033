"""Plans an update on Sail before it begins: what each dataset reads, its columns, and whether Sail can run its query.

The functions of the datasets are called with inputs that have columns and no rows. So whatever Sail cannot run is known
before anything is written.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pyarrow as pa  # type: ignore[import-untyped]
from pyspark.sql import functions as F  # noqa: N812 - the idiom of its documentation
from pyspark.sql.types import StructType

from cbx.runtime.auto_cdc import current_rows, merge_changes, snapshot_changes, target_rows
from cbx.runtime.definitions import AppendFlow, CdcFlow, SnapshotFlow
from cbx.runtime.flow_context import FlowContext
from cbx.runtime.flows.append_stream import check_streaming
from cbx.runtime.flows.declared_shape import Shape
from cbx.runtime.flows.expectation_results import NONE
from cbx.runtime.flows.expectations import drop_violating_rows, mark_violations
from cbx.runtime.flows.merging.merge_changes import cdc_spec
from cbx.runtime.flows.merging.merge_snapshots import last_version, new_snapshots, read_snapshot_spec
from cbx.runtime.flows.refresh_result import RefreshResult
from cbx.runtime.flows.write_sink import is_of_files
from cbx.runtime.landing_files.rows import METADATA
from cbx.runtime.results import NOTHING
from cbx.runtime.sail.checks.argument_types import check_argument_types
from cbx.runtime.sail.checks.implicit_dates import check_implicit_dates
from cbx.runtime.sail.checks.supported_plans import check_condition, check_plan, check_stars
from cbx.runtime.sail.engine import SailEngine
from cbx.runtime.sail.files.arrow_rows import arrow_schema
from cbx.runtime.sail.files.json_files import make_writer
from cbx.runtime.sail.messages import plan_of
from cbx.runtime.sail.refusals import NotOnSailError
from cbx.runtime.sail.session_settings import unsupported_setting
from cbx.runtime.tables.merge_state import open_merge_state
from cbx.runtime.tables.read_table import check_read_options, require_state
from cbx.runtime.tables.schema import evolve_schema, read_struct
from cbx.runtime.tables.sink_store import SinkFolder
from cbx.runtime.tables.store import TableFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pyspark.sql import DataFrame

    from cbx.runtime.auto_loader.reading_plan import Opening
    from cbx.runtime.definitions import Dataset, DatasetExpectation, Flow, Sink
    from cbx.runtime.flows.refresh_table import Queries
    from cbx.runtime.sail.checkpoints import ReadFile
    from cbx.runtime.tables.store import TableState


@dataclass(frozen=True, slots=True)
class PlannedTable:
    """A table as it will be after the update.

    Attributes:
        columns: Its columns.
        is_append_only: Whether others can stream from it.
    """

    columns: StructType
    is_append_only: bool


@dataclass(slots=True)
class SailPlanner(SailEngine):
    """Plans tables; as an engine, it reads no rows.

    Attributes:
        tables: The planned tables, by key.
        refusals: What Sail cannot run: datasets, each with a reason.
    """

    tables: dict[str, PlannedTable] = field(default_factory=dict)
    refusals: list[tuple[str, str]] = field(default_factory=list)

    def plan_table(
        self,
        dataset: Dataset,
        flows: Sequence[Flow],
        folder: TableFolder,
        queries: Queries,
        *,
        full_refresh: bool,
        is_dry: bool = False,  # noqa: ARG002 - as `Refresh` declares it
    ) -> RefreshResult:
        """Plan a table, instead of refreshing it.

        Raises:
            NotOnSailError: If Sail cannot run its queries.
        """
        with self._refusals_of(dataset.name.written):
            self._plan(dataset, flows, folder, queries, full_refresh=full_refresh)
        return RefreshResult("batch", NOTHING, NONE)

    def _plan(
        self, dataset: Dataset, flows: Sequence[Flow], folder: TableFolder, queries: Queries, *, full_refresh: bool
    ) -> None:
        table = None if full_refresh and dataset.is_reset_allowed else folder.read_state()
        _check_definition(dataset, flows)
        own = [] if dataset.query is None else [AppendFlow(dataset.name, dataset.name.key, dataset.query)]
        if not (own or flows):
            raise NotOnSailError("has no flow")
        update, columns, is_append_only = 0 if table is None else table.progress, None, not own
        for flow in (*own, *flows):
            if table is not None and getattr(flow, "once", False) and table.memory(flow.name).once:
                continue
            context = FlowContext(self, flow.name, folder, update)
            if isinstance(flow, AppendFlow):
                rows = Shape.of(dataset).apply(queries.evaluate(flow.query, context))
                is_append_only = self._check(rows) or is_append_only
                self.check_conditions(rows, Shape.of(dataset).rules)
            else:
                rows, is_append_only = self._plan_merge(flow, context, queries, table, Shape.of(dataset)), False
            columns = _grow(table, columns, rows.schema) if is_append_only else rows.schema
        if columns is None:
            columns = StructType([]) if table is None else read_struct(table.schema)
        self.tables[dataset.name.key] = PlannedTable(columns, is_append_only)

    def plan_sink(
        self,
        sink: Sink,
        flows: Sequence[Flow],
        state: Path,
        queries: Queries,
        note: Callable[[str], None],  # noqa: ARG002 - as `WriteSink` declares it
        *,
        full_refresh: bool,
        is_dry: bool = False,  # noqa: ARG002 - as above
    ) -> RefreshResult:
        """Plan what flows write to a sink, instead of writing it.

        Raises:
            NotOnSailError: If Sail cannot write it.
        """
        with self._refusals_of(sink.name.written):
            _check_sink(sink)
            store = SinkFolder(TableFolder(state, sink.name))
            before = store.read_state()
            update = before.number + 1 if full_refresh else before.progress
            for flow in flows:
                if not isinstance(flow, AppendFlow) or flow.is_update or flow.spark_conf:
                    raise NotOnSailError("has a flow of updates, or with settings of Spark")
                context = FlowContext(self, flow.name, store.folder, update)
                rows = queries.evaluate(flow.query, context)
                check_streaming(rows, context)
                self._check(rows)
                if sink.format in _JSON:
                    make_writer(pa.struct(list(arrow_schema(rows.schema))))
        return RefreshResult("sink", NOTHING, NONE)

    @contextmanager
    def _refusals_of(self, name: str) -> Iterator[None]:
        """Keep the reason why a dataset cannot be refreshed."""
        try:
            yield
        except NotOnSailError as error:
            self.refusals.append((name, error.reason))
            raise

    def _plan_merge(
        self, flow: Flow, context: FlowContext, queries: Queries, table: TableState | None, shape: Shape
    ) -> DataFrame:
        """The rows of a target of AUTO CDC."""
        if isinstance(flow, CdcFlow):
            rows = self._plan_cdc(flow, context, queries, table)
        elif isinstance(flow, SnapshotFlow):
            rows = self._plan_snapshots(flow, context, queries, table)
        else:
            raise NotOnSailError("has a flow that replaces rows")
        return shape.apply_to_history(rows) if flow.scd_type == _HISTORY else shape.apply(rows)

    def _plan_snapshots(
        self, flow: SnapshotFlow, context: FlowContext, queries: Queries, table: TableState | None
    ) -> DataFrame:
        """The rows of a target of snapshots."""
        spec, state = read_snapshot_spec(flow), self._merge_state(context, table)
        merged = [] if table is None else [last_version(table, flow)]
        snapshots = new_snapshots(
            flow,
            lambda: merged[-1] if merged else None,
            lambda name: queries.read_dataset(name, context, is_stream=False),
        )
        for snapshot, version in snapshots:
            self._check(snapshot)
            before = None if state is None else current_rows(state, spec)
            changes = snapshot_changes(before, snapshot, spec, F.lit(version))
            state = self.spark.createDataFrame([], merge_changes(state, changes, spec).schema)
            merged.append(version)
        if state is None:
            raise NotOnSailError("has no snapshot")
        return target_rows(state, spec)

    def _merge_state(self, context: FlowContext, table: TableState | None) -> DataFrame | None:
        """No rows of the state of a target of AUTO CDC."""
        if table is None or not table.schema:
            return None
        state = open_merge_state(context.folder.merge_state_folder(table.version))
        if state.columns is None:
            return self.spark.createDataFrame([], self.spark.read.parquet(str(state.folder)).schema)
        return self.spark.createDataFrame([], state.columns)

    def _plan_cdc(self, flow: CdcFlow, context: FlowContext, queries: Queries, table: TableState | None) -> DataFrame:
        """The rows of a target of AUTO CDC."""
        frame = queries.read_dataset(flow.source, context, is_stream=not flow.once)
        self._check(frame)
        spec = cdc_spec(flow)
        if flow.ignore_null_updates:
            raise NotOnSailError("ignores NULLs in updates")
        expressions = [spec.sequence_by, spec.apply_as_deletes, spec.apply_as_truncates]
        empty = self.spark.createDataFrame([], frame.schema)
        given = empty.select(*(expression for expression in expressions if expression is not None))
        self._check(given, are_calls_replaced=False)
        if isinstance(frame.select(spec.sequence_by).schema[0].dataType, StructType):
            raise NotOnSailError("has a sequence of several columns")
        return target_rows(merge_changes(self._merge_state(context, table), frame, spec), spec)

    def _check(self, frame: DataFrame, *, are_calls_replaced: bool = True) -> bool:
        """Check the plan of a query; whether it is a stream."""
        unnamed = next((name for name in frame.columns if _UNNAMED.search(name)), None)
        if unnamed is not None and are_calls_replaced:
            raise NotOnSailError(f"has the column `{unnamed}`, which has no name of its own")
        if _INTERVAL.search(frame.schema.json()):
            raise NotOnSailError("has a column of intervals")
        streams = self.views.streams_in(frame)
        if len(streams) > 1:
            raise NotOnSailError("reads several streams in one flow")
        for plan in self.views.plans(frame):
            check_plan(plan, is_stream=bool(streams))
            check_argument_types(self.spark, plan, are_calls_replaced=are_calls_replaced)
            if METADATA.encode() in plan.SerializeToString().lower():
                check_stars(plan)
        check_implicit_dates(self.spark, plan_of(frame), self.views.plans(frame, with_streams=True))
        return bool(streams)

    def replace_calls(self, frame: DataFrame) -> DataFrame:
        """Nothing: calls are replaced in what runs."""
        return frame

    def read_table(self, folder: TableFolder, options: Mapping[str, str]) -> DataFrame:
        """No rows of a table."""
        check_read_options(options)
        planned = self.tables.get(folder.name.key)
        columns = read_struct(require_state(folder).schema) if planned is None else planned.columns
        return self.spark.createDataFrame([], columns)

    def read_stream(self, folder: TableFolder, options: Mapping[str, str], context: FlowContext) -> DataFrame:
        """No rows of a streaming table."""
        planned = self.tables.get(folder.name.key)
        if planned is None:
            return SailEngine.read_stream(self, folder, options, context)
        if options or not planned.is_append_only:
            raise NotOnSailError("reads a stream of changes, or with options")
        return self.add_new_files(self.spark.createDataFrame([], planned.columns), (), ())

    def read_parquet(self, files: Sequence[Path], columns: StructType) -> DataFrame:  # noqa: ARG002 - as above
        """No rows of Parquet files."""
        return self.spark.createDataFrame([], columns)

    def make_frame(self, rows: pa.Table, columns: StructType) -> DataFrame:  # noqa: ARG002 - as above
        """No rows of a table."""
        return self.spark.createDataFrame([], columns)

    def add_new_files(
        self,
        frame: DataFrame,
        read: tuple[ReadFile, ...],  # noqa: ARG002 - as above
        new: Sequence[ReadFile],  # noqa: ARG002 - as above
        rows: pa.Table | None = None,
    ) -> DataFrame:
        """A stream without rows."""
        return self.views.add_stream(frame, (), is_new=False, rows=None if rows is None else rows.slice(0, 0))

    def open_files(self, opening: Opening, source_folder: Path, context: FlowContext | None) -> DataFrame:
        """No rows of a landing folder, whose new files are read and kept for the update."""
        new = self.read_landed(opening, source_folder, context).new
        return self.add_new_files(self.spark.createDataFrame([], new.schema), (), (), new.table)

    def check_view(self, view: Dataset, frame: DataFrame, context: FlowContext) -> DataFrame:  # noqa: ARG002
        """Check the expectations of a view; there are no rows."""
        frame = self.show_metadata(frame)
        self.check_conditions(frame, view.expectations)
        return drop_violating_rows(mark_violations(frame, view.expectations), view.expectations)

    def check_conditions(self, frame: DataFrame, rules: Sequence[DatasetExpectation]) -> None:
        """Check that the conditions are ones that Sail evaluates as Spark does."""
        for rule in rules:
            check_condition(rule.condition)
        empty = self.spark.createDataFrame([], frame.schema)
        marked = plan_of(mark_violations(empty, rules))
        check_argument_types(self.spark, marked)
        check_implicit_dates(self.spark, marked, [marked])
        mark_violations(empty, rules).schema  # noqa: B018 - which resolves the conditions


def _check_definition(dataset: Dataset, flows: Sequence[Flow]) -> None:
    """Refuse what is known from the definition of a table."""
    for settings in (dataset.spark_conf, *(getattr(flow, "spark_conf", {}) for flow in flows)):
        setting = unsupported_setting(settings)
        if setting is not None:
            raise NotOnSailError(f"sets `{setting}`")
    if dataset.replace_using:
        raise NotOnSailError("replaces rows by keys")


def _grow(table: TableState | None, columns: StructType | None, incoming: StructType) -> StructType:
    """The columns of a streaming table after rows with these columns are appended."""
    if columns is not None:
        return StructType([*columns, *(field for field in incoming if field.name not in columns.names)])
    return incoming if table is None else evolve_schema(table, incoming)


def _check_sink(sink: Sink) -> None:
    """Refuse what is known from the definition of a sink."""
    if not is_of_files(sink) or sink.format not in (*_JSON, *_PARQUET):
        raise NotOnSailError("is a function" if sink.handler is not None else f"writes to {sink.format}")
    other = next((name for name in sink.options if name != "path"), None)
    if sink.format != "kafka" and other is not None:
        raise NotOnSailError(f"has the option {other}")


_UNNAMED: Final = re.compile(r"\(|^CASE |^- ")
"""What the name of a column has that is the text of its expression, which engines may spell in other ways."""
_INTERVAL: Final = re.compile('"(?:type|elementType|keyType|valueType)":"interval')
"""A type in the JSON of columns."""
_HISTORY = 2
_JSON = ("json", "kafka")
_PARQUET = ("parquet", "delta")
