"""Reads the marks in a rendered template, and refuses those that are damaged."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Report
from cbx.parse.jinja.template_marks import is_intact, read_secret_mark
from cbx.parse.jinja.template_spans import Template, TemplateCalls
from cbx.syntax.declarations import Call
from cbx.syntax.text import InputSlot, Text, TextPart, TextSpans, Variable, join

_MARK = re.compile(
    "\0(?:@(?P<offset>[0-9]{1,9})|(?P<word>var|secret|input):(?P<name>[^\0]*)#(?P<checksum>[0-9]{1,10}))\0"
)
_HALF = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class RenderedTemplate:
    """A rendered template.

    Attributes:
        text: The result.
        calls: The calls of inputs, by the number of their `InputSlot`.
        spans: The spans of its pieces.
    """

    text: Text
    calls: tuple[Call, ...]
    spans: TextSpans


def split_marks(rendered: str, template: Template) -> tuple[Text, TextSpans]:
    """The text of a rendered template, and the spans of its pieces."""
    parts: list[TextPart] = []
    spans: list[tuple[int, int]] = []
    ends: dict[int, int] = {}
    length = position = 0
    for mark in _MARK.finditer(rendered):
        parts.append(rendered[position : mark.start()])
        length += mark.start() - position
        position = mark.end()
        if mark["offset"]:
            offset = min(int(mark["offset"]), len(template.text))
            spans.append((length, template.offset + offset))
            if template.text.startswith("{{", offset):
                ends[template.offset + offset] = template.offset + template.text.find("}}", offset) + 2
            continue
        parts.append(_read_mark(mark))
        length += len(Text(tuple(parts[-1:])).placeholder())
    parts.append(rendered[position:])
    spans.append((length + len(rendered) - position, template.offset + len(template.text)))
    return join(parts), TextSpans(template.source.lines, tuple(spans), ends)


def _read_mark(mark: re.Match[str]) -> TextPart:
    word, name = mark["word"], mark["name"]
    if not is_intact(word, name, mark["checksum"]):
        return mark[0]  # refused by `refuse_damaged_marks`
    if word == "var":
        return Variable(name)
    return InputSlot(int(name)) if word == "input" else read_secret_mark(name)


def refuse_damaged_marks(text: Text, input_count: int, calls: TemplateCalls, report: Report) -> bool:
    """Report a text that has marks of no call, or parts of marks, and return whether it does.

    Args:
        text: A rendered text.
        input_count: How many inputs the template called.
        calls: The calls of words in the template.
        report: Where problems go: CBX101 for characters that no text may have, CBX104 for a changed mark.
    """
    written = [part for part in text.parts if isinstance(part, str)]
    if any(isinstance(part, InputSlot) and part.index >= input_count for part in text.parts):
        report.add(codes.SYNTAX_ERROR, "the template produces a NUL character", calls.first_tag)
    elif any(_HALF.search(part) for part in written):
        report.add(codes.SYNTAX_ERROR, "the template produces half of a surrogate pair", calls.first_tag)
    elif any("\0" in part for part in written):
        message = "a filter or an operation changes the placeholder of `var`, `secret` or an input"
        span = calls.calls[0].span if calls.calls else calls.first_tag
        report.add(codes.NOT_A_LITERAL, message, span, hint="remove the filter: the value is not known yet")
    else:
        return False
    return True
