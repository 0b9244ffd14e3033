"""Reads the TOML file of ``for_each="regions.toml"``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Report, did_you_mean
from cbx.diagnostics.source_files import SourceFile, Span
from cbx.parse.toml.toml_values import read_toml_value
from cbx.project.toml_spans import TableSpans, item_spans, key_span, parse_toml, setting_span, table_spans
from cbx.syntax.declarations import DictLiteral, ListLiteral, Literal, Value

ParameterFiles = Mapping[str, SourceFile | None]
"""The TOML files beside models, by path; None for one that cannot be read, which is reported."""

_LIST = "for_each"


def read_parameter_file(path: str, named: Span, files: ParameterFiles, report: Report) -> Value | None:
    """The list that a file has instead of the declaration.

    Before: a table ``[[for_each]]`` with ``region = "eu"``. After: the value of ``[{"region": "eu"}]``, with its spans
    in the file.

    Args:
        path: The path of the file.
        named: Where the declaration names it.
        files: The files that there are.
        report: Where problems go.

    Returns:
        The value; None after a diagnostic: CBX240 if there is no such file, or if it has other settings, CBX101 for
        invalid TOML.
    """
    if path not in files:
        _report_missing(path, named, files, report)
        return None
    source = files[path]
    data = parse_toml(source, report, codes.SYNTAX_ERROR) if source is not None else None
    if source is None or data is None:
        return None
    others = [key for key in data if key != _LIST]
    for key in others:
        message = f"`{key}` is not a setting of a file of parameters, which has only tables `[[{_LIST}]]`"
        hint = did_you_mean(key, [_LIST], f"write it below `[[{_LIST}]]`, or remove it")
        report.add(codes.FOR_EACH, message, setting_span(source, (key,)), hint=hint)
    return _read_list(data.get(_LIST, []), source, report) if not others else None


def _report_missing(path: str, named: Span, files: ParameterFiles, report: Report) -> None:
    folder, _, name = path.rpartition("/")
    beside = [file.rpartition("/")[2] for file in files if file.rpartition("/")[0] == folder]
    hint = did_you_mean(name, beside, f"write it, with a table `[[{_LIST}]]` for each model")
    report.add(codes.FOR_EACH, f"there is no `{path}`", named, label="not found", hint=hint)


def _read_list(value: Any, source: SourceFile, report: Report) -> Value:
    span = setting_span(source, (_LIST,))
    if not isinstance(value, list):
        return read_toml_value(value, span, source, report)
    tables = table_spans(source, _LIST) or tuple(TableSpans(item, {}) for item in item_spans(source, span))
    places = tables if len(tables) == len(value) else (TableSpans(span, {}),) * len(value)
    items = (_read_item(item, place, source, report) for item, place in zip(value, places, strict=True))
    return ListLiteral(tuple(items), span)


def _read_item(item: Any, place: TableSpans, source: SourceFile, report: Report) -> Value:
    if not isinstance(item, dict):
        return read_toml_value(item, place.table, source, report)
    spans = {key: place.settings.get(key) or key_span(source, place.table, key) for key in item}
    entries = (
        (Literal(key, spans[key]), read_toml_value(value, spans[key], source, report)) for key, value in item.items()
    )
    return DictLiteral(tuple(entries), place.table)
