"""The ``dlt`` module, and ``pyspark.pipelines``, as a pipeline's notebooks see them.

Both names carry all the functions, old and new, as on Databricks (the pages "Lakeflow Spark Declarative
Pipelines Python language reference" and "What happened to Delta Live Tables (DLT)?").
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cbx.runtime.definitions import (
    AppendFlow,
    CdcFlow,
    Dataset,
    DatasetKind,
    Query,
    Registry,
    Sink,
    SnapshotFlow,
)
from cbx.runtime.names import DatasetName, InvalidNameError
from cbx.runtime.problems import Place, RunError, UnknownTableError
from cbx.runtime.rules import DEFINED, RULES, Decorator, caller, distinct, expect, expect_all, rules_of

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from cbx.runtime.readers import Reads


def functions(registry: Registry, reads: Reads) -> Mapping[str, Callable[..., Any]]:
    """Every function of the module by its name.

    Args:
        registry: Takes what the notebooks define.
        reads: Answers ``dlt.read`` and ``dlt.read_stream``.
    """
    api = _Api(registry, reads)
    return {
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
        "create_auto_cdc_flow": api.create_auto_cdc_flow,
        "apply_changes": api.apply_changes,
        "create_auto_cdc_from_snapshot_flow": api.create_auto_cdc_from_snapshot_flow,
        "apply_changes_from_snapshot": api.create_auto_cdc_from_snapshot_flow,
        "expect": functools.partial(expect, "warn"),
        "expect_or_drop": functools.partial(expect, "drop"),
        "expect_or_fail": functools.partial(expect, "fail"),
        "expect_all": functools.partial(expect_all, "warn"),
        "expect_all_or_drop": functools.partial(expect_all, "drop"),
        "expect_all_or_fail": functools.partial(expect_all, "fail"),
        "read": api.read,
        "read_stream": api.read_stream,
        "on_event_hook": api.on_event_hook,
    }


class _Api:
    """The functions that define something, which is kept in a registry."""

    def __init__(self, registry: Registry, reads: Reads) -> None:
        self._registry = registry
        self._reads = reads

    def table(self, query_function: Query | None = None, **arguments: Any) -> Query | Decorator:
        """``@dlt.table``: streaming or batch, as its query turns out to be."""
        return self._dataset("table", query_function, arguments)

    def materialized_view(self, query_function: Query | None = None, **arguments: Any) -> Query | Decorator:
        """``@dp.materialized_view``: a batch query's rows, as of each update."""
        return self._dataset("materialized_view", query_function, arguments)

    def view(self, query_function: Query | None = None, **arguments: Any) -> Query | Decorator:
        """``@dlt.view`` and ``@dp.temporary_view``: a query under a name."""
        return self._dataset("view", query_function, arguments)

    def _dataset(self, kind: DatasetKind, function: Query | None, arguments: Mapping[str, Any]) -> Query | Decorator:
        place = caller()
        known = _VIEW_ARGUMENTS if kind == "view" else _TABLE_ARGUMENTS
        _check_arguments(kind, arguments, known, place)
        self._note_unused(arguments, place)

        def define(query: Query) -> Query:
            self._registry.add_dataset(
                Dataset(
                    name=_name(arguments.get("name") or query.__name__, place),
                    kind=kind,
                    query=query,
                    expectations=tuple(getattr(query, RULES, ())),
                    schema=arguments.get("schema"),
                    private=bool(arguments.get("private") or arguments.get("temporary")),
                    spark_conf=_texts(arguments.get("spark_conf")),
                    place=place,
                    is_reset_allowed=_is_reset_allowed(arguments),
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
        place = caller()
        _check_arguments("create_streaming_table", arguments, _TABLE_ARGUMENTS, place)
        self._note_unused(arguments, place)
        rules = [
            *rules_of("warn", expect_all or {}),
            *rules_of("drop", expect_all_or_drop or {}),
            *rules_of("fail", expect_all_or_fail or {}),
        ]
        self._registry.add_dataset(
            Dataset(
                name=_name(name, place),
                kind="streaming_table",
                query=None,
                expectations=distinct(rules, place),
                schema=arguments.get("schema"),
                private=bool(arguments.get("private") or arguments.get("temporary")),
                spark_conf=_texts(arguments.get("spark_conf")),
                place=place,
                is_reset_allowed=_is_reset_allowed(arguments),
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
        place = caller()

        def define(query: Query) -> Query:
            if hasattr(query, RULES):
                raise RunError(
                    f"the flow `{query.__name__}` has expectations, which belong to a table",
                    place=place,
                    hint=f"give them to `{target}`, with create_streaming_table(expect_all={{...}})",
                )
            if spark_conf:
                self._registry.note("spark_conf= of a flow has no effect locally", place)
            self._registry.add_flow(
                AppendFlow(_name(target, place), name or query.__name__, query, once, _texts(spark_conf), place)
            )
            return query

        return define

    def create_sink(self, name: str, format: str, options: Mapping[str, Any] | None = None) -> None:  # noqa: A002 - the documented name
        """A place outside the pipeline for append flows."""
        place = caller()
        self._registry.add_sink(Sink(_name(name, place), format.lower(), _texts(options), place))

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
    ) -> None:
        """Merge a feed of changes into a table."""
        place = caller()
        if ignore_null_updates_except_column_list is not None:
            raise RunError(
                "ignore_null_updates_except_column_list is not supported locally",
                place=place,
                hint="name the columns with ignore_null_updates_column_list",
            )
        some = _columns(ignore_null_updates_column_list, place)
        self._registry.add_flow(
            CdcFlow(
                target=_name(target, place),
                name=name or target,
                source=_name(source, place),
                keys=_columns(keys, place) or (),
                sequence_by=sequence_by,
                scd_type=_scd_type(stored_as_scd_type, place),
                apply_as_deletes=apply_as_deletes,
                apply_as_truncates=apply_as_truncates,
                ignore_null_updates=some if some is not None else bool(ignore_null_updates),
                column_list=_columns(column_list, place),
                except_column_list=_columns(except_column_list, place),
                track_history_column_list=_columns(track_history_column_list, place),
                track_history_except_column_list=_columns(track_history_except_column_list, place),
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
        place = caller()
        self._registry.add_flow(
            SnapshotFlow(
                target=_name(target, place),
                name=target,
                source=source if callable(source) else _name(source, place),
                keys=_columns(keys, place) or (),
                scd_type=_scd_type(stored_as_scd_type, place),
                track_history_column_list=_columns(track_history_column_list, place),
                track_history_except_column_list=_columns(track_history_except_column_list, place),
                place=place,
            )
        )

    def read(self, name: str) -> DataFrame:
        """``dlt.read``: a dataset of the pipeline, in batch."""
        found = self._reads.batch(_name(name, caller()))
        if found is None:
            raise UnknownTableError(name, place=caller())
        return found

    def read_stream(self, name: str) -> DataFrame:
        """``dlt.read_stream``: a dataset of the pipeline, as a stream."""
        found = self._reads.stream(_name(name, caller()), {})
        if found is None:
            raise UnknownTableError(name, place=caller())
        return found

    def on_event_hook(self, *_: Any, **__: Any) -> Any:
        """``@dlt.on_event_hook``: there is no event stream to hook into here."""
        self._registry.note("event hooks are not called locally", caller())
        return lambda function: function

    def _note_unused(self, arguments: Mapping[str, Any], place: Place | None) -> None:
        for argument, effect in _WITHOUT_EFFECT.items():
            if arguments.get(argument):
                self._registry.note(f"{argument}= has no effect locally: {effect}", place)


_VIEW_ARGUMENTS = frozenset({"name", "comment", "spark_conf"})
_TABLE_ARGUMENTS = frozenset(
    {
        "name",
        "comment",
        "spark_conf",
        "table_properties",
        "path",
        "partition_cols",
        "cluster_by_auto",
        "cluster_by",
        "schema",
        "row_filter",
        "private",
        "temporary",
    }
)
_WITHOUT_EFFECT = {
    "row_filter": "every reader sees every row",
    "path": "the table is kept in the state folder",
}


def _name(text: Any, place: Place | None) -> DatasetName:
    try:
        return DatasetName.parse(text)
    except (InvalidNameError, TypeError) as error:
        raise RunError(str(error), place=place) from None


def _columns(columns: Sequence[str | Column] | None, place: Place | None) -> tuple[str, ...] | None:
    """Column names, of which the documentation allows strings and ``col("name")``."""
    if columns is None:
        return None
    if isinstance(columns, str):
        raise RunError(f"a list of columns is wanted, not the text {columns!r}", place=place)
    return tuple(column if isinstance(column, str) else column_name(column) for column in columns)


def column_name(column: Column) -> str:
    """The name in a ``col("name")``."""
    text = str(column._jc.toString())  # type: ignore[operator]  # noqa: SLF001 - Python and Spark have no public name for it
    return text.strip("`")


def _scd_type(value: str | int, place: Place | None) -> Any:
    text = str(value).upper().replace("SCD TYPE", "").strip()
    if text not in ("1", "2"):
        raise RunError(f"stored_as_scd_type is {value!r}: it is 1 or 2", place=place)
    return int(text)


def _texts(options: Mapping[str, Any] | None) -> dict[str, str]:
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in (options or {}).items()
    }


def _is_reset_allowed(arguments: Mapping[str, Any]) -> bool:
    """What the table property of that name says (the page "Pipeline properties reference")."""
    return _texts(arguments.get("table_properties")).get("pipelines.reset.allowed") != "false"


def _check_arguments(what: str, arguments: Mapping[str, Any], known: frozenset[str], place: Place | None) -> None:
    for argument in arguments:
        if argument not in known:
            raise RunError(
                f"{what} has no argument `{argument}`",
                place=place,
                hint=f"known are {', '.join(sorted(known))}",
            )
