"""The modules ``dlt`` and ``pyspark.pipelines``, as notebooks import them.

Both have all functions, old and new, as on Databricks (the pages "Lakeflow Spark Declarative
Pipelines Python language reference" and "What happened to Delta Live Tables (DLT)?").
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from cbx.runtime.api.argument_checks import check_arguments, documented_signature
from cbx.runtime.api.change_functions import ChangeFunctions
from cbx.runtime.api.dataset_functions import TABLE_ARGUMENTS, VIEW_ARGUMENTS, DatasetFunctions
from cbx.runtime.api.expectation_decorators import expect, expect_all
from cbx.runtime.api.flow_functions import FlowFunctions
from cbx.runtime.api.read_functions import ReadFunctions
from cbx.runtime.definitions import OnViolation, Registry

if TYPE_CHECKING:
    from cbx.runtime.spark.intercepted_reads import Reads

_SEVERITIES: Mapping[str, OnViolation] = {"": "warn", "_or_drop": "drop", "_or_fail": "fail"}


def api_functions(registry: Registry, reads: Reads) -> Mapping[str, Callable[..., Any]]:
    """Every function of the modules, by its name.

    Args:
        registry: Collects the definitions.
        reads: Returns the rows for ``dlt.read`` and ``dlt.read_stream``.
    """
    datasets, flows, changes = DatasetFunctions(registry), FlowFunctions(registry), ChangeFunctions(registry)
    snapshots = changes.create_auto_cdc_from_snapshot_flow
    signatures = {
        datasets.table: documented_signature(datasets.table, *TABLE_ARGUMENTS, "replace_using", "sequence_by"),
        datasets.materialized_view: documented_signature(
            datasets.materialized_view, *TABLE_ARGUMENTS, "refresh_policy"
        ),
        datasets.view: documented_signature(datasets.view, *VIEW_ARGUMENTS),
        datasets.create_streaming_table: documented_signature(datasets.create_streaming_table, *TABLE_ARGUMENTS[1:]),
        changes.apply_changes: documented_signature(changes.create_auto_cdc_flow, "flow_name"),
    }
    functions = {
        **_definitions(datasets, flows, changes),
        **_reads(ReadFunctions(reads)),
        **_expectations(),
    }
    takes_function = {snapshots: ("source",)}
    return {
        name: check_arguments(
            name, function, signatures.get(function) or documented_signature(function), takes_function.get(function, ())
        )
        for name, function in functions.items()
    }


def _definitions(
    datasets: DatasetFunctions, flows: FlowFunctions, changes: ChangeFunctions
) -> dict[str, Callable[..., Any]]:
    return {
        "table": datasets.table,
        "create_table": datasets.table,
        "materialized_view": datasets.materialized_view,
        "view": datasets.view,
        "temporary_view": datasets.view,
        "create_view": datasets.view,
        "create_streaming_table": datasets.create_streaming_table,
        "create_streaming_live_table": datasets.create_streaming_table,
        "create_target_table": datasets.create_streaming_table,
        "append_flow": flows.append_flow,
        "update_flow": flows.update_flow,
        "replace_flow": flows.replace_flow,
        "create_sink": flows.create_sink,
        "foreach_batch_sink": flows.foreach_batch_sink,
        "on_event_hook": flows.on_event_hook,
        "create_auto_cdc_flow": changes.create_auto_cdc_flow,
        "apply_changes": changes.apply_changes,
        "create_auto_cdc_from_snapshot_flow": changes.create_auto_cdc_from_snapshot_flow,
        "apply_changes_from_snapshot": changes.create_auto_cdc_from_snapshot_flow,
    }


def _reads(reads: ReadFunctions) -> dict[str, Callable[..., Any]]:
    return {"read": reads.read, "read_stream": reads.read_stream, "readStream": reads.read_stream}


def _expectations() -> dict[str, Callable[..., Any]]:
    decorators: dict[str, Callable[..., Any]] = {}
    for suffix, on_violation in _SEVERITIES.items():
        decorators[f"expect{suffix}"] = functools.partial(expect, on_violation)
        decorators[f"expect_all{suffix}"] = functools.partial(expect_all, on_violation)
    return decorators
