"""Parses TOML files, and finds the spans of their settings, which the standard parser does not return."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from cbx.diagnostics import codes
from cbx.diagnostics.codes import Code
from cbx.diagnostics.diagnostic import Report
from cbx.diagnostics.source_files import SourceFile, Span

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_KEY = r"""(?:[A-Za-z0-9_-]+|"(?:\\.|[^"\\])*"|'[^']*')"""
_KEYS = re.compile(_KEY)
_PATH = rf"{_KEY}(?:\s*\.\s*{_KEY})*"
_HEADER = re.compile(rf"^\s*\[{{1,2}}\s*({_PATH})\s*\]")
_SETTING = re.compile(rf"^\s*({_PATH})\s*=")
_LIST = re.compile(r"\s*=\s*\[")
_LIST_TOKEN = re.compile(
    r""""{3}.*?"{3}|\'{3}.*?\'{3}|"(?:\\.|[^"\\])*"|'[^']*'|\#[^\n]*|[\[\]{},]|[^\s\[\]{},"'\#]+""", re.DOTALL
)
_POSITION = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)\Z")
_MOST_DOTS = 1000
"""The time of the standard parser grows with the square of the number of dots in a key."""
_DEEPEST = 8
"""No setting has that many keys."""


def parse_toml(source: SourceFile, report: Report, code: Code = codes.INVALID_PROJECT_SETTING) -> dict[str, Any] | None:
    """Parse a TOML file; None and a diagnostic with the code, by default CBX002, if it is invalid."""
    dotted = next(
        (at for at, line in enumerate(source.text.split("\n"), start=1) if line.count(".") > _MOST_DOTS), None
    )
    if dotted is not None:
        message = f"this line has more than {_MOST_DOTS:,} dots"
        report.add(code, message, source.whole_line(dotted))
        return None
    try:
        data: dict[str, Any] = tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as error:
        position = _POSITION.search(str(error))
        message = _POSITION.sub("", str(error))
        if position and position[1]:
            line, column = int(position[1]), int(position[2])
            span = Span(source.path, line, column, line, column + 1)
        else:
            last = source.text.rstrip().count("\n") + 1
            span = source.whole_line(last)
        report.add(code, f"invalid TOML: {message[:1].lower()}{message[1:]}", span)
    except ValueError as error:
        message = str(error).partition(":")[0]
        report.add(code, f"invalid TOML: {message[:1].lower()}{message[1:]}", source.start())
    except RecursionError:
        report.add(code, "invalid TOML: nested too deeply", source.start())
    else:
        return data
    return None


def setting_span(source: SourceFile, path: Sequence[str | int]) -> Span:
    """The span of a setting's key, or of the nearest table around it in the file.

    Args:
        source: The file, which is valid TOML.
        path: The keys of the setting, such as ``("environments", "prod", "catalog")``. A key with dots may be several
            keys in the file.
    """
    keys = tuple(key for key in path if isinstance(key, str))
    spans = _setting_spans(source)
    if keys not in spans.named and ".".join(keys) in spans.dotted:
        return spans.dotted[".".join(keys)]
    around = [spans.named[keys[:depth]] for depth in range(len(keys), 0, -1) if keys[:depth] in spans.named]
    inside = spans.inside.get(keys)
    if inside is not None and all(inside < span for span in around):
        return inside
    return around[0] if around else source.start()


def key_span(source: SourceFile, around: Span, key: str) -> Span:
    """The span of a key of an inline table that begins in a span; the span itself if the key is in another line."""
    line = source.line(around.line)
    match = re.compile(rf"(?<![\w.-])[\"']?{re.escape(key)}[\"']?(?=\s*=)").search(line, around.column - 1)
    if match is None:
        return around
    return Span(source.path, around.line, match.start() + 1, around.line, match.end() + 1)


def item_spans(source: SourceFile, setting: Span) -> tuple[Span, ...]:
    """The spans of the items of a list in brackets, of each the first line; none for a list of tables with headers.

    Args:
        source: The file, which is valid TOML.
        setting: The span of the setting's key.
    """
    opening = _LIST.match(source.text, source.offset(setting.end_line, setting.end_column))
    depth, begin, spans = 0, -1, []
    for match in _LIST_TOKEN.finditer(source.text, opening.end() - 1) if opening is not None else ():
        sign = match[0]
        if depth == 1 and begin < 0 and sign not in {"]", ","} and not sign.startswith("#"):
            begin = match.start()
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(sign, 0)
        if begin >= 0 and (depth == 0 or (depth == 1 and sign == ",")):
            spans.append(source.span(begin, match.start()))
            begin = -1
        if depth == 0:
            break
    return tuple(_trim(source, span) for span in spans)


class TableSpans(NamedTuple):
    """The span of a table's name, and those of its settings by their keys."""

    table: Span
    settings: Mapping[str, Span]


def table_spans(source: SourceFile, name: str) -> tuple[TableSpans, ...]:
    """The spans of the tables of an array with headers, such as ``[[for_each]]``; none for a list in brackets.

    Args:
        source: The file, which is valid TOML.
        name: The array's key, which is at the top of the file.
    """
    tables: list[tuple[Span, dict[str, Span]]] = []
    is_open = False
    for keys, span, is_header in _lines_with_keys(source):
        if is_header and keys == (name,):
            tables.append((span, {}))
        elif is_header and keys[0] == name and tables:
            tables[-1][1].setdefault(keys[1], span)
        elif not is_header and is_open:
            tables[-1][1].setdefault(keys[0], span)
        is_open = keys == (name,) if is_header else is_open
    return tuple(TableSpans(*table) for table in tables)


def _trim(source: SourceFile, span: Span) -> Span:
    """The first line of a span, without white space at its end."""
    last = span.end_column - 1 if span.end_line == span.line else None
    text = source.line(span.line)[span.column - 1 : last].rstrip()
    return Span(span.path, span.line, span.column, span.line, span.column + max(len(text), 1))


@dataclass(frozen=True)
class _SettingSpans:
    """The first spans of settings and tables in a file, by their keys.

    Attributes:
        named: The spans of settings and tables.
        inside: For tables without a header, the span of the first table inside them.
        dotted: The spans of settings and tables by their keys in one text.
    """

    named: Mapping[tuple[str, ...], Span]
    inside: Mapping[tuple[str, ...], Span]
    dotted: Mapping[str, Span]


@lru_cache(maxsize=1)
def _setting_spans(source: SourceFile) -> _SettingSpans:
    named: dict[tuple[str, ...], Span] = {}
    inside: dict[tuple[str, ...], Span] = {}
    table: tuple[str, ...] = ()
    for keys, span, is_header in _lines_with_keys(source):
        if is_header:
            table = keys
            for depth in range(min(len(keys), _DEEPEST)):
                inside.setdefault(keys[:depth], span)
        named.setdefault(keys if is_header else (*table, *keys), span)
    return _SettingSpans(named, inside, {".".join(keys): span for keys, span in named.items()})


def _lines_with_keys(source: SourceFile) -> Iterator[tuple[tuple[str, ...], Span, bool]]:
    """The keys of each line with a header or a setting, their span, and whether it is a header."""
    for number, line in enumerate(source.text.split("\n"), start=1):
        header = _HEADER.match(line)
        match = header or _SETTING.match(line)
        if match is not None:
            keys = tuple(key.strip("\"'") for key in _KEYS.findall(match[1]))
            start = match.start(1) + 1
            yield keys, Span(source.path, number, start, number, start + len(match[1])), header is not None
