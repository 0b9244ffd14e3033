"""Runs the notebook of a model on given rows, as an update of the pipeline would on new ones.

The notebook is the text that ``cbx compile`` writes. It imports the local ``dlt``, which keeps what it defines, and its
dataset's function is called while the given rows answer for what it reads.
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

from cbx.runtime.api import dlt_module as api
from cbx.runtime.api.dlt_imports import install_dlt_modules
from cbx.runtime.definitions import Registry
from cbx.runtime.flows.expectations import mark_violations
from cbx.runtime.names import DatasetName
from cbx.runtime.notebooks.notebook import cells
from cbx.runtime.spark.intercepted_reads import intercept_reads
from cbx.runtime.tables.schema import DeclaredColumns
from cbx.testing.coverage.exercised import ChangesSeen, Exercised
from cbx.testing.errors import ModelTestError
from cbx.testing.results.result import ExpectationFailed, Result, Table
from cbx.testing.results.row_diff import table_lines
from cbx.testing.rows.input_frames import METADATA
from cbx.testing.run.expectation_results import Checked, checked
from cbx.testing.run.failures import explained
from cbx.testing.run.frozen_clock import frozen
from cbx.testing.run.given_tables import Answers
from cbx.testing.run.merge_changes import merged
from cbx.testing.run.sail_queries import rewrite_queries_for_sail
from cbx.testing.run.stream_operations import streams_as_rows

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from cbx.runtime.definitions import Dataset, DatasetExpectation
    from cbx.testing.project.compiled_project import CompiledModel, CompiledProject
    from cbx.testing.rows.input_frames import Batches
    from cbx.testing.run.engine import Engine


@dataclass(frozen=True)
class Run:
    """One run of one model.

    Attributes:
        project: The project.
        model: The model.
        engine: What it runs on.
        given: The rows of its inputs.
        now: The time, if it stands still.
        configuration: The project's variables.
        exercised: Takes what the run exercises.
    """

    project: CompiledProject
    model: CompiledModel
    engine: Engine
    given: Mapping[str, Batches]
    now: datetime | None
    configuration: Mapping[str, str]
    exercised: Exercised

    def result(self) -> Result:
        """Run it.

        Raises:
            ExpectationFailed: If a row breaks a rule that must hold.
            ModelFailed: If the code does not run.
            UnsupportedByEngine: If the engine cannot run it.
        """
        kinds = ChangesSeen(self.model)
        with self._loaded() as (registry, answers):
            dataset = registry.datasets[DatasetName.parse(self.model.dataset).key]
            if self.model.changes is None:
                seen = self._checked(self._shaped(dataset.query(), dataset), self._rules(dataset))  # type: ignore[misc] # only targets of changes have none
                rows = seen.kept
            else:
                seen, rows = merged(self.model, registry, answers, self._checked, kinds, self.engine.spark)
        rules = [(rule.name, seen.read - broken, broken) for rule, broken in seen.rules]
        self.exercised.add_model(self.model.id, rules, sorted(kinds.kinds))
        return self._judged(seen, rows)

    def _judged(self, seen: Checked, rows: Any) -> Result:
        model, spark = self.model, self.engine.spark
        key = model.key if model.changes is None or model.changes.scd_type == 1 else (*model.key, "__START_AT")
        result = Result(
            name=model.id,
            arrow=rows,
            spark=spark,
            key=key,
            read=seen.read,
            dropped=seen.counts("drop"),
            warned=seen.counts("warn"),
            failed=seen.counts("fail"),
            broken=Table(model.id, seen.broken, spark, model.key),
            quarantine=self._quarantined,
            dropped_rows=Table(model.id, seen.dropped, spark),
            dropped_by=seen.dropped_by,
        )
        if result.failed:
            message = "\n".join([seen.message(model.id), *table_lines(result.broken.columns, result.broken.rows())])
            raise ExpectationFailed(message, result.failed, result)
        return result

    @contextmanager
    def _loaded(self) -> Iterator[tuple[Registry, Answers]]:
        """The notebook loaded, and what it reads answered, for as long as the context lasts."""
        registry = Registry()
        answers = Answers(self.model, self.given, registry)
        spark = self.engine.spark
        with ExitStack() as stack:
            self.engine.configure(self.configuration)
            stack.enter_context(_without_ipython())
            stack.enter_context(install_dlt_modules(api.api_functions(registry, answers)))
            is_sail = self.engine.name == "sail"
            if is_sail:
                stack.enter_context(rewrite_queries_for_sail(spark))
            stack.enter_context(intercept_reads(spark, answers))
            stack.enter_context(streams_as_rows(self.model.id, answers, is_sail=is_sail))
            if self.now is not None:
                stack.enter_context(frozen(spark, self.now))
            with explained(self.model, self.engine, self.project.root):
                namespace = {"__name__": "__main__", "spark": spark}
                for code in _code(self.model.notebook, str(self.project.root / "target" / self.model.artifact)):
                    exec(code, namespace)  # noqa: S102 - running the notebook is the purpose
                yield registry, answers

    def _shaped(self, frame: DataFrame, dataset: Dataset) -> DataFrame:
        """The rows with the columns that the table has."""
        known = {name for name, _ in self.model.columns or ()}
        if METADATA in self.model.notebook and METADATA not in known:
            frame = frame.drop(METADATA)
        return frame if dataset.schema is None else _declared(dataset.schema).apply(frame)

    @staticmethod
    def _rules(dataset: Dataset) -> tuple[DatasetExpectation, ...]:
        if dataset.schema is None:
            return dataset.expectations
        return (*dataset.expectations, *_declared(dataset.schema).constraints(dataset.expectations))

    @staticmethod
    def _checked(frame: DataFrame, rules: tuple[DatasetExpectation, ...]) -> Checked:
        return checked(mark_violations(frame, rules).toArrow(), rules)

    def _quarantined(self) -> Table:
        with self._loaded() as (registry, _):
            dataset = registry.datasets.get(DatasetName.parse(f"{self.model.dataset}_quarantine").key)
            if dataset is None or dataset.query is None:
                hint = "give it quarantine=True, and a rule that drops rows"
                raise ModelTestError(f"`{self.model.id}` keeps no dropped rows", hint)
            return Table(f"{self.model.id}_quarantine", dataset.query().toArrow(), self.engine.spark, self.model.key)


@contextmanager
def _without_ipython() -> Iterator[None]:
    """Spark looks for IPython whenever a column is made, which takes longer than making the column."""
    if "IPython" in sys.modules:
        yield
        return
    sys.modules["IPython"] = None  # type: ignore[assignment] # which is how Python says that there is none
    try:
        yield
    finally:
        del sys.modules["IPython"]


@cache
def _declared(schema: str) -> DeclaredColumns:
    return DeclaredColumns.read(schema)


@cache
def _code(notebook: str, path: str) -> tuple[CodeType, ...]:
    """The cells of a notebook that hold code."""
    found = [cell for cell in cells(notebook) if cell.magic is None]
    return tuple(compile("\n" * (one.line - 1) + one.text, path, "exec", dont_inherit=True) for one in found)
