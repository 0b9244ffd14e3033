"""Shows diagnostics: as text with source lines, as JSON, and as annotations of GitHub Actions."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from cbx.cli.display.colours import ERROR, INFO, WARNING, has_colour
from cbx.cli.display.excerpt import Excerpt
from cbx.cli.display.terminal_text import cut_text, print_wrapped, replace_controls, terminal_width, wrap_words
from cbx.diagnostics.codes import Severity
from cbx.diagnostics.diagnostic import Diagnostic
from cbx.diagnostics.source_files import Span

_COLOURS = {Severity.ERROR: ERROR.escape, Severity.WARNING: WARNING.escape, Severity.INFO: INFO.escape}
_LONGEST = 10_000
"""How many characters are shown of a message that quotes a text of any length."""


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
        in_colour, width = has_colour(sys.stderr), terminal_width(sys.stderr)
        for diagnostic in diagnostics:
            if is_shown(diagnostic, with_infos=with_infos):
                print(as_text(diagnostic, sources, in_colour=in_colour, width=width), file=sys.stderr)
        totals = _totals(diagnostics, outcome)
        if totals:
            print_wrapped(totals, stream=sys.stderr)


def is_shown(diagnostic: Diagnostic, *, with_infos: bool) -> bool:
    """Whether text shows a diagnostic."""
    return with_infos or diagnostic.severity is not Severity.INFO


def as_text(
    diagnostic: Diagnostic,
    sources: Mapping[str, str],
    *,
    in_colour: bool = False,
    width: int | None = None,
    details: Sequence[str] = (),
) -> str:
    """A diagnostic as a headline, the line with a caret, and the hint.

    Args:
        diagnostic: The diagnostic.
        sources: The texts of the files, by path.
        in_colour: Whether to use the colours of a terminal.
        width: The width of the terminal, at which lines are wrapped and shortened; None for a file.
        details: Further lines of the message.
    """

    def paint(text: str, colour: str) -> str:
        return f"\033[{colour}m{text}\033[0m" if in_colour and text else text

    colour = _COLOURS[diagnostic.severity]
    headline = f"{diagnostic.severity.value}[{diagnostic.code.id}] {diagnostic.code.name}"
    first, *more = wrap_words(f"{headline}: {replace_controls(cut_text(diagnostic.message, _LONGEST))}", width, "  ")
    lines = [first.replace(headline, paint(headline, f"1;{colour}"), 1), *more]
    lines += [line for detail in details for line in wrap_words(f"  {replace_controls(detail)}", width, "  ")]
    margin = " " * max((len(str(span.line)) for span in _spans(diagnostic)), default=1)
    excerpt = Excerpt(sources, margin, width)
    if diagnostic.span is not None:
        lines += excerpt.lines(diagnostic.span, diagnostic.label, "-->", lambda text: paint(text, f"1;{colour}"))
    for other in diagnostic.related:
        lines += excerpt.lines(other.span, other.message, ":::", lambda text: paint(text, f"1;{INFO.escape}"))
    if diagnostic.hint:
        first, *more = wrap_words(
            f"{margin} = hint: {replace_controls(cut_text(diagnostic.hint, _LONGEST))}", width, f"{margin}   "
        )
        lines += [first.replace("hint", paint("hint", "1"), 1), *more]
    return "\n".join(lines) + "\n"


def _spans(diagnostic: Diagnostic) -> list[Span]:
    spans = [diagnostic.span] if diagnostic.span is not None else []
    return [*spans, *(other.span for other in diagnostic.related)]


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
    return f"{', '.join(parts)}. {outcome}{more}".replace("  ", " ") if errors else f"{', '.join(parts)}."


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
