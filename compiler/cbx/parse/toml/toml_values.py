"""Converts values of TOML files to the values that declarations have."""

from __future__ import annotations

import datetime
from typing import Any

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Report
from cbx.diagnostics.source_files import SourceFile, Span
from cbx.parse.expression import MOST_BITS
from cbx.project.toml_spans import key_span
from cbx.syntax.declarations import DictLiteral, ListLiteral, Literal, Value


def read_toml_value(value: Any, span: Span, source: SourceFile, report: Report) -> Value:
    """The value of a setting.

    Before: ``{"region": "eu"}``. After: a `DictLiteral`.

    Args:
        value: The value as the parser returns it.
        span: The span of its setting, which it gets; keys of an inline table in the same line have their own.
        source: The file.
        report: Where problems go: CBX104 for a date, CBX103 for a number that cannot be written.
    """
    match value:
        case dict():
            spans = {key: key_span(source, span, key) for key in value}
            entries = (
                (Literal(key, spans[key]), read_toml_value(item, spans[key], source, report))
                for key, item in value.items()
            )
            return DictLiteral(tuple(entries), span)
        case list():
            return ListLiteral(tuple(read_toml_value(item, span, source, report) for item in value), span)
        case datetime.date() | datetime.time():
            message = "a date is not allowed in a declaration"
            report.add(codes.NOT_A_LITERAL, message, span, hint="write it as text")
            return Literal(None, span)
        case int() if value.bit_length() > MOST_BITS:
            message = "this number has more digits than can be written"
            report.add(codes.WRONG_ARGUMENT_TYPE, message, span, hint="write a smaller one")
            return Literal(None, span)
        case _:
            return Literal(value, span)
