"""Reads the marks in a rendered template."""

from __future__ import annotations

import re

from cbx.parse.jinja.template_marks import read_secret_mark
from cbx.parse.jinja.template_spans import Template
from cbx.syntax.text import InputSlot, Text, TextPart, TextSpans, Variable, join

_MARK = re.compile(
    "\0(?:@(?P<offset>[0-9]{1,9})|var:(?P<variable>[^\0]*)|secret:(?P<secret>[^\0]*)|input:(?P<input>[0-9]{1,9}))\0"
)


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
    if mark["variable"] is not None:
        return Variable(mark["variable"])
    return InputSlot(int(mark["input"])) if mark["secret"] is None else read_secret_mark(mark["secret"])
