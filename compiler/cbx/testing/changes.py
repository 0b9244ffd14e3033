"""Applies given changes to the target of an ``auto_cdc`` model, batch by batch, with the engine of local runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cbx.runtime.auto_cdc import CdcSpecError, merge_changes, null_sequence_error, target_rows
from cbx.runtime.cdc import spec_of
from cbx.runtime.definitions import CdcFlow
from cbx.runtime.names import DatasetName
from cbx.testing.checks import Checked, together
from cbx.testing.errors import ModelFailed

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from cbx.runtime.definitions import Expectation, Registry
    from cbx.testing.answers import Answers
    from cbx.testing.compiled import CompiledModel

Check = Callable[["DataFrame", "tuple[Expectation, ...]"], Checked]


def merged(
    model: CompiledModel, registry: Registry, answers: Answers, check: Check, spark: SparkSession
) -> tuple[Checked, Any]:
    """Apply every batch of changes.

    Args:
        model: The model.
        registry: What its notebook defines.
        answers: The rows that it is given.
        check: Applies rules to rows.
        spark: The session.

    Returns:
        What the rules say of the changes, and the rows of the target.

    Raises:
        ModelFailed: If the changes do not fit, or one has no sequence.
    """
    flow = _flow(registry, model)
    spec, view = spec_of(flow), registry.datasets[flow.source.key]
    state, parts = None, []
    try:
        for number in range(answers.batch_count):
            answers.number = number
            parts.append(check(view.query(), view.expectations))  # type: ignore[misc] # a view has a query
            kept = _local(parts[-1].kept, spark)
            state = merge_changes(state, kept, spec).toArrow()
            state = _local(state, spark)
        rows = target_rows(state, spec).toArrow()  # type: ignore[arg-type] # there is at least one batch
    except CdcSpecError as error:
        raise ModelFailed(f"`{model.id}`: {error.reason}", error.hint) from None
    except Exception as error:
        missing = null_sequence_error(error)
        if missing is None:
            raise
        raise ModelFailed(f"`{model.id}`: {missing.reason}", missing.hint) from None
    return together(parts), rows


def _flow(registry: Registry, model: CompiledModel) -> CdcFlow:
    flows = registry.flows[DatasetName.parse(model.dataset).key]
    return next(flow for flow in flows if isinstance(flow, CdcFlow))


def _local(rows: Any, spark: SparkSession) -> DataFrame:
    from pyspark.sql.pandas.types import from_arrow_schema

    return spark.createDataFrame(rows, schema=from_arrow_schema(rows.schema))
