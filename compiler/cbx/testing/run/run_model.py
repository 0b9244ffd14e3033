"""Runs the notebook of a model on given rows, as an update of the pipeline would.

The notebook is the text that ``cbx compile`` writes. It imports the local ``dlt``, which registers its datasets. The
function of the dataset is called, and what it reads are the given rows.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from types import CodeType
from typing import TYPE_CHECKING, Any

from cbx.project.dataset_names import quarantine_table, sink_flow
from cbx.runtime.api import dlt_module as api
from cbx.runtime.api.dlt_imports import install_dlt_modules
from cbx.runtime.definitions import AppendFlow, Dataset, DatasetExpectation, Registry, ReplaceFlow
from cbx.runtime.flows.expectations import mark_violations
from cbx.runtime.names import DatasetName
from cbx.runtime.notebooks.dbutils import Dbutils, Secrets, Widgets
from cbx.runtime.notebooks.notebook_cells import cells
from cbx.runtime.sail.functions.rewritten_queries import rewrite_queries_for_sail
from cbx.runtime.spark.intercepted_reads import intercept_reads
from cbx.runtime.tables.schema import DeclaredColumns
from cbx.syntax.text import REDACTED
from cbx.testing.coverage.exercised import ChangeKinds, Exercised
from cbx.testing.errors import ModelTestError
from cbx.testing.results.result import ExpectationFailed, Result, ResultTable
from cbx.testing.results.row_diff import table_lines
from cbx.testing.rows.input_frames import METADATA
from cbx.testing.run.expectation_results import CheckedRows, check_rows
from cbx.testing.run.failures import convert_exceptions
from cbx.testing.run.frozen_clock import freeze_clock
from cbx.testing.run.given_tables import GivenTables
from cbx.testing.run.merge_changes import merge_batches
from cbx.testing.run.merge_snapshots import merge_snapshot_batches
from cbx.testing.run.stream_operations import allow_stream_operations

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from cbx.testing.project.compiled_project import CompiledModel, CompiledProject
    from cbx.testing.rows.input_frames import Batches
    from cbx.testing.run.engine import RunningEngine


@dataclass(frozen=True)
class Run:
    """A run of one model.

    Attributes:
        project: The project.
        model: The model.
        engine: The engine.
        given: The rows of its inputs, by the name under which the notebook reads them.
        now: The time of a frozen clock; None for the real time.
        configuration: The configuration of the pipeline.
        exercised: Collects what the run exercises.
    """

    project: CompiledProject
    model: CompiledModel
    engine: RunningEngine
    given: Mapping[str, Batches]
    now: datetime | None
    configuration: Mapping[str, str]
    exercised: Exercised

    def result(self) -> Result:
        """Run the model.

        Raises:
            ExpectationFailed: If a row breaks an expectation that must hold.
            ModelFailed: If the code fails.
            UnsupportedByEngine: If the engine cannot run the code.
        """
        kinds = ChangeKinds(self.model)
        with self._load_notebook() as (registry, tables):
            if self.model.changes is None:
                dataset = self._dataset(registry)
                checked = self._check_rows(self._apply_schema(dataset.query(), dataset), self._rules(dataset))  # type: ignore[misc] # only targets of changes have none
                rows = checked.kept
            else:
                merge = merge_batches if self.model.changes.sequence_by else merge_snapshot_batches
                checked, rows = merge(self.model, registry, tables, self._check_rows, kinds, self.engine.spark)
        rules = [(rule.name, checked.read - broken, broken) for rule, broken in checked.rules]
        self.exercised.add_model(self.model.id, rules, sorted(kinds.kinds))
        return self._create_result(checked, rows)

    def _dataset(self, registry: Registry) -> Dataset:
        """The dataset of the notebook; rows of a flow meet the expectations of its target, as when they are written."""
        name = DatasetName.parse(self.model.dataset)
        flow = _find_flow(registry, sink_flow(self.model.dataset) if self.model.kind == "sink" else self.model.dataset)
        if flow is None:
            return registry.datasets[name.key]
        expectations = (
            DatasetExpectation(rule.name, rule.condition, rule.on_violation)  # type: ignore[arg-type] # it is one of three
            for rule in self.model.expectations
        )
        return Dataset(name, "table", flow.query, tuple(expectations))

    def _create_result(self, checked: CheckedRows, rows: Any) -> Result:
        model, spark = self.model, self.engine.spark
        key = model.key if model.changes is None or model.changes.scd_type == 1 else (*model.key, "__START_AT")
        result = Result(
            name=model.id,
            arrow=rows,
            spark=spark,
            key=key,
            read=checked.read,
            dropped=checked.counts("drop"),
            warned=checked.counts("warn"),
            failed=checked.counts("fail"),
            broken=ResultTable(model.id, checked.broken, spark, model.key),
            quarantine=self._run_quarantine,
            dropped_rows=ResultTable(model.id, checked.dropped, spark),
            dropped_by=checked.dropped_by,
        )
        if result.failed:
            message = "\n".join([checked.message(model.id), *table_lines(result.broken.columns, result.broken.rows())])
            raise ExpectationFailed(message, result.failed, result)
        return result

    @contextmanager
    def _load_notebook(self) -> Iterator[tuple[Registry, GivenTables]]:
        """Load the notebook, and provide what it reads while the context lasts."""
        registry = Registry()
        tables = GivenTables(self.model, self.given, registry)
        spark = self.engine.spark
        with ExitStack() as stack:
            self.engine.configure(self.configuration)
            stack.enter_context(_without_ipython())
            stack.enter_context(install_dlt_modules(api.api_functions(registry, tables)))
            is_sail = self.engine.name == "sail"
            if is_sail:
                stack.enter_context(rewrite_queries_for_sail(spark))
            stack.enter_context(intercept_reads(spark, tables))
            stack.enter_context(allow_stream_operations(self.model.id, tables, is_sail=is_sail))
            if self.now is not None:
                stack.enter_context(freeze_clock(spark, self.now))
            with convert_exceptions(self.model, self.engine, self.project.root):
                namespace = {"__name__": "__main__", "spark": spark, "dbutils": self._dbutils}
                for code in _code(self.model.notebook, str(self.project.root / "target" / self.model.artifact)):
                    exec(code, namespace)  # noqa: S102 - running the notebook is the purpose
                yield registry, tables

    @property
    def _dbutils(self) -> Dbutils:
        """The utilities of a test, in which a secret without a value is no error: nothing connects."""
        return Dbutils(Widgets(self.configuration.get), Secrets(lambda _: REDACTED))

    def _apply_schema(self, frame: DataFrame, dataset: Dataset) -> DataFrame:
        """The rows with the columns of the table."""
        columns = {name for name, _ in self.model.columns or ()}
        if METADATA in self.model.notebook and METADATA not in columns:
            frame = frame.drop(METADATA)
        return frame if dataset.schema is None else _declared_columns(dataset.schema).apply(frame)

    @staticmethod
    def _rules(dataset: Dataset) -> tuple[DatasetExpectation, ...]:
        if dataset.schema is None:
            return dataset.expectations
        return (*dataset.expectations, *_declared_columns(dataset.schema).constraints(dataset.expectations))

    @staticmethod
    def _check_rows(frame: DataFrame, rules: tuple[DatasetExpectation, ...]) -> CheckedRows:
        return check_rows(mark_violations(frame, rules).toArrow(), rules)

    def _run_quarantine(self) -> ResultTable:
        with self._load_notebook() as (registry, _):
            name = quarantine_table(self.model.dataset)
            dataset = _find_flow(registry, name) or registry.datasets.get(DatasetName.parse(name).key)
            if dataset is None or dataset.query is None:
                hint = "declare it with quarantine=True and an expectation that drops rows"
                raise ModelTestError(f"`{self.model.id}` has no quarantine table", hint)
            return ResultTable(
                f"{self.model.id}_quarantine", dataset.query().toArrow(), self.engine.spark, self.model.key
            )


def _find_flow(registry: Registry, name: str) -> AppendFlow | ReplaceFlow | None:
    """The flow of a name; those of changes are in another file."""
    flows = (flow for flows in registry.flows.values() for flow in flows)
    return next((flow for flow in flows if isinstance(flow, (AppendFlow, ReplaceFlow)) and flow.name == name), None)


@contextmanager
def _without_ipython() -> Iterator[None]:
    """Hide IPython: Spark tries to import it for every column, which takes longer than to create the column."""
    if "IPython" in sys.modules:
        yield
        return
    sys.modules["IPython"] = None  # type: ignore[assignment] # which makes its import fail
    try:
        yield
    finally:
        del sys.modules["IPython"]


@cache
def _declared_columns(schema: str) -> DeclaredColumns:
    return DeclaredColumns.read(schema)


@cache
def _code(notebook: str, path: str) -> tuple[CodeType, ...]:
    """The compiled code cells of a notebook, with the line numbers of the file."""
    code_cells = [cell for cell in cells(notebook) if cell.magic is None]
    return tuple(compile("\n" * (cell.line - 1) + cell.text, path, "exec", dont_inherit=True) for cell in code_cells)
