"""Applies given changes to the target of an ``auto_cdc`` model, batch by batch, with the AUTO CDC of local runs."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F  # noqa: N812 - the idiom of its documentation

from cbx.runtime.auto_cdc import find_merge_error, merge_changes, target_rows
from cbx.runtime.definitions import CdcFlow
from cbx.runtime.flows.merging.merge_changes import cdc_spec
from cbx.runtime.tables.arrow_structs import clear_null_structs
from cbx.testing.coverage.exercised import ChangeKinds
from cbx.testing.errors import ModelFailed
from cbx.testing.run.expectation_results import CheckedRows, concat_checked_rows

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

    from cbx.runtime.definitions import DatasetExpectation, Registry
    from cbx.testing.project.compiled_project import CompiledModel
    from cbx.testing.run.given_tables import GivenTables

_DELETES, _TRUNCATES = "__cbx_deletes", "__cbx_truncates"

Check = Callable[["DataFrame", "tuple[DatasetExpectation, ...]"], CheckedRows]


def merge_batches(
    model: CompiledModel,
    registry: Registry,
    given: GivenTables,
    check: Check,
    kinds: ChangeKinds,
    spark: SparkSession,
) -> tuple[CheckedRows, Any]:
    """Apply every batch of changes.

    Args:
        model: The model.
        registry: The datasets and flows of its notebook.
        given: The rows of its inputs.
        check: Checks the expectations of rows.
        kinds: Collects the kinds of changes.
        spark: The session.

    Returns:
        The changes with the results of their expectations, and the rows of the target as an Arrow table.

    Raises:
        ModelFailed: If the changes do not fit the target, or a change has no sequence.
    """
    flow = _flow(registry)
    spec, view = cdc_spec(flow), registry.datasets[flow.source.key]
    state, parts = None, []
    marks = [_is_true(spec.apply_as_deletes).alias(_DELETES), _is_true(spec.apply_as_truncates).alias(_TRUNCATES)]
    with report_wrong_changes(model.id):
        for number in range(given.batch_count):
            given.number = number
            changes = view.query().select("*", *marks)  # type: ignore[misc] # a view has a query
            parts.append(check(changes, view.expectations))
            _add_kinds(parts[-1].kept, kinds)
            kept = create_frame(parts[-1].kept.drop_columns([_DELETES, _TRUNCATES]), spark)
            state = create_frame(merge_changes(state, kept, spec).toArrow(), spark)
        rows = target_rows(state, spec).toArrow()  # type: ignore[arg-type] # there is at least one batch
    return concat_checked_rows(parts), rows


@contextlib.contextmanager
def report_wrong_changes(model: str) -> Iterator[None]:
    """Report changes or snapshots that cannot be applied as failures of a model.

    Raises:
        ModelFailed: If they do not fit the target, or a row of them is wrong.
    """
    try:
        yield
    except Exception as error:  # an engine wraps the error of a change, in different classes
        wrong = find_merge_error(error)
        if wrong is None:
            raise
        raise ModelFailed(f"`{model}`: {wrong.reason}", wrong.hint) from None


def _is_true(condition: Column | None) -> Column:
    return F.lit(False) if condition is None else F.coalesce(condition, F.lit(False))


def _add_kinds(changes: Any, kinds: ChangeKinds) -> None:
    for row in changes.to_pylist():
        kinds.add_change(row, deletes=row.pop(_DELETES), truncates=row.pop(_TRUNCATES))


def _flow(registry: Registry) -> CdcFlow:
    """The flow of a notebook that applies changes."""
    return next(flow for flows in registry.flows.values() for flow in flows if isinstance(flow, CdcFlow))


def create_frame(rows: Any, spark: SparkSession) -> DataFrame:
    """The DataFrame of an Arrow table."""
    from pyspark.sql.pandas.types import from_arrow_schema

    return spark.createDataFrame(clear_null_structs(rows), schema=from_arrow_schema(rows.schema))
