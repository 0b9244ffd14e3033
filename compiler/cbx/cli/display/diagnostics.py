"""Shows diagnostics: as text with the lines they point at, as JSON, and as annotations of GitHub Actions."""

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
"""How many characters are shown of a line before, in and behind what is marked, and of a message."""

_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp"})
"""The categories of what controls a terminal, reorders what is read, or breaks a line."""


def show_diagnostics(
    diagnostics: Sequence[Diagnostic],
    sources: Mapping[str, str],
    model_count: int,
    output_format: str,
    outcome: str = "Nothing was written.",
    *,
    with_remarks: bool = False,
) -> None:
    """Print diagnostics: JSON to the standard output, the other formats to the standard error.

    Args:
        diagnostics: What to show.
        sources: The texts of the files, by path.
        model_count: The number of models, for the JSON document's summary.
        output_format: ``text``, ``json`` or ``github``.
        outcome: What errors mean for ``target/``, in a sentence.
        with_remarks: Whether text shows what is worth knowing only (severity info), as the other formats do.
    """
    if output_format == "json":
        print(json.dumps(as_json(diagnostics, model_count), indent=2))
    elif output_format == "github":
        for one in diagnostics:
            print(as_github(one), file=sys.stderr)
    else:
        in_colour = sys.stderr.isatty() and "NO_COLOR" not in os.environ
        for one in diagnostics:
            if is_shown(one, with_remarks=with_remarks):
                print(as_text(one, sources, in_colour=in_colour), file=sys.stderr)
        totals = _totals(diagnostics, outcome)
        if totals:
            print(totals, file=sys.stderr)


def is_shown(one: Diagnostic, *, with_remarks: bool) -> bool:
    """Whether text shows a diagnostic."""
    return with_remarks or one.severity is not Severity.INFO


def as_text(one: Diagnostic, sources: Mapping[str, str], *, in_colour: bool = False) -> str:
    """A diagnostic as a headline, the line with a caret, and the hint."""

    def paint(text: str, colour: str) -> str:
        return f"\033[{colour}m{text}\033[0m" if in_colour and text else text

    colour = _COLOURS[one.severity]
    headline = f"{one.severity.value}[{one.code.id}] {one.code.name}"
    lines = [f"{paint(headline, f'1;{colour}')}: {visible(one.message[:_LONGEST])}"]
    margin = " " * max((len(str(span.line)) for span in _spans(one)), default=1)
    if one.span is not None:
        lines += _excerpt(one.span, one.label, sources, margin, "-->", lambda text: paint(text, f"1;{colour}"))
    for other in one.related:
        lines += _excerpt(other.span, other.message, sources, margin, ":::", lambda text: paint(text, "1;34"))
    if one.hint:
        lines.append(f"{margin} = {paint('hint', '1')}: {visible(one.hint[:_LONGEST])}")
    return "\n".join(lines) + "\n"


def _spans(one: Diagnostic) -> list[Span]:
    own = [one.span] if one.span is not None else []
    return [*own, *(other.span for other in one.related)]


def _excerpt(span: Span, label: str, sources: Mapping[str, str], margin: str, arrow: str, paint: Any) -> list[str]:
    lines = [f"{margin}{arrow} {visible(span.path)}:{span.line}:{span.column}"]
    text = sources.get(span.path)
    if text is None:
        return [*lines, *([f"{margin} = {visible(label)}"] if label and arrow == ":::" else [])]
    line = _source(span.path, text).line(span.line)
    end = span.end_column if span.end_line == span.line else len(line) + 1
    start = span.column - 1
    before, marked = visible(line[max(start - 2 * _WIDEST, 0) : start]), visible(line[start : end - 1][:_WIDEST])
    if len(before) > _WIDEST:
        before = f"...{before[-_WIDEST // 2 :]}"
    shown = before + marked + visible(line[end - 1 : end + _WIDEST])
    carets = "^" * max(_width(marked), 1)
    tail = f" {visible(label)}" if label else ""
    return [
        *lines,
        f"{margin} |",
        f"{span.line:>{len(margin)}} | {shown}".rstrip(),
        f"{margin} | {' ' * _width(before)}{paint(carets + tail)}",
    ]


@functools.lru_cache(maxsize=64)
def _source(path: str, text: str) -> SourceFile:
    """A file whose lines many diagnostics show."""
    return SourceFile(path, text.replace("\r\n", "\n").replace("\r", "\n"))


def visible(text: str) -> str:
    """Text of the user's, safe for a terminal: no control characters, no marks that reorder what is read."""
    expanded = text.replace("\t", "    ")
    return "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(one) in _UNSEEN else one for one in expanded)


def _width(text: str) -> int:
    return sum(
        0 if unicodedata.combining(one) else 2 if unicodedata.east_asian_width(one) in {"W", "F"} else 1 for one in text
    )


def _totals(diagnostics: Sequence[Diagnostic], outcome: str) -> str:
    errors = sum(one.severity is Severity.ERROR for one in diagnostics)
    warnings = sum(one.severity is Severity.WARNING for one in diagnostics)
    parts = [
        f"{count} {word}{'' if count == 1 else 's'}"
        for count, word in ((errors, "error"), (warnings, "warning"))
        if count
    ]
    if not parts:
        return ""
    codes = sorted({one.code.id for one in diagnostics if one.severity is Severity.ERROR})
    more = f" `cbx explain {codes[0]}` says more." if codes else ""
    return f"{', '.join(parts)}. {outcome}{more}" if errors else f"{', '.join(parts)}."


def as_json(diagnostics: Sequence[Diagnostic], model_count: int) -> dict[str, Any]:
    """The JSON document of a compilation."""
    return {
        "diagnostics": [
            {
                "code": one.code.id,
                "name": one.code.name,
                "severity": one.severity.value,
                "message": one.message,
                **_place(one.span),
                "hint": one.hint,
                "related": [{"message": other.message, **_place(other.span)} for other in one.related],
            }
            for one in diagnostics
        ],
        "summary": {
            "errors": sum(one.severity is Severity.ERROR for one in diagnostics),
            "warnings": sum(one.severity is Severity.WARNING for one in diagnostics),
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


def as_github(one: Diagnostic) -> str:
    """A diagnostic as a workflow command, which GitHub shows beside the line of a pull request."""
    level = {"error": "error", "warning": "warning", "info": "notice"}[one.severity.value]
    place = _place(one.span)
    fields = {
        "file": place["path"],
        "line": place["line"],
        "col": place["column"],
        "endLine": place["end_line"],
        "endColumn": place["end_column"],
        "title": f"{one.code.id} {one.code.name}",
    }
    given = ",".join(f"{name}={_property(str(value))}" for name, value in fields.items() if value is not None)
    message = f"{one.message}\nhint: {one.hint}" if one.hint else one.message
    return f"::{level} {given}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
