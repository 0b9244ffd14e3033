"""The functions of ``dlt`` that define sinks, flows into tables and sinks, and event hooks."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cbx.diagnostics.codes import INVALID_DEFINITION
from cbx.diagnostics.source_files import Span
from cbx.runtime.api.argument_values import check_replacement, column_names, dataset_name, function_name, option_values
from cbx.runtime.api.expectation_decorators import RULES, Decorator
from cbx.runtime.calling_line import calling_line
from cbx.runtime.definitions import AppendFlow, Flow, Query, Registry, ReplaceFlow, Sink
from cbx.runtime.errors import RunError

if TYPE_CHECKING:
    from pyspark.sql import Column


class FlowFunctions:
    """The functions that define sinks, flows and event hooks."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

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

    def on_event_hook(self, max_allowable_consecutive_failures: Any = None) -> Any:
        """``@dlt.on_event_hook``, with brackets or without; the hook is not called."""
        self._registry.note("event hooks are not called locally", calling_line())
        is_bare = callable(max_allowable_consecutive_failures)
        return max_allowable_consecutive_failures if is_bare else lambda function: function
