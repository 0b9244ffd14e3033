"""A string of the user's after its template was rendered: known text, and what only a run or a plan can fill in."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import itemgetter
from typing import NamedTuple

from cbx.diagnostics.source_files import Lines, Span

CELL_MARK = re.compile(
    "(?:^|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029])# (?:COMMAND|MAGIC|DBTITLE|Databricks)\\b", re.MULTILINE
)
"""How the lines begin that divide a notebook into cells, wherever in it they stand."""


@dataclass(frozen=True, slots=True)
class Variable:
    """The value that the environment gives a variable when the pipeline runs."""

    name: str


@dataclass(frozen=True, slots=True)
class InputSlot:
    """The place of an input in a query, by its number among the model's inputs."""

    index: int


TextPart = str | Variable | InputSlot


class Text(NamedTuple):
    """Parts that make up a string, adjacent strings joined."""

    parts: tuple[TextPart, ...]

    @classmethod
    def of(cls, text: str) -> Text:
        """A text that is known whole."""
        return cls((text,) if text else ())

    @property
    def constant(self) -> str | None:
        """The string, or None where a part of it is not known when compiling."""
        if all(isinstance(part, str) for part in self.parts):
            return "".join(part for part in self.parts if isinstance(part, str))
        return None

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables it mentions, in order, each once."""
        return tuple(dict.fromkeys(part.name for part in self.parts if isinstance(part, Variable)))

    def fill(self, value: Callable[[InputSlot], Text]) -> Text:
        """The text with every input slot replaced."""
        pieces = [value(part).parts if isinstance(part, InputSlot) else (part,) for part in self.parts]
        return join(part for piece in pieces for part in piece)

    def as_data(self) -> list[str | list[str | int]]:
        """The parts as JSON has them, for what is stored: no name of a class or attribute has a part in it."""
        return [_data(part) for part in self.parts]

    def placeholder(self) -> str:
        """The text as SQL that parses: an identifier for each part that is not known."""
        return "".join(_placeholder(part) for part in self.parts)


PLACEHOLDER = "__cbx_"
"""What every identifier that stands for an unknown part begins with."""


def _placeholder(part: TextPart) -> str:
    match part:
        case Variable(name):
            return f"{PLACEHOLDER}var_{name}"
        case InputSlot(index):
            return f"{PLACEHOLDER}input_{index}"
        case _:
            return part


def _data(part: TextPart) -> str | list[str | int]:
    match part:
        case Variable(name):
            return ["var", name]
        case InputSlot(index):
            return ["input", index]
        case _:
            return part


class TextSpans(NamedTuple):
    """Where a rendered text came from.

    Attributes:
        lines: The lines of the file.
        pairs: Pairs of an offset in `Text.placeholder` and the offset in the file of what begins there.
    """

    lines: Lines
    pairs: tuple[tuple[int, int], ...]

    def span(self, start: int, end: int) -> Span:
        """The span in the file of a range of the text; of a part that is not known, all that stands for it."""
        limit = self.lines.length
        here, there = self._pair(start)
        first = min(there + max(start - here, 0), limit)
        here, there = self._pair(end - 1)
        behind = self._pair(end)
        last = behind[1] if here == start and behind[0] == end else 0
        last = min(max(last, there + max(end - here, 0), first + 1), limit)
        return self.lines.span(first, max(last, first))

    def _pair(self, offset: int) -> tuple[int, int]:
        """Where the piece begins that holds an offset."""
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
    """A rendered text for people: a variable as ``${name}``."""
    return "".join(part if isinstance(part, str) else f"${{{getattr(part, 'name', '')}}}" for part in text.parts)
