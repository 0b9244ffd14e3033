"""Reads templates of plain calls, ``{{ word("text") }}``, without Jinja.

Jinja takes a millisecond for a template, and a project has thousands that only name an input or a macro. All other
templates are left to Jinja.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from cbx.diagnostics.source_files import Span
from cbx.parse.jinja.template_spans import Template, TemplateCall

_TEXT = r"\"[^\"\\\0]*\"|'[^'\\\0]*'"
_CALL = re.compile(
    rf"\{{\{{\s*(?P<word>[A-Za-z_]\w*)\((?P<arguments>(?:[\s\w=,]|{_TEXT})*)\)\s*\}}\}}",
    re.ASCII,
)
_ARGUMENT = re.compile(rf"\s*(?:(?P<name>[A-Za-z_]\w*)\s*=\s*)?(?P<text>{_TEXT})\s*(?:,|\Z)", re.ASCII)


class PlainCall(NamedTuple):
    """A call of a word with texts as arguments."""

    template_call: TemplateCall
    arguments: tuple[str, ...]
    keywords: Mapping[str, str]


Piece = tuple[int, str | PlainCall]
"""The offset of a part of a template, and the part: a text or a call."""


def plain_pieces(template: Template) -> tuple[Piece, ...] | None:
    """The parts of a template; None if it has more than text and calls with texts.

    Example:
        ``FROM {{ ref("silver.orders") }}`` is the text ``FROM`` with its space, and a call of ``ref``.
    """
    text = template.text
    pieces: list[Piece] = []
    position = 0
    while (start := text.find("{{", position)) != -1:
        match = _CALL.match(text, start)
        call = _call(match, template) if match is not None else None
        if match is None or call is None or not _is_plain(text[position:start]):
            return None
        if start > position:
            pieces.append((position, text[position:start]))
        pieces.append((start, call))
        position = match.end()
    if not _is_plain(text[position:]):
        return None
    if position < len(text):
        pieces.append((position, text[position:]))
    return tuple(pieces)


def _is_plain(text: str) -> bool:
    return not any(mark in text for mark in ("{%", "{#", "\0"))


def _call(match: re.Match[str], template: Template) -> PlainCall | None:
    written, start = match["arguments"], match.start("arguments")
    arguments: list[str] = []
    keywords: dict[str, str] = {}
    strings: dict[str, Span] = {}
    spans: dict[str, Span] = {}
    position = 0
    while position < len(written):
        argument = _ARGUMENT.match(written, position)
        if argument is None or (argument["name"] is None and keywords) or argument["name"] in keywords:
            return None
        value = argument["text"][1:-1]
        strings.setdefault(value, template.span_at(start + argument.start("text"), start + argument.end("text")))
        if argument["name"] is None:
            arguments.append(value)
        else:
            keywords[argument["name"]] = value
            spans[argument["name"]] = template.span_at(start + argument.start("name"), start + argument.end("name"))
        position = argument.end()
    span = template.span_at(match.start("word"), match.end("arguments") + 1)
    return PlainCall(TemplateCall(match["word"], span, strings, spans), tuple(arguments), keywords)
