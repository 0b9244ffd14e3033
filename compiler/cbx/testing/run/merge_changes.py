"""Applies given changes to the target of an ``auto_cdc`` model, batch by batch, with the engine of local runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F  # noqa: N812 - the idiom of its documentation

from cbx.runtime.auto_cdc import CdcSpecError, changed_row_error, merge_changes, target_rows
from cbx.runtime.definitions import CdcFlow
from cbx.runtime.flows.merge_changes import cdc_spec
from cbx.runtime.names import DatasetName
from cbx.testing.coverage.exercised import ChangesSeen
from cbx.testing.errors import ModelFailed
from cbx.testing.run.expectation_results import Checked, together

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

    from cbx.runtime.definitions import DatasetExpectation, Registry
    from cbx.testing.project.compiled_project import CompiledModel
    from cbx.testing.run.given_tables import Answers

_DELETES, _TRUNCATES = "__cbx_deletes", "__cbx_truncates"

Check = Callable[["DataFrame", "tuple[DatasetExpectation, ...]"], Checked]


def merged(
    model: CompiledModel,
    registry: Registry,
    answers: Answers,
    check: Check,
    seen: ChangesSeen,
    spark: SparkSession,
) -> tuple[Checked, Any]:
    """Apply every batch of changes.

    Args:
        model: The model.
        registry: What its notebook defines.
        answers: The rows that it is given.
        check: Applies rules to rows.
        seen: Notes the kinds of changes.
        spark: The session.

    Returns:
        What the rules say of the changes, and the rows of the target.

    Raises:
        ModelFailed: If the changes do not fit, or one has no sequence.
    """
    flow = _flow(registry, model)
    spec, view = cdc_spec(flow), registry.datasets[flow.source.key]
    state, parts = None, []
    marks = [_is_true(spec.apply_as_deletes).alias(_DELETES), _is_true(spec.apply_as_truncates).alias(_TRUNCATES)]
    try:
        for number in range(answers.batch_count):
            answers.number = number
            changes = view.query().select("*", *marks)  # type: ignore[misc] # a view has a query
            parts.append(check(changes, view.expectations))
            _note(parts[-1].kept, seen)
            kept = _local(parts[-1].kept.drop_columns([_DELETES, _TRUNCATES]), spark)
            state = _local(merge_changes(state, kept, spec).toArrow(), spark)
        rows = target_rows(state, spec).toArrow()  # type: ignore[arg-type] # there is at least one batch
    except CdcSpecError as error:
        raise ModelFailed(f"`{model.id}`: {error.reason}", error.hint) from None
    except Exception as error:
        missing = changed_row_error(error)
        if missing is None:
            raise
        raise ModelFailed(f"`{model.id}`: {missing.reason}", missing.hint) from None
    return together(parts), rows


def _is_true(condition: Column | None) -> Column:
    return F.lit(False) if condition is None else F.coalesce(condition, F.lit(False))


def _note(changes: Any, seen: ChangesSeen) -> None:
    for row in changes.to_pylist():
        seen.look_at(row, deletes=row.pop(_DELETES), truncates=row.pop(_TRUNCATES))


def _flow(registry: Registry, model: CompiledModel) -> CdcFlow:
    flows = registry.flows[DatasetName.parse(model.dataset).key]
    return next(flow for flow in flows if isinstance(flow, CdcFlow))


def _local(rows: Any, spark: SparkSession) -> DataFrame:
    from pyspark.sql.pandas.types import from_arrow_schema

    return spark.createDataFrame(rows, schema=from_arrow_schema(rows.schema))
