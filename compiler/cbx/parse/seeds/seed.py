"""Parses a seed: the declaration in a TOML file, and the rows in the CSV file beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cbx.declare.signatures import DATA_TESTS, RELATIONSHIPS, SEED, SIGNATURES
from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Report, did_you_mean, listing
from cbx.diagnostics.source_files import SourceFile, Span
from cbx.parse.seeds.csv_rows import parse_csv_rows
from cbx.parse.toml.toml_values import read_toml_value
from cbx.project.toml_spans import item_spans, key_span, parse_toml, setting_span
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
        spans = {name: setting_span(self._source, (name,)) for name in declared}
        for name in sorted(_REFUSED.keys() & declared.keys()):
            message, hint = f"`{SEED}` has no argument `{name}`", _REFUSED[name]
            self._report.add(codes.UNKNOWN_ARGUMENT, message, spans[name], label="unknown", hint=hint)
        arguments = tuple(
            Argument(name, self._read_argument(name, value, spans[name]), spans[name])
            for name, value in declared.items()
        )
        return Call(SEED, arguments, self._source.start(), self._source.start())

    def _read_argument(self, name: str, value: Any, span: Span) -> Value:
        if name == "columns" and isinstance(value, dict):
            spans = {column: self._span_inside(span, name, column) for column in value}
            columns = (
                (Literal(key, spans[key]), self._read_column(key, kind, spans[key])) for key, kind in value.items()
            )
            return DictLiteral(tuple(columns), span)
        if name in _WORDS and isinstance(value, list):
            places = item_spans(self._source, span)
            places = places if len(places) == len(value) else (span,) * len(value)
            items = (self._read_item(name, item, place) for item, place in zip(value, places, strict=True))
            return ListLiteral(tuple(items), span)
        return self._read_value(value, span)

    def _read_column(self, name: str, value: Any, span: Span) -> Value:
        if not isinstance(value, dict):
            return self._read_value(value, span)
        spans = {key: self._span_inside(span, "columns", name, key) for key in value}
        return Call("column", self._arguments(value, spans), span, span)

    def _span_inside(self, around: Span, *path: str) -> Span:
        """The span of a setting in a table, which has a header or is inline."""
        span = setting_span(self._source, path)
        return key_span(self._source, around, path[-1]) if span == around else span

    def _read_item(self, name: str, item: Any, span: Span) -> Value:
        """The call of an item, such as ``{ many_to_one = "gold.countries", on = "country" }``.

        A word without positional arguments has a table of them: ``{ row_count = { at_least = 1 } }``.
        """
        if not isinstance(item, dict):
            return self._read_value(item, span)
        words = _WORDS[name]
        word = next((key for key in item if key in words), None)
        if word is None:
            known = next((hint for key in item if (hint := did_you_mean(key, words))), None)
            message = f"this item of `{name}` begins with none of {listing(words)}"
            hint = known or f'write for example `{{ {words[0]} = "...", {SIGNATURES[words[0]][1]} = "..." }}`'
            self._report.add(codes.WRONG_ARGUMENT_TYPE, message, span, hint=hint)
            return Literal(None, span)
        rest = {key: value for key, value in item.items() if key != word}
        if not SIGNATURES[word]:
            inner = item[word] if isinstance(item[word], dict) else {}
            return Call(
                word, self._arguments({**inner, **rest}, self._spans_of_keys((*inner, *rest), span)), span, span
            )
        place = key_span(self._source, span, word)
        first = Argument(SIGNATURES[word][0], self._read_value(item[word], place), place)
        return Call(word, (first, *self._arguments(rest, self._spans_of_keys(rest, span))), span, span)

    def _spans_of_keys(self, keys: Iterable[str], around: Span) -> dict[str, Span]:
        return {key: key_span(self._source, around, key) for key in keys}

    def _arguments(self, values: dict[str, Any], spans: Mapping[str, Span]) -> tuple[Argument, ...]:
        return tuple(
            Argument(name, self._read_value(value, spans[name]), spans[name]) for name, value in values.items()
        )

    def _read_value(self, value: Any, span: Span) -> Value:
        return read_toml_value(value, span, self._source, self._report)
