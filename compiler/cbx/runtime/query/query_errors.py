"""The errors of DuckDB as diagnostics, at their places in the query."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from cbx.diagnostics.codes import NOT_SUPPORTED_LOCALLY, QUERY_FAILED, UNKNOWN_TABLE
from cbx.diagnostics.diagnostic import did_you_mean
from cbx.runtime.errors import CannotRunError, RunError
from cbx.runtime.tables.show_table import find_table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cbx.diagnostics.source_files import SourceFile, Span

_NAME = re.compile(r'(?:[^\W\d]\w*|"(?:[^"]|"")*")(?:\s*\.\s*(?:\w+|"(?:[^"]|"")*"))*|\S')
_PART = re.compile(r'"((?:[^"]|"")*)"|(\w+)')
_MISSING = re.compile(r"^(?:Scalar |Table )?(\w+) with name (\S+) does not exist", re.IGNORECASE)
_QUOTED = re.compile(r'"([^"\n]+)"')


def explain_error(text: str, query: SourceFile, state: Path, datasets: Mapping[str, str]) -> RunError:
    """The error of a query.

    Args:
        text: The message of DuckDB: a kind, a colon and a JSON object.
        query: The query.
        state: The state folder, whose tables are suggested for one that does not exist.
        datasets: The tables of models, by the models' ids.
    """
    error = read_error(text)
    span, name = _place(error, query)
    if str(error["exception_message"]).startswith("Table with name "):
        return _unknown_table(name or str(error.get("name")), span, state, datasets)
    message, hint = _words(error)
    if error.get("exception_type") == "Permission":
        hint = "a query reads only the tables of `cbx run`; let a model read files"
        return RunError(NOT_SUPPORTED_LOCALLY, "a query cannot read or write files", span=span, hint=hint)
    return RunError(QUERY_FAILED, message, span=span, hint=hint)


def read_error(text: str) -> dict[str, Any]:
    """An error of DuckDB as an object; with the message alone, if DuckDB gives no more."""
    kind, _, rest = text.partition(": ")
    try:
        error = json.loads(rest)
    except ValueError:
        error = None
    return (
        error if isinstance(error, dict) else {"exception_type": kind.removesuffix(" Error"), "exception_message": rest}
    )


def has_place(text: str) -> bool:
    """Whether a message of DuckDB is an object, which has the place of the error if it is known."""
    return text.partition(": ")[2].startswith("{")


def _place(error: Mapping[str, Any], query: SourceFile) -> tuple[Span | None, str]:
    """The span of an error, and the name that it is about; the position of DuckDB is in bytes."""
    if "position" not in error:
        return None, ""
    content = query.text.encode()
    start = len(content[: int(error["position"])].decode(errors="replace"))
    match = _NAME.match(query.text, start)
    name = match[0] if match else ""
    length = len(name)
    if "location" in error and not str(error["exception_message"]).startswith("Table"):
        first, size = json.loads(error["location"])
        length = len(content[first : first + size].decode(errors="replace"))
    return query.span(start, start + length), ".".join(_parts(name))


def _parts(name: str) -> list[str]:
    return [quoted.replace('""', '"') or plain for quoted, plain in _PART.findall(name)]


def _unknown_table(name: str, span: Span | None, state: Path, datasets: Mapping[str, str]) -> RunError:
    try:
        folder = find_table(state, name, datasets)
    except CannotRunError as error:
        return RunError(error.diagnostic.code, error.diagnostic.message, span=span, hint=error.diagnostic.hint)
    hint = f"write it as `{folder.name.key}`"
    return RunError(UNKNOWN_TABLE, f"there is no table `{name}` in {state}", span=span, hint=hint)


def _words(error: Mapping[str, Any]) -> tuple[str, str | None]:
    """The message, and the way out, in the words of diagnostics."""
    first, *others = _MISSING.sub(r'there is no \1 "\2"', str(error["exception_message"]).strip()).split("\n")
    message, _, advice = first.partition("'. ")
    message += "'" if advice else ""
    message = _QUOTED.sub(r"`\1`", message.rstrip("!. "))
    choices = [choice.strip() for choice in str(error.get("candidates", "")).split(",") if choice.strip()]
    near = did_you_mean(str(error.get("name", "")), choices) if choices else None
    rest = _QUOTED.sub(r"`\1`", others[0].strip()) if others and others[0].strip()[-1:] != ":" else ""
    hint = near or rest or advice or ""
    return message[:1].lower() + message[1:], (hint[:1].lower() + hint[1:].rstrip(".")) or None
