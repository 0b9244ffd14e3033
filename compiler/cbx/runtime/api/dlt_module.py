"""The modules ``dlt`` and ``pyspark.pipelines``, as notebooks import them.

Both have all functions, old and new, as on Databricks (the pages "Lakeflow Spark Declarative
Pipelines Python language reference" and "What happened to Delta Live Tables (DLT)?").
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cbx.diagnostics.codes import INVALID_DEFINITION, NOT_SUPPORTED_LOCALLY
from cbx.diagnostics.source_files import Span
from cbx.runtime.api.argument_checks import check_arguments, documented_signature
from cbx.runtime.api.argument_values import (
    check_refresh_policy,
    check_replacement,
    column_names,
    dataset_name,
    function_name,
    is_reset_allowed,
    option_values,
    read_ignored_nulls,
    read_scd_type,
)
from cbx.runtime.api.expectation_decorators import (
    DEFINED,
    RULES,
    Decorator,
    check_distinct_names,
    expect,
    expect_all,
    expectations_of,
)
from cbx.runtime.calling_line import calling_line
from cbx.runtime.definitions import (
    AppendFlow,
    CdcFlow,
    Dataset,
    DatasetKind,
    Flow,
    OnViolation,
    Query,
    Registry,
    ReplaceFlow,
    Sink,
    SnapshotFlow,
)
from cbx.runtime.errors import RunError, UnknownTableError
from cbx.runtime.tables.schema import has_mask

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from cbx.runtime.names import DatasetName
    from cbx.runtime.spark.intercepted_reads import Reads


def api_functions(registry: Registry, reads: Reads) -> Mapping[str, Callable[..., Any]]:
    """Every function of the modules, by its name.

    Args:
        registry: Collects the definitions.
        reads: Returns the rows for ``dlt.read`` and ``dlt.read_stream``.
    """
    api = _Api(registry, reads)
    changes, snapshots = api.create_auto_cdc_flow, api.create_auto_cdc_from_snapshot_flow
    own: dict[str, Callable[..., Any]] = {
        "table": api.table,
        "create_table": api.table,
        "materialized_view": api.materialized_view,
        "view": api.view,
        "temporary_view": api.view,
        "create_view": api.view,
        "create_streaming_table": api.create_streaming_table,
        "create_streaming_live_table": api.create_streaming_table,
        "create_target_table": api.create_streaming_table,
        "append_flow": api.append_flow,
        "update_flow": api.update_flow,
        "replace_flow": api.replace_flow,
        "create_sink": api.create_sink,
        "foreach_batch_sink": api.foreach_batch_sink,
        "create_auto_cdc_flow": changes,
        "apply_changes": api.apply_changes,
        "create_auto_cdc_from_snapshot_flow": snapshots,
        "apply_changes_from_snapshot": snapshots,
        "read": api.read,
        "read_stream": api.read_stream,
        "readStream": api.read_stream,
        "on_event_hook": api.on_event_hook,
    }
    for suffix, on_violation in _SEVERITIES.items():
        own[f"expect{suffix}"] = functools.partial(expect, on_violation)
        own[f"expect_all{suffix}"] = functools.partial(expect_all, on_violation)
    signatures = {
        api.table: documented_signature(api.table, *_TABLE_ARGUMENTS, "replace_using", "sequence_by"),
        api.materialized_view: documented_signature(api.materialized_view, *_TABLE_ARGUMENTS, "refresh_policy"),
        api.view: documented_signature(api.view, *_VIEW_ARGUMENTS),
        api.create_streaming_table: documented_signature(api.create_streaming_table, *_TABLE_ARGUMENTS[1:]),
        api.apply_changes: documented_signature(changes, "flow_name"),
    }
    takes_function = {snapshots: ("source",)}
    return {
        name: check_arguments(
            name, function, signatures.get(function) or documented_signature(function), takes_function.get(function, ())
        )
        for name, function in own.items()
    }


class _Api:
    """The functions that add definitions to a registry, and those that read."""

    def __init__(self, registry: Registry, reads: Reads) -> None:
        self._registry = registry
        self._reads = reads

    def table(self, query_function: Query | None = None, /, **arguments: Any) -> Query | Decorator:
        """``@dlt.table``: streaming or batch, depending on its query."""
        return self._dataset("table", query_function, arguments)

    def materialized_view(self, query_function: Query | None = None, /, **arguments: Any) -> Query | Decorator:
        """``@dp.materialized_view``: a batch query's rows, as of each update."""
        return self._dataset("materialized_view", query_function, arguments)

    def view(self, query_function: Query | None = None, /, **arguments: Any) -> Query | Decorator:
        """``@dlt.view`` and ``@dp.temporary_view``: a query under a name."""
        return self._dataset("view", query_function, arguments)

    def _dataset(self, kind: DatasetKind, function: Query | None, arguments: Mapping[str, Any]) -> Query | Decorator:
        span = calling_line()
        self._note_unused(arguments, span)
        check_refresh_policy(arguments.get("refresh_policy"), span)
        keys, sequence = column_names(arguments.get("replace_using")) or (), arguments.get("sequence_by")
        check_replacement(kind, keys, sequence, span)

        def define(query: Query) -> Query:
            self._registry.add_dataset(
                Dataset(
                    name=dataset_name(arguments.get("name") or function_name(query, span), span),
                    kind=kind,
                    query=query,
                    expectations=tuple(getattr(query, RULES, ())),
                    schema=arguments.get("schema"),
                    private=bool(arguments.get("private") or arguments.get("temporary")),
                    spark_conf=option_values(arguments.get("spark_conf")),
                    span=span,
                    is_reset_allowed=is_reset_allowed(arguments),
                    replace_using=keys,
                    sequence_by=sequence,
                )
            )
            setattr(query, DEFINED, True)
            return query

        return define if function is None else define(function)

    def create_streaming_table(
        self,
        name: str,
        *,
        expect_all: Mapping[str, str] | None = None,
        expect_all_or_drop: Mapping[str, str] | None = None,
        expect_all_or_fail: Mapping[str, str] | None = None,
        **arguments: Any,
    ) -> None:
        """A table that flows fill."""
        span = calling_line()
        self._note_unused(arguments, span)
        rules = [
            *expectations_of("warn", expect_all or {}),
            *expectations_of("drop", expect_all_or_drop or {}),
            *expectations_of("fail", expect_all_or_fail or {}),
        ]
        self._registry.add_dataset(
            Dataset(
                name=dataset_name(name, span),
                kind="streaming_table",
                query=None,
                expectations=check_distinct_names(rules, span),
                schema=arguments.get("schema"),
                private=bool(arguments.get("private") or arguments.get("temporary")),
                spark_conf=option_values(arguments.get("spark_conf")),
                span=span,
                is_reset_allowed=is_reset_allowed(arguments),
            )
        )

    def append_flow(
        self,
        *,
        target: str,
        name: str | None = None,
        once: bool = False,
        spark_conf: Mapping[str, Any] | None = None,
        comment: str | None = None,  # noqa: ARG002 - for readers only
    ) -> Decorator:
        """``@dlt.append_flow``: one of the queries that fill a table or a sink."""
        return self._flow(target, name, calling_line(), functools.partial(AppendFlow, once=once), spark_conf)

    def update_flow(
        self,
        *,
        target: str,
        name: str | None = None,
        spark_conf: Mapping[str, Any] | None = None,
        comment: str | None = None,  # noqa: ARG002 - for readers only
    ) -> Decorator:
        """``@dp.update_flow``: a query that writes changed rows to a sink, in real time on Databricks."""
        return self._flow(target, name, calling_line(), functools.partial(AppendFlow, is_update=True), spark_conf)

    def replace_flow(
        self,
        *,
        target: str,
        replace_using: Sequence[str | Column],
        sequence_by: str | Column,
        name: str | None = None,
        spark_conf: Mapping[str, Any] | None = None,
        comment: str | None = None,  # noqa: ARG002 - for readers only
    ) -> Decorator:
        """``@dp.replace_flow``: a query whose rows replace those of the same keys in a table."""
        span, keys = calling_line(), column_names(replace_using) or ()
        check_replacement("table", keys, sequence_by, span)
        return self._flow(
            target, name, span, functools.partial(ReplaceFlow, using=keys, sequence_by=sequence_by), spark_conf
        )

    def _flow(
        self,
        target: str,
        name: str | None,
        span: Span | None,
        create: Callable[..., Flow],
        spark_conf: Mapping[str, Any] | None,
    ) -> Decorator:
        """A decorator that adds a flow."""

        def define(query: Query) -> Query:
            written = name or function_name(query, span)
            if hasattr(query, RULES):
                raise RunError(
                    INVALID_DEFINITION,
                    f"the flow `{written}` has expectations",
                    span=span,
                    hint=f"move them to `{target}`: create_streaming_table(expect_all={{...}})",
                )
            target_name, settings = dataset_name(target, span), option_values(spark_conf)
            self._registry.add_flow(
                create(target=target_name, name=written, query=query, spark_conf=settings, span=span)
            )
            return query

        return define

    def create_sink(self, name: str, format: str, options: Mapping[str, Any] | None = None) -> None:  # noqa: A002 - the documented name
        """A target outside the pipeline for append flows."""
        span = calling_line()
        self._registry.add_sink(Sink(dataset_name(name, span), format.lower(), option_values(options), span))

    def foreach_batch_sink(self, name: str | None = None) -> Decorator:
        """``@dp.foreach_batch_sink``: a sink that is a function of the micro-batch and its number."""
        span = calling_line()

        def define(handler: Query) -> Query:
            written = name or function_name(handler, span)
            self._registry.add_sink(Sink(dataset_name(written, span), "foreachbatch", {}, span, handler))
            return handler

        return define

    def create_auto_cdc_flow(
        self,
        target: str,
        source: str,
        keys: Sequence[str | Column],
        sequence_by: str | Column,
        ignore_null_updates: bool = False,  # noqa: FBT001, FBT002 - the documented signature
        apply_as_deletes: str | Column | None = None,
        apply_as_truncates: str | Column | None = None,
        column_list: Sequence[str | Column] | None = None,
        except_column_list: Sequence[str | Column] | None = None,
        stored_as_scd_type: str | int = "1",
        track_history_column_list: Sequence[str | Column] | None = None,
        track_history_except_column_list: Sequence[str | Column] | None = None,
        name: str | None = None,
        once: bool = False,  # noqa: FBT001, FBT002 - the documented signature
        ignore_null_updates_column_list: Sequence[str | Column] | None = None,
        ignore_null_updates_except_column_list: Sequence[str | Column] | None = None,
        system_sequence_by: str | Column | None = None,
        columns_to_update: str | Column | None = None,
    ) -> None:
        """``create_auto_cdc_flow``: merge changes into a table."""
        span = calling_line()
        if system_sequence_by is not None:
            raise RunError(
                NOT_SUPPORTED_LOCALLY,
                "system_sequence_by is not supported locally",
                span=span,
                hint="store the table as SCD type 1 or 2, without system_sequence_by",
            )
        if columns_to_update is not None:
            raise RunError(
                NOT_SUPPORTED_LOCALLY,
                "columns_to_update is not supported locally",
                span=span,
                hint="set the columns that a change does not update to NULL, and use ignore_null_updates",
            )
        self._registry.add_flow(
            CdcFlow(
                target=dataset_name(target, span),
                name=name or target,
                source=dataset_name(source, span),
                keys=column_names(keys) or (),
                sequence_by=sequence_by,
                scd_type=read_scd_type(stored_as_scd_type, span),
                apply_as_deletes=apply_as_deletes,
                apply_as_truncates=apply_as_truncates,
                ignore_null_updates=read_ignored_nulls(
                    ignore_null_updates,
                    column_names(ignore_null_updates_column_list),
                    column_names(ignore_null_updates_except_column_list),
                    span,
                ),
                column_list=column_names(column_list),
                except_column_list=column_names(except_column_list),
                track_history_column_list=column_names(track_history_column_list),
                track_history_except_column_list=column_names(track_history_except_column_list),
                once=once,
                span=span,
            )
        )

    def apply_changes(self, *arguments: Any, flow_name: str | None = None, **named: Any) -> None:
        """The old name of ``create_auto_cdc_flow``."""
        if flow_name is not None:
            named["name"] = flow_name
        self.create_auto_cdc_flow(*arguments, **named)

    def create_auto_cdc_from_snapshot_flow(
        self,
        target: str,
        source: str | Callable[[Any], Any],
        keys: Sequence[str | Column],
        stored_as_scd_type: str | int = "1",
        track_history_column_list: Sequence[str | Column] | None = None,
        track_history_except_column_list: Sequence[str | Column] | None = None,
    ) -> None:
        """Merge the differences between whole snapshots into a table."""
        span = calling_line()
        self._registry.add_flow(
            SnapshotFlow(
                target=dataset_name(target, span),
                name=target,
                source=source if callable(source) else dataset_name(source, span),
                keys=column_names(keys) or (),
                scd_type=read_scd_type(stored_as_scd_type, span),
                track_history_column_list=column_names(track_history_column_list),
                track_history_except_column_list=column_names(track_history_except_column_list),
                span=span,
            )
        )

    def read(self, name: str) -> DataFrame:
        """``dlt.read``: a dataset of the pipeline, in batch."""
        wanted = self._readable_name(name)
        return self._check_found(wanted, self._reads.batch(wanted))

    def read_stream(self, name: str) -> DataFrame:
        """``dlt.read_stream``: a dataset of the pipeline, as a stream."""
        wanted = self._readable_name(name)
        return self._check_found(wanted, self._reads.stream(wanted, {}))

    def _readable_name(self, name: str) -> DatasetName:
        """The name of the dataset to read, in the function of a dataset."""
        wanted = dataset_name(name, calling_line())
        self._reads.context(wanted)
        return wanted

    @staticmethod
    def _check_found(wanted: DatasetName, rows: DataFrame | None) -> DataFrame:
        if rows is None:
            raise UnknownTableError(wanted.written, span=calling_line())
        return rows

    def on_event_hook(self, max_allowable_consecutive_failures: Any = None) -> Any:
        """``@dlt.on_event_hook``, with brackets or without; the hook is not called."""
        self._registry.note("event hooks are not called locally", calling_line())
        is_bare = callable(max_allowable_consecutive_failures)
        return max_allowable_consecutive_failures if is_bare else lambda function: function

    def _note_unused(self, arguments: Mapping[str, Any], span: Span | None) -> None:
        for argument, effect in _WITHOUT_EFFECT.items():
            if arguments.get(argument):
                self._registry.note_once(f"{argument}= has no effect locally: {effect}", span)
        if has_mask(arguments.get("schema")):
            self._registry.note_once("MASK in schema= has no effect locally: all values are visible", span)


_SEVERITIES: Mapping[str, OnViolation] = {"": "warn", "_or_drop": "drop", "_or_fail": "fail"}
_VIEW_ARGUMENTS = ("name", "comment", "spark_conf")
_TABLE_ARGUMENTS = (
    *_VIEW_ARGUMENTS,
    "table_properties",
    "path",
    "partition_cols",
    "cluster_by_auto",
    "cluster_by",
    "schema",
    "row_filter",
    "private",
    "temporary",
    "format",
)
_WITHOUT_EFFECT = {
    "row_filter": "all rows are visible",
    "path": "the table is stored in the state folder",
    "format": "tables are stored as Parquet",
    "refresh_policy": "a materialized view is recomputed as a whole",
    **dict.fromkeys(("partition_cols", "cluster_by", "cluster_by_auto"), "Spark's default file layout is used"),
}
