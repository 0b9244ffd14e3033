"""Shows diagnostics: as text with source lines, as JSON, and as annotations of GitHub Actions."""

from __future__ import annotations

import functools
import json
import os
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from cbx.diagnostics.codes import Severity
from cbx.diagnostics.diagnostic import Diagnostic
from cbx.diagnostics.source_files import SourceFile, Span

_COLOURS = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.INFO: "36"}
_WIDEST, _LONGEST = 200, 1000
"""How many characters are shown of a line before, in and after a span, and of a message."""

_CONTROLS = frozenset({"Cc", "Cf", "Zl", "Zp"})
"""Unicode categories of characters that control a terminal, change the direction of text, or break lines."""


def show_diagnostics(
    diagnostics: Sequence[Diagnostic],
    sources: Mapping[str, str],
    model_count: int,
    output_format: str,
    outcome: str = "Nothing was written.",
    *,
    with_infos: bool = False,
) -> None:
    """Print diagnostics: JSON to the standard output, the other formats to the standard error.

    Args:
        diagnostics: What to show.
        sources: The texts of the files, by path.
        model_count: The number of models, for the JSON document's summary.
        output_format: ``text``, ``json`` or ``github``.
        outcome: The consequence of errors, as a sentence.
        with_infos: Whether text shows diagnostics of severity info, as the other formats do.
    """
    if output_format == "json":
        print(json.dumps(as_json(diagnostics, model_count), indent=2))
    elif output_format == "github":
        for diagnostic in diagnostics:
            print(as_github(diagnostic), file=sys.stderr)
    else:
        in_colour = sys.stderr.isatty() and "NO_COLOR" not in os.environ
        for diagnostic in diagnostics:
            if is_shown(diagnostic, with_infos=with_infos):
                print(as_text(diagnostic, sources, in_colour=in_colour), file=sys.stderr)
        totals = _totals(diagnostics, outcome)
        if totals:
            print(totals, file=sys.stderr)


def is_shown(diagnostic: Diagnostic, *, with_infos: bool) -> bool:
    """Whether text shows a diagnostic."""
    return with_infos or diagnostic.severity is not Severity.INFO


def as_text(diagnostic: Diagnostic, sources: Mapping[str, str], *, in_colour: bool = False) -> str:
    """A diagnostic as a headline, the line with a caret, and the hint."""

    def paint(text: str, colour: str) -> str:
        return f"\033[{colour}m{text}\033[0m" if in_colour and text else text

    colour = _COLOURS[diagnostic.severity]
    headline = f"{diagnostic.severity.value}[{diagnostic.code.id}] {diagnostic.code.name}"
    lines = [f"{paint(headline, f'1;{colour}')}: {replace_controls(diagnostic.message[:_LONGEST])}"]
    margin = " " * max((len(str(span.line)) for span in _spans(diagnostic)), default=1)
    if diagnostic.span is not None:
        lines += _excerpt(
            diagnostic.span, diagnostic.label, sources, margin, "-->", lambda text: paint(text, f"1;{colour}")
        )
    for other in diagnostic.related:
        lines += _excerpt(other.span, other.message, sources, margin, ":::", lambda text: paint(text, "1;34"))
    if diagnostic.hint:
        lines.append(f"{margin} = {paint('hint', '1')}: {replace_controls(diagnostic.hint[:_LONGEST])}")
    return "\n".join(lines) + "\n"


def _spans(diagnostic: Diagnostic) -> list[Span]:
    spans = [diagnostic.span] if diagnostic.span is not None else []
    return [*spans, *(other.span for other in diagnostic.related)]


def _excerpt(span: Span, label: str, sources: Mapping[str, str], margin: str, arrow: str, paint: Any) -> list[str]:
    lines = [f"{margin}{arrow} {replace_controls(span.path)}:{span.line}:{span.column}"]
    text = sources.get(span.path)
    if text is None:
        return [*lines, *([f"{margin} = {replace_controls(label)}"] if label and arrow == ":::" else [])]
    line = _source(span.path, text).line(span.line)
    end = span.end_column if span.end_line == span.line else len(line) + 1
    start = span.column - 1
    before, marked = (
        replace_controls(line[max(start - 2 * _WIDEST, 0) : start]),
        replace_controls(line[start : end - 1][:_WIDEST]),
    )
    if len(before) > _WIDEST:
        before = f"...{before[-_WIDEST // 2 :]}"
    shown = before + marked + replace_controls(line[end - 1 : end + _WIDEST])
    carets = "^" * max(_width(marked), 1)
    tail = f" {replace_controls(label)}" if label else ""
    return [
        *lines,
        f"{margin} |",
        f"{span.line:>{len(margin)}} | {shown}".rstrip(),
        f"{margin} | {' ' * _width(before)}{paint(carets + tail)}",
    ]


@functools.lru_cache(maxsize=64)
def _source(path: str, text: str) -> SourceFile:
    """A source file, cached for the diagnostics that show its lines."""
    return SourceFile(path, text.replace("\r\n", "\n").replace("\r", "\n"))


def replace_controls(text: str) -> str:
    """A text of the user that is safe for a terminal: without control characters and marks of text direction."""
    expanded = text.replace("\t", "    ")
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(character) in _CONTROLS else character
        for character in expanded
    )


def _width(text: str) -> int:
    """The width of a text on a terminal, in columns."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1
        for character in text
    )


def _totals(diagnostics: Sequence[Diagnostic], outcome: str) -> str:
    errors = sum(diagnostic.severity is Severity.ERROR for diagnostic in diagnostics)
    warnings = sum(diagnostic.severity is Severity.WARNING for diagnostic in diagnostics)
    parts = [
        f"{count} {word}{'' if count == 1 else 's'}"
        for count, word in ((errors, "error"), (warnings, "warning"))
        if count
    ]
    if not parts:
        return ""
    codes = sorted({diagnostic.code.id for diagnostic in diagnostics if diagnostic.severity is Severity.ERROR})
    more = f" For more information, run `cbx explain {codes[0]}`." if codes else ""
    return f"{', '.join(parts)}. {outcome}{more}" if errors else f"{', '.join(parts)}."


def as_json(diagnostics: Sequence[Diagnostic], model_count: int) -> dict[str, Any]:
    """The JSON document of a compilation."""
    return {
        "diagnostics": [
            {
                "code": diagnostic.code.id,
                "name": diagnostic.code.name,
                "severity": diagnostic.severity.value,
                "message": diagnostic.message,
                **_place(diagnostic.span),
                "hint": diagnostic.hint,
                "related": [{"message": other.message, **_place(other.span)} for other in diagnostic.related],
            }
            for diagnostic in diagnostics
        ],
        "summary": {
            "errors": sum(diagnostic.severity is Severity.ERROR for diagnostic in diagnostics),
            "warnings": sum(diagnostic.severity is Severity.WARNING for diagnostic in diagnostics),
            "models": model_count,
        },
    }


def _place(span: Span | None) -> dict[str, Any]:
    return {
        "path": span.path if span else None,
        "line": span.line if span else None,
        "column": span.column if span else None,
        "end_line": span.end_line if span else None,
        "end_column": span.end_column if span else None,
    }


def as_github(diagnostic: Diagnostic) -> str:
    """A diagnostic as a workflow command, which GitHub shows at the line of a pull request."""
    level = {"error": "error", "warning": "warning", "info": "notice"}[diagnostic.severity.value]
    place = _place(diagnostic.span)
    fields = {
        "file": place["path"],
        "line": place["line"],
        "col": place["column"],
        "endLine": place["end_line"],
        "endColumn": place["end_column"],
        "title": f"{diagnostic.code.id} {diagnostic.code.name}",
    }
    properties = ",".join(f"{name}={_property(str(value))}" for name, value in fields.items() if value is not None)
    message = f"{diagnostic.message}\nhint: {diagnostic.hint}" if diagnostic.hint else diagnostic.message
    return f"::{level} {properties}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
