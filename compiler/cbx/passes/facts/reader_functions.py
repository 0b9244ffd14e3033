"""The functions of Databricks SQL that read files and services in queries, and the inputs that replace them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

from cbx.diagnostics.source_files import Span
from cbx.stages.resolved_model import ResolvedModel, SqlCode
from cbx.syntax.text import PLACEHOLDER

if TYPE_CHECKING:
    from cbx.runtime.sql.table_functions import TableFunction

_CALL = re.compile(r"\b(?:read_(?:files|kafka|kinesis|pubsub|pulsar)|cloud_files)\s*\(", re.IGNORECASE)
_TEXT = r"'([^'\\]*)'|\"([^\"\\]*)\""
_UNKNOWN = "..."


class ReaderFunction(NamedTuple):
    """A call that reads files or a service.

    Attributes:
        name: The function, in lower case.
        is_streaming: Whether only new rows are read.
        span: The span of the call.
        replacement: The input that reads the same, as far as its arguments are literals.
    """

    name: str
    is_streaming: bool
    span: Span
    replacement: str


def reader_functions(model: ResolvedModel) -> tuple[ReaderFunction, ...]:
    """The calls in a model's query that read files and services, and so are none of its inputs.

    Example:
        ``STREAM read_kafka(bootstrapServers => 'host:9092', subscribe => 'orders')`` is replaced by
        ``kafka("orders", servers="host:9092")``.
    """
    code = model.code
    if not isinstance(code, SqlCode) or not any(
        isinstance(part, str) and _CALL.search(part) is not None for part in code.query.parts
    ):
        return ()
    from cbx.runtime.sql.table_functions import table_functions

    return tuple(
        ReaderFunction(
            call.name,
            call.is_stream,
            code.spans.span(call.start, call.end) if code.spans is not None else model.spans.whole,
            f"{{{{ {_replacement(call)} }}}}",
        )
        for call in table_functions(code.query.placeholder())
    )


def _replacement(call: TableFunction) -> str:
    named = {argument.name.lower(): argument.expression for argument in call.arguments if argument.name is not None}
    positional = [argument.expression for argument in call.arguments if argument.name is None]
    service = call.name.removeprefix("read_")
    if call.name in {"read_files", "cloud_files"}:
        path, format_name, *others = (*positional, _UNKNOWN, _UNKNOWN)[: max(len(positional), 2)]
        has_options = bool(others or named.keys() - {"format"})
        return _read_files(path, named.get("format", format_name), has_options=has_options, is_streaming=call.is_stream)
    if service == "kafka" and call.is_stream:
        return _kafka(named)
    word = "read_stream" if call.is_stream else "read"
    return f'{word}("{service}", options={{...}})'


def _read_files(path: str, format_name: str, *, has_options: bool, is_streaming: bool) -> str:
    if is_streaming:
        return (
            f"auto_loader({_literal(path)}, format={_literal(format_name)}{', options={...}' if has_options else ''})"
        )
    return f'read({_literal(format_name)}, options={{"path": {_literal(path)}{", ..." if has_options else ""}}})'


def _kafka(named: dict[str, str]) -> str:
    servers, topics = named.pop("bootstrapservers", ""), named.pop("subscribe", "")
    starting = named.pop("startingoffsets", "")
    further = f", starting_offsets={_literal(starting)}" if starting else ""
    further += ", options={...}" if named else ""
    return f"kafka({_split_text(_literal(topics))}, servers={_split_text(_literal(servers))}{further})"


def _split_text(text: str) -> str:
    """A text with commas as a list: ``"orders,returns"`` as ``["orders", "returns"]``."""
    parts = [part.strip() for part in json.loads(text).split(",")]
    return json.dumps(parts, ensure_ascii=False) if len(parts) > 1 else text


def _literal(expression: str) -> str:
    """A literal as Python writes it; ``"..."`` for any other expression."""
    match = re.fullmatch(_TEXT, expression)
    text = next((group for group in match.groups() if group is not None), "") if match is not None else ""
    return json.dumps(text if text and PLACEHOLDER not in text else _UNKNOWN, ensure_ascii=False)
