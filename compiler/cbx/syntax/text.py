"""A rendered template: known text, variables and slots for inputs."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import NamedTuple

from cbx.diagnostics.source_files import Lines, Span

CELL_MARK = re.compile(
    "(?:^|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029])# (?:COMMAND|MAGIC|DBTITLE|Databricks)\\b", re.MULTILINE
)
"""The beginnings of lines that divide a notebook into cells."""


@dataclass(frozen=True, slots=True)
class Variable:
    """The value of a variable, which is known when the pipeline runs."""

    name: str


@dataclass(frozen=True, slots=True)
class InputSlot:
    """An input in a query, by its number among the model's inputs."""

    index: int


@dataclass(frozen=True, slots=True)
class Secret:
    """The value of a secret, which only the running pipeline reads; the names of scope and key may have variables."""

    scope: tuple[str | Variable, ...]
    key: tuple[str | Variable, ...]


REDACTED = "[REDACTED]"
"""What is written instead of a secret, as Databricks writes it."""


TextPart = str | Variable | InputSlot | Secret


class Text(NamedTuple):
    """The parts of a string; adjacent strings are joined."""

    parts: tuple[TextPart, ...]

    @classmethod
    def of(cls, text: str) -> Text:
        """A text without unknown parts."""
        return cls((text,) if text else ())

    @property
    def constant(self) -> str | None:
        """The string; None if a part of it is not known at compile time."""
        if all(isinstance(part, str) for part in self.parts):
            return "".join(part for part in self.parts if isinstance(part, str))
        return None

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables it mentions, in order, each once."""
        names = [(*part.scope, *part.key) if isinstance(part, Secret) else (part,) for part in self.parts]
        return tuple(dict.fromkeys(part.name for parts in names for part in parts if isinstance(part, Variable)))

    @property
    def has_secret(self) -> bool:
        """Whether it has the value of a secret in it."""
        return any(isinstance(part, Secret) for part in self.parts)

    def fill(self, value: Callable[[InputSlot], Text]) -> Text:
        """The text with every input slot replaced."""
        pieces = [value(part).parts if isinstance(part, InputSlot) else (part,) for part in self.parts]
        return join(part for piece in pieces for part in piece)

    def between(self, start: int, end: int) -> Text:
        """The part between two offsets in `placeholder`, neither of them inside an unknown part."""
        pieces: list[TextPart] = []
        at = 0
        for part in self.parts:
            length = len(_placeholder(part))
            first, last = max(start - at, 0), min(end - at, length)
            if first < last:
                pieces.append(part[first:last] if isinstance(part, str) else part)
            at += length
        return join(pieces)

    def as_data(self) -> list[str | list[str | int]]:
        """The parts as JSON values for stored data, without names of classes or attributes."""
        return [_data(part) for part in self.parts]

    def placeholder(self) -> str:
        """The text as SQL with an identifier for each unknown part."""
        return "".join(_placeholder(part) for part in self.parts)


PLACEHOLDER = "__cbx_"
"""The prefix of the identifiers that replace unknown parts."""


def _placeholder(part: TextPart) -> str:
    match part:
        case Variable(name):
            return f"{PLACEHOLDER}var_{name}"
        case InputSlot(index):
            return f"{PLACEHOLDER}input_{index}"
        case Secret():
            return f"{PLACEHOLDER}secret"
        case _:
            return part


def _data(part: TextPart) -> str | list[str | int]:
    match part:
        case Variable(name):
            return ["var", name]
        case InputSlot(index):
            return ["input", index]
        case Secret():
            return ["secret"]
        case _:
            return part


class TextSpans(NamedTuple):
    """The spans of a rendered text in its file.

    Attributes:
        lines: The lines of the file.
        pairs: For each piece, its offset in `Text.placeholder` and its offset in the file.
        ends: The offsets in the file after the pieces that are the values of expressions, by their offsets in it.
    """

    lines: Lines
    pairs: tuple[tuple[int, int], ...]
    ends: Mapping[int, int] | None = None

    def span(self, start: int, end: int) -> Span:
        """The span in the file of a range of the text; for the value of an expression, the span of the expression."""
        limit, ends = self.lines.length, self.ends or {}
        here, there = self._pair(start)
        first = min(there if there in ends else there + max(start - here, 0), limit)
        here, there = self._pair(end - 1)
        if there in ends:
            return self.lines.span(first, max(ends[there], first))
        behind = self._pair(end)
        last = behind[1] if here == start and behind[0] == end else 0
        last = min(max(last, there + max(end - here, 0), first + 1), limit)
        return self.lines.span(first, max(last, first))

    def _pair(self, offset: int) -> tuple[int, int]:
        """The pair of the piece that contains an offset."""
        behind = bisect_right(self.pairs, offset, key=itemgetter(0))
        return self.pairs[max(behind - 1, 0)] if self.pairs else (0, 0)


def join(parts: Iterable[TextPart]) -> Text:
    """A text of these parts."""
    joined: list[TextPart] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        elif part != "":
            joined.append(part)
    return Text(tuple(joined))


def text_in_words(text: Text) -> str:
    """A rendered text for messages and the manifest: a variable as ``${name}``, nothing of a secret."""
    return "".join(_part_in_words(part) for part in text.parts)


def _part_in_words(part: TextPart) -> str:
    if isinstance(part, Secret):
        return REDACTED
    return part if isinstance(part, str) else f"${{{getattr(part, 'name', '')}}}"
