"""Parses a seed: the declaration in a TOML file, and the rows in the CSV file beside it."""

from __future__ import annotations

import datetime
from typing import Any

from cbx.declare.signatures import DATA_TESTS, RELATIONSHIPS, SEED, SIGNATURES
from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Report, did_you_mean, listing
from cbx.diagnostics.source_files import SourceFile, Span
from cbx.parse.csv_rows import parse_csv_rows
from cbx.project.toml_spans import parse_toml, setting_span
from cbx.syntax.declarations import Argument, Call, DictLiteral, ListLiteral, Literal, ParsedModel, Value

_OWN_FILES = "each seed has its own two files, which name it"
_REFUSED = {
    "for_each": _OWN_FILES,
    "name": _OWN_FILES,
    "quarantine": "no row of a seed is dropped: remove it from the file",
}
"""The arguments of other kinds that a seed does not have, with hints."""
_WORDS = {"expectations": ("expect", "expect_or_fail"), "relationships": RELATIONSHIPS, "tests": DATA_TESTS}
"""The words that the items of a list may begin with; no row of a seed is dropped."""


def parse_seed(
    source: SourceFile, rows: SourceFile, layer: str, name: str, report: Report
) -> tuple[ParsedModel, ...] | None:
    """The declaration and the rows of a seed.

    Before: ``key = "code"`` and ``columns = { code = "STRING" }``. After: the call that a model's declaration would be,
    ``seed(key="code", columns={"code": "STRING"})``. CBX101 for invalid TOML, CBX104 for a value of another type,
    CBX245 for invalid CSV.
    """
    declared = parse_toml(source, report, codes.SYNTAX_ERROR)
    parsed_rows = parse_csv_rows(rows, report)
    if declared is None or parsed_rows is None:
        return None
    reported = len(report)
    call = _TomlReader(source, report).read_call(declared)
    if len(report) > reported:
        return None
    return (ParsedModel(f"{layer}.{name}", layer, name, source.path, call, None, (), True, None, rows=parsed_rows),)


class _TomlReader:
    """Converts the values of a TOML file to a declaration; the span of a value is that of its setting."""

    def __init__(self, source: SourceFile, report: Report) -> None:
        self._source = source
        self._report = report

    def read_call(self, declared: dict[str, Any]) -> Call:
        """The call of ``seed``."""
        for name in sorted(_REFUSED.keys() & declared.keys()):
            message, hint = f"`{SEED}` has no argument `{name}`", _REFUSED[name]
            self._report.add(codes.UNKNOWN_ARGUMENT, message, self._span(name), label="unknown", hint=hint)
        arguments = tuple(
            Argument(name, self._read_argument(name, value), self._span(name)) for name, value in declared.items()
        )
        return Call(SEED, arguments, self._source.start(), self._source.start())

    def _read_argument(self, name: str, value: Any) -> Value:
        if name == "columns" and isinstance(value, dict):
            entries = tuple(
                (Literal(column, self._span(name, column)), self._read_column((name, column), kind))
                for column, kind in value.items()
            )
            return DictLiteral(entries, self._span(name))
        if name in _WORDS and isinstance(value, list):
            items = tuple(self._read_item(name, item) for item in value)
            return ListLiteral(items, self._span(name))
        return self._read_value((name,), value)

    def _read_column(self, path: tuple[str, ...], value: Any) -> Value:
        if not isinstance(value, dict):
            return self._read_value(path, value)
        arguments = self._arguments(path, value)
        return Call("column", arguments, self._span(*path), self._span(*path))

    def _read_item(self, name: str, item: Any) -> Value:
        """The call of an item, such as ``{ many_to_one = "gold.countries", on = "country" }``.

        A word without positional arguments has a table of them: ``{ row_count = { at_least = 1 } }``.
        """
        if not isinstance(item, dict):
            return self._read_value((name,), item)
        span, words = self._span(name), _WORDS[name]
        word = next((key for key in item if key in words), None)
        if word is None:
            known = next((hint for key in item if (hint := did_you_mean(key, words))), None)
            message = f"this item of `{name}` begins with none of {listing(words)}"
            hint = known or f'write for example `{{ {words[0]} = "...", {SIGNATURES[words[0]][1]} = "..." }}`'
            self._report.add(codes.WRONG_ARGUMENT_TYPE, message, span, hint=hint)
            return Literal(None, span)
        arguments = {key: value for key, value in item.items() if key != word}
        if SIGNATURES[word]:
            arguments = {SIGNATURES[word][0]: item[word], **arguments}
        elif isinstance(item[word], dict):
            arguments |= item[word]
        return Call(word, self._arguments((name,), arguments), span, span)

    def _arguments(self, path: tuple[str, ...], values: dict[str, Any]) -> tuple[Argument, ...]:
        return tuple(
            Argument(name, self._read_value((*path, name), value), self._span(*path, name))
            for name, value in values.items()
        )

    def _read_value(self, path: tuple[str, ...], value: Any) -> Value:
        span = self._span(*path)
        match value:
            case dict():
                entries = tuple(
                    (Literal(key, self._span(*path, key)), self._read_value((*path, key), item))
                    for key, item in value.items()
                )
                return DictLiteral(entries, span)
            case list():
                return ListLiteral(tuple(self._read_value(path, item) for item in value), span)
            case datetime.date() | datetime.time():
                self._report.add(
                    codes.NOT_A_LITERAL, "a date is not allowed in a declaration", span, hint="write it as text"
                )
                return Literal(None, span)
            case _:
                return Literal(value, span)

    def _span(self, *path: str) -> Span:
        return setting_span(self._source, path)
