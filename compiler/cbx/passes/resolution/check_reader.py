"""Checks that the format and the options of a reader can read anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from cbx.declare.outside_systems import DATABASES, JDBC_OPTIONS, STREAMING_SERVICES, nearest_kafka_option
from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Report, listing
from cbx.diagnostics.source_files import Span
from cbx.syntax.spans import Spans

_SET_BY: Final[Mapping[str, str]] = {
    "kafka.bootstrap.servers": "servers",
    "subscribe": "topic",
    "startingoffsets": "starting_offsets",
}
"""The arguments of `kafka` by the options that they set, in lower case."""
_NEEDS_SCHEMA: Final = frozenset({"cloudfiles", "json", "csv", "parquet", "orc", "avro", "xml"})
_ONLY_STREAMS: Final = frozenset({"kinesis", "pubsub"})
_SPELLINGS: Final[Mapping[str, str]] = {
    "subscribepattern": "subscribePattern",
    "streamname": "streamName",
    "streamarn": "streamARN",
    "topicid": "topicId",
    "subscriptionid": "subscriptionId",
    "topicspattern": "topicsPattern",
}


class ReaderCall(NamedTuple):
    """A call of ``kafka``, ``read`` or ``read_stream``.

    Attributes:
        word: The word.
        format: The format, in lower case.
        options: The names of the options as they are written.
        arguments: The arguments that were given.
        spans: The spans of the call.
        is_complete: Whether all arguments could be read.
    """

    word: str
    format: str
    options: tuple[str, ...]
    arguments: frozenset[str]
    spans: Spans
    is_complete: bool


def check_reader(call: ReaderCall, report: Report) -> None:
    """Report CBX440 for a reader that fails in every run, and CBX411 for a misspelt option of Kafka."""
    format_span = call.spans.whole if call.word == "kafka" else call.spans.at("format")
    mismatch = _find_mismatch(call)
    if mismatch is not None:
        report.add(codes.WRONG_READER, mismatch[0], format_span, hint=mismatch[1])
        return
    if "columns" in call.arguments and (call.format in DATABASES or call.format in STREAMING_SERVICES):
        message = f"the reader of `{call.format}` does not take `columns`"
        report.add(codes.WRONG_READER, message, call.spans.at("columns"), hint="declare the `columns` of the model")
    repeated = _report_repeated(call, report)
    misspelt = _report_misspelt(call, report)
    if call.is_complete and not repeated and not misspelt:
        _report_topics(call, format_span, report)
        _report_missing(call, format_span, report)


def report_model_as_format(word: str, format_name: str, models: frozenset[str], spans: Spans, report: Report) -> None:
    """Report CBX440 for the id of a model instead of a format, as functions of the same names of `dlt` take it."""
    if format_name in models:
        right = "stream" if word == "read_stream" else "ref"
        message = f"`{format_name}` is a model, and `{word}` takes the format of a reader"
        report.add(codes.WRONG_READER, message, spans.at("format"), hint=f'write `{right}("{format_name}")`')


def _find_mismatch(call: ReaderCall) -> tuple[str, str] | None:
    """Why the word does not fit the format, and a hint; None if it fits."""
    if call.word == "read_stream" and call.format in _NEEDS_SCHEMA:
        return "files are streamed by Auto Loader", 'write `auto_loader("folder", format="json")`'
    if call.word == "read_stream" and call.format in DATABASES:
        return f"Spark cannot stream from `{call.format}`", "read it with `read`, in a `materialized_view`"
    if call.word == "read" and call.format in _ONLY_STREAMS:
        title = STREAMING_SERVICES[call.format].title
        return f"{title} can only be streamed", "read it with `read_stream`, in a `streaming_table`"
    return None


def _report_repeated(call: ReaderCall, report: Report) -> bool:
    """Report options that repeat an argument, and return whether there are any."""
    repeated = [name for name in call.options if _SET_BY.get(name.lower()) in call.arguments]
    for name in repeated:
        message = f"the option `{name}` repeats the argument `{_SET_BY[name.lower()]}`"
        report.add(codes.REPEATED_READER_OPTION, message, _option_span(call, name), hint="keep one of the two")
    return bool(repeated)


def _report_misspelt(call: ReaderCall, report: Report) -> bool:
    """Report misspelt options of Kafka, and return whether there are any."""
    near = {name: nearest_kafka_option(name) for name in call.options} if call.format == "kafka" else {}
    misspelt = {name: meant for name, meant in near.items() if meant is not None}
    for name, meant in misspelt.items():
        report.add(
            codes.UNKNOWN_READER_OPTION,
            f"the reader of Kafka has no option `{name}`",
            _option_span(call, name),
            label="not an option",
            hint=f"did you mean `{meant}`?",
        )
    return bool(misspelt)


def _report_topics(call: ReaderCall, format_span: Span, report: Report) -> None:
    """Report a reader that names no topics, or names those of Kafka several times."""
    service = STREAMING_SERVICES.get(call.format)
    if service is None:
        return
    given = [name for name in call.options if name.lower() in service.topic_options]
    named = len(given) + ("topic" in call.arguments)
    words = listing(_SPELLINGS.get(name, name) for name in service.topic_options)
    if not named:
        hint = 'write `kafka("topic", ...)`' if call.word == "kafka" else f"add one of the options {words}"
        message = f"this reader of {service.title} names no topic"
        report.add(codes.MISSING_READER_OPTION, message, format_span, hint=hint)
    elif named > 1 and call.format == "kafka":
        message = "the topics of Kafka are named more than once"
        hint = f"keep one of {words}" if call.word == "read_stream" else f"keep one of `topic` and the options {words}"
        report.add(codes.REPEATED_READER_OPTION, message, _option_span(call, given[-1]), hint=hint)


def _report_missing(call: ReaderCall, format_span: Span, report: Report) -> None:
    """Report the options without which a reader fails."""
    title, needed = _needed_options(call)
    given = {name.lower() for name in call.options}
    missing = ["` or `".join(names) for names in needed if given.isdisjoint(name.lower() for name in names)]
    if missing:
        message = f"the reader of {title} needs the option{'s' if len(missing) > 1 else ''} {listing(missing)}"
        report.add(codes.MISSING_READER_OPTION, message, format_span, hint="add it to `options`")


def _needed_options(call: ReaderCall) -> tuple[str, tuple[tuple[str, ...], ...]]:
    """The name of a system, and the options that its reader needs: one of each."""
    service = STREAMING_SERVICES.get(call.format)
    if call.format == "jdbc":
        return "JDBC", JDBC_OPTIONS
    if service is None or call.word == "kafka":
        return "", ()
    return service.title, tuple((name,) for name in service.needs)


def _option_span(call: ReaderCall, name: str) -> Span:
    return call.spans.at("options", name, "key")
