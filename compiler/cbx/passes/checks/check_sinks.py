"""Checks that sinks can take the rows of their models, and that nothing reads them."""

from __future__ import annotations

from collections.abc import Mapping

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Related, Report, did_you_mean, listing
from cbx.diagnostics.did_you_mean import nearest
from cbx.diagnostics.source_files import Span
from cbx.parse.databricks_sql.types import normal_type
from cbx.passes.checks.check_function_arguments import check_function_arguments
from cbx.stages.resolved import Connected
from cbx.stages.resolved_model import Column, ResolvedModel, SinkTarget

_FILES = ("avro", "csv", "json", "orc", "parquet", "text")
_FORMATS = ("delta", "kafka", *_FILES)
_FOREIGN = dict.fromkeys(("eventhub", "eventhubs", "event_hubs"), 'Event Hubs speaks Kafka: write `format="kafka"`')
_SERVERS = "kafka.bootstrap.servers"
_KAFKA_TYPES: Mapping[str, tuple[str, ...]] = {
    "key": ("STRING", "BINARY"),
    "value": ("STRING", "BINARY"),
    "topic": ("STRING",),
    "partition": ("INT",),
}
"""The types that Kafka's writer takes, of the page "Structured Streaming + Kafka Integration Guide" of Spark."""


def check_sinks(connected: Connected, report: Report) -> None:
    """Report CBX403 for a sink without a target, CBX438 for an unusable one, CBX439 for a sink that a model reads.

    Before: ``sink(format="kafka", ...)`` whose query has no column ``value``. After: a diagnostic at the format.
    """
    for model in connected.models.values():
        if model.sink is not None:
            _check_sink(model, model.sink, connected.columns[model.id], report)
        for source in model.model_inputs:
            _check_other(model, "reads", source.model, source.span, connected.models, report)
        for claim in model.claims:
            other = claim.child if claim.parent == model.id else claim.parent
            _check_other(model, "is related to", other, claim.model_span, connected.models, report)


def _check_other(
    model: ResolvedModel, verb: str, name: str, span: Span, models: Mapping[str, ResolvedModel], report: Report
) -> None:
    other = models.get(name)
    if other is not None and other.sink is not None:
        message = f"`{model.id}` {verb} `{name}`, which is a sink: its rows leave the pipeline, so it has no table"
        way_out = "relate it to" if verb == "is related to" else "read"
        inputs = listing(source.model for source in other.model_inputs)
        hint = f"{way_out} what the sink reads: {inputs}" if inputs else f"{way_out} a table"
        related = [Related(f"`{name}` is declared here", other.spans.whole)]
        report.add(codes.SINK_WITH_READERS, message, span, label="no table", hint=hint, related=related)


def _check_sink(model: ResolvedModel, sink: SinkTarget, columns: tuple[Column, ...] | None, report: Report) -> None:
    if {"format", "foreach_batch"} & model.unread:
        return
    if sink.format is not None and sink.function is not None:
        message = f"`{model.id}` has both `format` and `foreach_batch`, and its rows go to one of them"
        report.add(codes.UNUSABLE_SINK, message, model.spans.at("foreach_batch"), hint="remove one of the two")
    elif sink.function is not None:
        span = model.spans.at("foreach_batch")
        check_function_arguments(model, sink.function, ("rows", "number"), codes.UNUSABLE_SINK, span, report)
    elif sink.format is not None:
        _check_format(model, sink.format, sink, columns, report)
    else:
        message = f"`{model.id}` does not say where its rows go"
        hint = 'write `format="kafka", options={...}`, or `foreach_batch="..."` with a function'
        report.add(codes.MISSING_ARGUMENT, message, model.spans.whole, label="incomplete", hint=hint)


def _check_format(
    model: ResolvedModel, sink_format: str, sink: SinkTarget, columns: tuple[Column, ...] | None, report: Report
) -> None:
    name, span = sink_format.lower(), model.spans.at("format")
    if name not in _FORMATS:
        hint = _FOREIGN.get(name) or did_you_mean(name, _FORMATS)
        if hint is not None:  # else it is the format of a custom data source
            report.add(codes.UNUSABLE_SINK, f"a sink has no format `{sink_format}`", span, label="unknown", hint=hint)
        return
    if "options" not in model.unread:
        _check_options(model, name, sink, columns, report)
    if name == "kafka" and columns is not None:
        _check_messages(model, columns, span, report)


def _check_options(
    model: ResolvedModel, sink_format: str, sink: SinkTarget, columns: tuple[Column, ...] | None, report: Report
) -> None:
    given = {name.lower() for name, _ in sink.options}
    if sink_format == "delta":
        if len(given & {"path", "tablename"}) != 1:
            what = "both `path` and `tableName`" if "path" in given else "neither `path` nor `tableName`"
            hint = 'write one of them: `options={"tableName": "catalog.schema.table"}`'
            _report_options(
                model, f"a delta sink writes to a path or a table, and `{model.id}` has {what}", hint, report
            )
        return
    needed = {"kafka": (_SERVERS,)}.get(sink_format, ("path",))
    has_topics = "topic" in given or columns is None or any(column.name.lower() == "topic" for column in columns)
    missing = [name for name in needed if name not in given]
    if sink_format == "kafka" and not has_topics:
        missing.append("topic")
    if missing:
        meant = nearest(missing[0], given)
        add = ", ".join(f'`"{name}": "..."`' for name in missing)
        hint = f"`{meant}` is not an option of it: write `{missing[0]}`" if meant is not None else f"add {add}"
        _report_options(model, f"the {sink_format} sink `{model.id}` has no option {listing(missing)}", hint, report)


def _report_options(model: ResolvedModel, message: str, hint: str, report: Report) -> None:
    has_options = model.sink is not None and bool(model.sink.options)
    span = model.spans.at("options" if has_options else "format")
    report.add(codes.UNUSABLE_SINK, message, span, hint=hint)


def _check_messages(model: ResolvedModel, columns: tuple[Column, ...], span: Span, report: Report) -> None:
    """Check the columns of which Kafka makes a message."""
    types = {column.name.lower(): normal_type(column.type) or "" for column in columns}
    if "value" not in types:
        message = f"`{model.id}` has no column `value`, which is the content of a Kafka message"
        hint = "select one, such as `to_json(struct(*)) AS value`"
        report.add(codes.UNUSABLE_SINK, message, span, label="no value", hint=hint)
    for name, taken in _KAFKA_TYPES.items():
        if not _is_taken(types.get(name, ""), taken):
            message = f"the column `{name}` of `{model.id}` is {types[name]}, and Kafka takes {' or '.join(taken)}"
            report.add(codes.UNUSABLE_SINK, message, span, hint=f"write `CAST({name} AS {taken[0]}) AS {name}`")
    unsent = [column.name for column in columns if column.name.lower() not in {*_KAFKA_TYPES, "headers"}]
    if unsent and "value" in types:
        what, verb = ("column", "is") if len(unsent) == 1 else ("columns", "are")
        sent = listing([*_KAFKA_TYPES, "headers"])
        message = f"the {what} {listing(unsent)} of `{model.id}` {verb} not sent: Kafka takes {sent}"
        hint = "put it into `value`, such as `to_json(struct(*)) AS value`, or do not select it"
        report.add(codes.UNSENT_COLUMN, message, span, label="left out", hint=hint)


def _is_taken(kind: str, taken: tuple[str, ...]) -> bool:
    """Whether a type, empty if unknown, is one of those that Kafka takes; texts of limited length are texts."""
    is_text = kind.startswith(("STRING", "VARCHAR(", "CHAR("))
    return not kind or kind in taken or (is_text and "STRING" in taken)
