"""The ``dlt`` module, and ``pyspark.pipelines``, as a pipeline's notebooks see them.

Both names carry all the functions, old and new, as on Databricks (the pages "Lakeflow Spark Declarative
Pipelines Python language reference" and "What happened to Delta Live Tables (DLT)?").
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cbx.runtime.api.argument_checks import check_arguments, documented_signature
from cbx.runtime.api.argument_values import (
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
    OnViolation,
    Query,
    Registry,
    Sink,
    SnapshotFlow,
)
from cbx.runtime.problems import Place, RunError, UnknownTableError
from cbx.runtime.tables.schema import has_mask

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from cbx.runtime.names import DatasetName
    from cbx.runtime.spark.intercepted_reads import Reads


def api_functions(registry: Registry, reads: Reads) -> Mapping[str, Callable[..., Any]]:
    """Every function of the module by its name.

    Args:
        registry: Takes what the notebooks define.
        reads: Answers ``dlt.read`` and ``dlt.read_stream``.
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
        "create_sink": api.create_sink,
        "foreach_batch_sink": api.foreach_batch_sink,
        "create_auto_cdc_flow": changes,
        "apply_changes": api.apply_changes,
        "create_auto_cdc_from_snapshot_flow": snapshots,
        "apply_changes_from_snapshot": snapshots,
        "read": api.read,
        "read_stream": api.read_stream,
        "on_event_hook": api.on_event_hook,
    }
    for suffix, on_violation in _SEVERITIES.items():
        own[f"expect{suffix}"] = functools.partial(expect, on_violation)
        own[f"expect_all{suffix}"] = functools.partial(expect_all, on_violation)
    signatures = {
        api.table: documented_signature(api.table, *_TABLE_ARGUMENTS),
        api.materialized_view: documented_signature(api.materialized_view, *_TABLE_ARGUMENTS),
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
    """The functions that define something, which is kept in a registry."""

    def __init__(self, registry: Registry, reads: Reads) -> None:
        self._registry = registry
        self._reads = reads

    def table(self, query_function: Query | None = None, /, **arguments: Any) -> Query | Decorator:
        """``@dlt.table``: streaming or batch, as its query turns out to be."""
        return self._dataset("table", query_function, arguments)

    def materialized_view(self, query_function: Query | None = None, /, **arguments: Any) -> Query | Decorator:
        """``@dp.materialized_view``: a batch query's rows, as of each update."""
        return self._dataset("materialized_view", query_function, arguments)

    def view(self, query_function: Query | None = None, /, **arguments: Any) -> Query | Decorator:
        """``@dlt.view`` and ``@dp.temporary_view``: a query under a name."""
        return self._dataset("view", query_function, arguments)

    def _dataset(self, kind: DatasetKind, function: Query | None, arguments: Mapping[str, Any]) -> Query | Decorator:
        place = calling_line()
        self._note_unused(arguments, place)

        def define(query: Query) -> Query:
            self._registry.add_dataset(
                Dataset(
                    name=dataset_name(arguments.get("name") or function_name(query, place), place),
                    kind=kind,
                    query=query,
                    expectations=tuple(getattr(query, RULES, ())),
                    schema=arguments.get("schema"),
                    private=bool(arguments.get("private") or arguments.get("temporary")),
                    spark_conf=option_values(arguments.get("spark_conf")),
                    place=place,
                    is_reset_allowed=is_reset_allowed(arguments),
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
        place = calling_line()
        self._note_unused(arguments, place)
        rules = [
            *expectations_of("warn", expect_all or {}),
            *expectations_of("drop", expect_all_or_drop or {}),
            *expectations_of("fail", expect_all_or_fail or {}),
        ]
        self._registry.add_dataset(
            Dataset(
                name=dataset_name(name, place),
                kind="streaming_table",
                query=None,
                expectations=check_distinct_names(rules, place),
                schema=arguments.get("schema"),
                private=bool(arguments.get("private") or arguments.get("temporary")),
                spark_conf=option_values(arguments.get("spark_conf")),
                place=place,
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
        place = calling_line()

        def define(query: Query) -> Query:
            if hasattr(query, RULES):
                raise RunError(
                    f"the flow `{name or function_name(query, place)}` has expectations, which belong to a table",
                    place=place,
                    hint=f"give them to `{target}`, with create_streaming_table(expect_all={{...}})",
                )
            self._registry.add_flow(
                AppendFlow(
                    dataset_name(target, place),
                    name or function_name(query, place),
                    query,
                    once,
                    option_values(spark_conf),
                    place,
                )
            )
            return query

        return define

    def create_sink(self, name: str, format: str, options: Mapping[str, Any] | None = None) -> None:  # noqa: A002 - the documented name
        """A place outside the pipeline for append flows."""
        place = calling_line()
        self._registry.add_sink(Sink(dataset_name(name, place), format.lower(), option_values(options), place))

    def foreach_batch_sink(self, name: str | None = None) -> Decorator:
        """``@dp.foreach_batch_sink``: a sink that is a function of the micro-batch and its number."""
        place = calling_line()

        def define(handler: Query) -> Query:
            written = name or function_name(handler, place)
            self._registry.add_sink(Sink(dataset_name(written, place), "foreachbatch", {}, place, handler))
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
        """Merge a feed of changes into a table."""
        place = calling_line()
        if system_sequence_by is not None:
            raise RunError(
                "system_sequence_by is not supported locally: it belongs to bitemporal tables",
                place=place,
                hint="store the table as SCD type 1 or 2, without system_sequence_by",
            )
        if columns_to_update is not None:
            raise RunError(
                "columns_to_update is not supported locally",
                place=place,
                hint="let the columns that a change leaves alone be NULL, and use ignore_null_updates",
            )
        self._registry.add_flow(
            CdcFlow(
                target=dataset_name(target, place),
                name=name or target,
                source=dataset_name(source, place),
                keys=column_names(keys) or (),
                sequence_by=sequence_by,
                scd_type=read_scd_type(stored_as_scd_type, place),
                apply_as_deletes=apply_as_deletes,
                apply_as_truncates=apply_as_truncates,
                ignore_null_updates=read_ignored_nulls(
                    ignore_null_updates,
                    column_names(ignore_null_updates_column_list),
                    column_names(ignore_null_updates_except_column_list),
                    place,
                ),
                column_list=column_names(column_list),
                except_column_list=column_names(except_column_list),
                track_history_column_list=column_names(track_history_column_list),
                track_history_except_column_list=column_names(track_history_except_column_list),
                once=once,
                place=place,
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
        place = calling_line()
        self._registry.add_flow(
            SnapshotFlow(
                target=dataset_name(target, place),
                name=target,
                source=source if callable(source) else dataset_name(source, place),
                keys=column_names(keys) or (),
                scd_type=read_scd_type(stored_as_scd_type, place),
                track_history_column_list=column_names(track_history_column_list),
                track_history_except_column_list=column_names(track_history_except_column_list),
                place=place,
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
        """The dataset to read, for which there has to be a reader."""
        wanted = dataset_name(name, calling_line())
        self._reads.context(wanted)
        return wanted

    @staticmethod
    def _check_found(wanted: DatasetName, rows: DataFrame | None) -> DataFrame:
        if rows is None:
            raise UnknownTableError(wanted.written, place=calling_line())
        return rows

    def on_event_hook(self, max_allowable_consecutive_failures: Any = None) -> Any:
        """``@dlt.on_event_hook``, with brackets or bare: there is no event stream to hook into here."""
        self._registry.note("event hooks are not called locally", calling_line())
        is_bare = callable(max_allowable_consecutive_failures)
        return max_allowable_consecutive_failures if is_bare else lambda function: function

    def _note_unused(self, arguments: Mapping[str, Any], place: Place | None) -> None:
        for argument, effect in _WITHOUT_EFFECT.items():
            if arguments.get(argument):
                self._registry.note_once(f"{argument}= has no effect locally: {effect}", place)
        if has_mask(arguments.get("schema")):
            self._registry.note_once("MASK in schema= has no effect locally: every reader sees every value", place)


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
)
_WITHOUT_EFFECT = {
    "row_filter": "every reader sees every row",
    "path": "the table is kept in the state folder",
    **dict.fromkeys(("partition_cols", "cluster_by", "cluster_by_auto"), "the files are laid out as Spark does"),
}
