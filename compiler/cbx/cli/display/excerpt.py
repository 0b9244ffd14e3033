"""The line of a source file that a diagnostic points at, with carets and a label."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from cbx.cli.display.terminal_text import MORE, cut_end, cut_start, replace_controls, text_width, wrap_words
from cbx.diagnostics.source_files import SourceFile, Span

_WIDEST = 10_000
"""How many characters are shown of a line in a file; longer lines are hardly written by people."""


class Excerpt(NamedTuple):
    """How excerpts are shown.

    Attributes:
        sources: The texts by path.
        margin: The space before the bar.
        width: The width of the terminal; None for a file.
    """

    sources: Mapping[str, str]
    margin: str
    width: int | None

    def lines(self, span: Span, label: str, arrow: str, paint: Callable[[str], str]) -> Iterator[str]:
        """The place, the line with carets below, and the label beside or below these.

        Args:
            span: What is marked.
            label: The label.
            arrow: The mark before the place.
            paint: Colours carets and label.
        """
        margin, label = self.margin, replace_controls(label)
        yield f"{margin}{arrow} {replace_controls(span.path)}:{span.line}:{span.column}"
        text = self.sources.get(span.path)
        if text is None:
            if label and arrow == ":::":
                yield from wrap_words(f"{margin} = {label}", self.width, f"{margin}   ")
            return
        room = None if self.width is None else self.width - len(margin) - 3
        before, marked, after = _shorten(_read(span.path, text), span, room or _WIDEST)
        carets, place = "^" * max(text_width(marked), 1), text_width(before)
        yield f"{margin} |"
        yield f"{span.line:>{len(margin)}} | {before}{marked}{after}".rstrip()
        if not label or room is None or place + len(carets) + 1 + text_width(label) <= room:
            yield f"{margin} | {' ' * place}{paint(f'{carets} {label}'.rstrip())}"
            return
        yield f"{margin} | {' ' * place}{paint(carets)}"
        start = max(min(place, room - text_width(label)), 0)
        for line in wrap_words(label, room):
            yield f"{margin} | {' ' * start}{paint(line)}"


class _ShownLine(NamedTuple):
    """A line before, in and after a span."""

    before: str
    marked: str
    after: str


def _shorten(file: SourceFile, span: Span, room: int) -> _ShownLine:
    """A line, shortened around the span if it is wider than the room."""
    line = file.line(span.line)
    end = span.end_column if span.end_line == span.line else len(line) + 1
    start = span.column - 1
    before = replace_controls(line[max(start - 2 * room, 0) : start])
    marked = replace_controls(line[start : end - 1][: 2 * room])
    after = replace_controls(line[end - 1 : end + 2 * room])
    if text_width(before + marked + after) <= room:
        return _ShownLine(before, marked, after)
    before = before if before.strip() else ""
    free = room - text_width(marked)
    if free < 2 * len(MORE):
        marked, after, free = cut_end(marked, room - 2 * len(MORE)), MORE, len(MORE)
        if text_width(before) > free:
            before = MORE
        return _ShownLine(before, marked, after)
    left = max(free // 2, free - text_width(after))
    if text_width(before) > left:
        before = MORE + cut_start(before, left - len(MORE))
    right = free - text_width(before)
    if text_width(after) > right:
        after = cut_end(after, right - len(MORE)) + MORE
    return _ShownLine(before, marked, after)


@functools.lru_cache(maxsize=64)
def _read(path: str, text: str) -> SourceFile:
    """A source file, cached for the diagnostics that show its lines."""
    return SourceFile(path, text.replace("\r\n", "\n").replace("\r", "\n"))
