"""The rows that a step of a plan makes, and which of their columns a name means.

The rules are those of Spark's analyser for DataFrames: a bare name means the one column of that name, compared
without regard to case; ``df["x"]`` means the column of ``df``, even if a later step renamed or moved it.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.relations import Field, Ids, Relation

_NAME_PART = re.compile(r"`((?:[^`]|``)*)`|([^.`]+)")


@dataclass(frozen=True, slots=True)
class QualifiedColumn:
    """A column of the rows, and the names that may qualify it."""

    field: Field
    qualifiers: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Its name, for comparing."""
        return self.field.name.lower()


@dataclass(frozen=True, slots=True)
class FoundColumn:
    """The column that a name means, and the fields of a struct that the rest of the name picks."""

    field: Field
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MissingColumn:
    """A name that is not a column; ``is_sure`` where the rows certainly have no such column."""

    is_sure: bool


@dataclass(frozen=True, slots=True)
class Step:
    """The columns that a step had; ``is_complete`` where it certainly had no others."""

    fields: tuple[Field, ...]
    is_complete: bool


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows that a step makes.

    Attributes:
        relation: What they are.
        columns: Their columns, in order.
        alive: The columns that have a value in each row, including those that a step omitted.
        steps: The earlier steps, by their numbers; None for one that occurs more than once.
        left_out: Columns that the last step omitted; conditions and orders may still use them.
        has_guesses: Whether some names are what Spark probably calls a column that got no name.
    """

    relation: Relation
    columns: tuple[QualifiedColumn, ...]
    alive: Ids
    steps: Mapping[int, Step | None] = dataclasses.field(default_factory=dict)
    left_out: tuple[QualifiedColumn, ...] = ()
    has_guesses: bool = False

    @property
    def fields(self) -> tuple[Field, ...]:
        """Their columns as the relational IR has them."""
        return tuple(column.field for column in self.columns)

    @property
    def is_open(self) -> bool:
        """Whether they may have further columns."""
        return self.relation.is_open

    def find(self, name: str, step: int | None = None, *, also_left_out: bool = False) -> FoundColumn | MissingColumn:
        """What a name means.

        Args:
            name: The name, its parts quoted where they must be.
            step: The step whose column is meant; None for a bare name.
            also_left_out: Whether to search the columns that the last step omitted.
        """
        parts = parts_of(name)
        if not parts:
            return MissingColumn(is_sure=False)
        if step is not None:
            return self._find_in_step(parts, self.steps.get(step))
        match = _find_column(self.columns, parts)
        if match is None and also_left_out:
            match = _find_column(self.left_out, parts)
        if match is None:
            return MissingColumn(is_sure=not self.is_open and not self.has_guesses)
        return match

    def _find_in_step(self, parts: tuple[str, ...], step: Step | None) -> FoundColumn | MissingColumn:
        if step is None:
            return MissingColumn(is_sure=False)
        match = _find_column([QualifiedColumn(field) for field in step.fields], parts)
        if isinstance(match, FoundColumn) and match.field.id in self.alive:
            return match
        return MissingColumn(is_sure=match is None and step.is_complete)

    def with_step(self, number: int) -> Rows:
        """The same, made by a step with a number."""
        step = Step(self.fields, not self.is_open and not self.has_guesses)
        return replace(self, steps={**self.steps, number: step})


def parts_of(name: str) -> tuple[str, ...]:
    """The parts of a dotted name as they are spelled; none of what is no name."""
    parts = []
    at = 0
    while at < len(name):
        match = _NAME_PART.match(name, at)
        if match is None:
            return ()
        parts.append(match[1].replace("``", "`") if match[1] is not None else match[2])
        at = match.end() + 1
        if match.end() < len(name) and name[match.end()] != ".":
            return ()
    return tuple(parts)


def _find_column(columns: Iterable[QualifiedColumn], parts: tuple[str, ...]) -> FoundColumn | MissingColumn | None:
    first = parts[0].lower()
    readings = []
    if len(parts) > 1:
        second = parts[1].lower()
        readings.append(
            ([column for column in columns if first in column.qualifiers and column.name == second], parts[2:])
        )
    readings.append(([column for column in columns if column.name == first], parts[1:]))
    for matching, path in readings:
        if len({column.field.id for column in matching}) == 1:
            return FoundColumn(matching[0].field, path)
        if matching:
            return MissingColumn(is_sure=False)
    return None


def with_relation(rows: Rows, relation: Relation) -> Rows:
    """The same columns in other rows."""
    return replace(rows, relation=relation)


def merge_steps(left: Rows, right: Rows) -> Mapping[int, Step | None]:
    """The steps of both sides of a join; a step that both sides come from has its columns twice."""
    both = {**left.steps, **right.steps}
    return {number: None if number in left.steps and number in right.steps else step for number, step in both.items()}


def opaque_rows(
    inputs: Iterable[Rows],
    reason: str,
    columns: tuple[QualifiedColumn, ...] = (),
    *,
    is_open: bool = True,
    hides_stream: bool = False,
) -> Rows:
    """Rows of which only the inputs are known and, sometimes, the columns."""
    fields = tuple(column.field for column in columns)
    relation = ir.Opaque(tuple(rows.relation for rows in inputs), fields, is_open, reason, hides_stream)
    return Rows(relation, columns, frozenset(field.id for field in fields))
