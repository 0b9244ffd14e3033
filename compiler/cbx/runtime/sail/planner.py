"""Plans an update on Sail before it begins: what each dataset reads, its columns, and whether Sail can run its query.

The functions of the datasets are called with inputs that have columns and no rows. So whatever Sail cannot run is known
before anything is written.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pyspark.sql.types import StructType

from cbx.runtime.auto_cdc import merge_changes, target_rows
from cbx.runtime.definitions import AppendFlow, CdcFlow
from cbx.runtime.flow_context import FlowContext
from cbx.runtime.flows.declared_shape import Shape
from cbx.runtime.flows.expectation_results import NONE
from cbx.runtime.flows.expectations import drop_violating_rows, mark_violations
from cbx.runtime.flows.merge_changes import cdc_spec
from cbx.runtime.flows.refresh_result import RefreshResult
from cbx.runtime.landing_files.rows import METADATA
from cbx.runtime.results import NOTHING
from cbx.runtime.sail.checks.argument_types import check_argument_types
from cbx.runtime.sail.checks.supported_plans import check_condition, check_plan, check_stars
from cbx.runtime.sail.engine import SailEngine
from cbx.runtime.sail.messages import plan_of
from cbx.runtime.sail.refusals import NotOnSailError
from cbx.runtime.tables.read_table import check_read_options, require_state
from cbx.runtime.tables.schema import evolve_schema, read_struct

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pyspark.sql import DataFrame

    from cbx.runtime.auto_loader.reading_plan import Opening
    from cbx.runtime.definitions import Dataset, DatasetExpectation, Flow
    from cbx.runtime.flows.refresh_table import Queries
    from cbx.runtime.tables.store import TableFolder, TableState


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
        try:
            self._plan(dataset, flows, folder, queries, full_refresh=full_refresh)
        except NotOnSailError as error:
            self.refusals.append((dataset.name.written, error.reason))
            raise
        return RefreshResult("batch", NOTHING, NONE)

    def _plan(
        self, dataset: Dataset, flows: Sequence[Flow], folder: TableFolder, queries: Queries, *, full_refresh: bool
    ) -> None:
        table = None if full_refresh and dataset.is_reset_allowed else folder.read_state()
        _check_definition(dataset, flows)
        own = [] if dataset.query is None else [AppendFlow(dataset.name, dataset.name.key, dataset.query)]
        shape, update, columns, is_stream = Shape.of(dataset), 0 if table is None else table.progress, None, False
        for flow in (*own, *flows):
            context = FlowContext(self, flow.name, folder, update)
            if isinstance(flow, CdcFlow):
                rows = self._plan_cdc(flow, context, queries, table)
                rows = shape.apply_to_history(rows) if flow.scd_type == _HISTORY else shape.apply(rows)
            elif isinstance(flow, AppendFlow):
                frame = queries.evaluate(flow.query, context)
                rows = shape.apply(frame)
                is_stream = self._check(rows) or is_stream
                self.check_conditions(rows, shape.rules)
            else:
                raise NotOnSailError("has a flow that replaces rows or merges snapshots")
            columns = _grow(table, columns, rows.schema) if is_stream else rows.schema
        if columns is None:
            raise NotOnSailError("has no flow")
        self.tables[dataset.name.key] = PlannedTable(columns, is_stream)

    def _plan_cdc(self, flow: CdcFlow, context: FlowContext, queries: Queries, table: TableState | None) -> DataFrame:
        """The rows of a target of AUTO CDC."""
        frame = queries.read_dataset(flow.source, context, is_stream=not flow.once)
        self._check(frame)
        spec = cdc_spec(flow)
        if flow.ignore_null_updates:
            raise NotOnSailError("ignores NULLs in updates")
        expressions = [spec.sequence_by, spec.apply_as_deletes, spec.apply_as_truncates]
        self._check(frame.select(*(expression for expression in expressions if expression is not None)))
        if isinstance(frame.select(spec.sequence_by).schema[0].dataType, StructType):
            raise NotOnSailError("has a sequence of several columns")
        before = (
            None if table is None else self.spark.read.parquet(str(context.folder.merge_state_folder(table.version)))
        )
        return target_rows(merge_changes(before, frame, spec), spec)

    def _check(self, frame: DataFrame) -> bool:
        """Check the plan of a query; whether it is a stream."""
        streams = self.views.streams_in(frame)
        if len(streams) > 1:
            raise NotOnSailError("reads several streams in one flow")
        for plan in self.views.plans(frame):
            check_plan(plan, is_stream=bool(streams))
            check_argument_types(self.spark, plan)
            if METADATA.encode() in plan.SerializeToString().lower():
                check_stars(plan)
        return bool(streams)

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
        return self.views.add_stream(self.spark.createDataFrame([], planned.columns), (), is_new=False)

    def open_files(self, opening: Opening, source_folder: Path, context: FlowContext | None) -> DataFrame:
        """No rows of a landing folder, whose new files are read and kept for the update."""
        new = self.read_landed(opening, source_folder, context).new
        frame = self.spark.createDataFrame([], new.schema)
        return self.views.add_stream(frame, (), is_new=False, rows=new.table.slice(0, 0))

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
        check_argument_types(self.spark, plan_of(mark_violations(empty, rules)))
        mark_violations(empty, rules).schema  # noqa: B018 - which resolves the conditions


def _check_definition(dataset: Dataset, flows: Sequence[Flow]) -> None:
    """Refuse what is known from the definition of a table."""
    if dataset.spark_conf or any(getattr(flow, "spark_conf", None) for flow in flows):
        raise NotOnSailError("has settings of Spark")
    if dataset.replace_using:
        raise NotOnSailError("replaces rows by keys")


def _grow(table: TableState | None, columns: StructType | None, incoming: StructType) -> StructType:
    """The columns of a streaming table after rows with these columns are appended."""
    if columns is not None:
        return StructType([*columns, *(field for field in incoming if field.name not in columns.names)])
    return incoming if table is None else evolve_schema(table, incoming)


_HISTORY = 2
