"""The functions of ``dlt`` that define tables and views."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cbx.diagnostics.source_files import Span
from cbx.runtime.api.argument_values import (
    check_refresh_policy,
    check_replacement,
    column_names,
    dataset_name,
    function_name,
    is_reset_allowed,
    option_values,
)
from cbx.runtime.api.expectation_decorators import DEFINED, RULES, Decorator, check_distinct_names, expectations_of
from cbx.runtime.calling_line import calling_line
from cbx.runtime.definitions import Dataset, DatasetKind, Query, Registry
from cbx.runtime.tables.schema import has_mask

VIEW_ARGUMENTS = ("name", "comment", "spark_conf")
TABLE_ARGUMENTS = (
    *VIEW_ARGUMENTS,
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


class DatasetFunctions:
    """The functions that define tables and views."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

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

    def _note_unused(self, arguments: Mapping[str, Any], span: Span | None) -> None:
        for argument, effect in _WITHOUT_EFFECT.items():
            if arguments.get(argument):
                self._registry.note_once(f"{argument}= has no effect locally: {effect}", span)
        if has_mask(arguments.get("schema")):
            self._registry.note_once("MASK in schema= has no effect locally: all values are visible", span)
