"""What can go wrong in a run, as a value with a place, a reason and a way out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file that the user wrote, and a column of it where that is known; both count from 1."""

    path: Path
    line: int
    column: int | None = None

    def __str__(self) -> str:
        column = f":{self.column}" if self.column is not None else ""
        return f"{self.path}:{self.line}{column}"


@dataclass(frozen=True, slots=True)
class QueryLine:
    """A line of a SQL text in which Spark found something: its number, from 1, and its text or a piece of it."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in what the user wrote, or in the data.

    Attributes:
        reason: What is wrong, in one sentence or a few lines.
        place: Where, if it is about a line of a file.
        hint: The way out, if one is known.
        query_line: Where in a SQL text, if Spark says so.
    """

    reason: str
    place: Place | None = None
    hint: str | None = None
    query_line: QueryLine | None = None

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        hint = f"\n  hint: {self.hint}" if self.hint else ""
        return f"{where}{self.reason}{hint}"


class RunError(Exception):
    """A problem on its way from where it was found to where it is reported.

    User code runs between the two, so this is the one kind of error that has to travel as an exception.
    """

    def __init__(self, reason: str, *, place: Place | None = None, hint: str | None = None) -> None:
        super().__init__(reason)
        self.problem = Problem(reason, place, hint)


class SeveralProblemsError(RunError):
    """Several problems of one text, which are reported together."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        first = problems[0]
        super().__init__(first.reason, place=first.place, hint=first.hint)
        self.problems = tuple(problems)


class UnknownTableError(RunError):
    """A table is read that neither the pipeline nor the state folder has."""

    def __init__(self, name: str, *, place: Place | None = None) -> None:
        super().__init__(f"there is no table `{name}`", place=place)
        self.name = name


class CannotRunError(RunError):
    """Nothing of the update could start: no Java, a state folder in use, a file that does not load."""
