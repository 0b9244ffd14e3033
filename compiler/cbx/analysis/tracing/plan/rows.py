"""The rows of a step of a plan, and the resolution of names to their columns.

The rules are those of Spark's analyser for DataFrames: a bare name is the one column of that name, in any case;
``df["x"]`` is the column of ``df``, even if a later step renamed or moved it.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.columns import Field, Ids
from cbx.analysis.relation.relations import Relation

_NAME_PART = re.compile(r"`((?:[^`]|``)*)`|([^.`]+)")


@dataclass(frozen=True, slots=True)
class QualifiedColumn:
    """A column of the rows, and the names that may qualify it."""

    field: Field
    qualifiers: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Its name in lower case."""
        return self.field.name.lower()


@dataclass(frozen=True, slots=True)
class FoundColumn:
    """The column of a name, and the struct fields that the rest of the name selects."""

    field: Field
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MissingColumn:
    """A name that is no column; ``is_sure`` if the rows certainly have no such column."""

    is_sure: bool


@dataclass(frozen=True, slots=True)
class Step:
    """The columns of a step; ``is_complete`` if it certainly had no others."""

    fields: tuple[Field, ...]
    is_complete: bool


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a step.

    Attributes:
        relation: Their relation.
        columns: Their columns, in order.
        alive: The columns that have a value in each row, including those that a step omitted.
        steps: The earlier steps, by their numbers; None for one that occurs more than once.
        left_out: Columns that the last step omitted; conditions and orders may still use them.
        has_guesses: Whether some names are guesses of what Spark calls unnamed columns.
    """

    relation: Relation
    columns: tuple[QualifiedColumn, ...]
    alive: Ids
    steps: Mapping[int, Step | None] = dataclasses.field(default_factory=dict)
    left_out: tuple[QualifiedColumn, ...] = ()
    has_guesses: bool = False

    @property
    def fields(self) -> tuple[Field, ...]:
        """Their columns in the relational IR."""
        return tuple(column.field for column in self.columns)

    @property
    def is_open(self) -> bool:
        """Whether they may have further columns."""
        return self.relation.is_open

    def find(self, name: str, step: int | None = None, *, also_left_out: bool = False) -> FoundColumn | MissingColumn:
        """The column of a name.

        Args:
            name: The name, with its parts quoted if needed.
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
        """The rows of a step with this number."""
        step = Step(self.fields, not self.is_open and not self.has_guesses)
        return replace(self, steps={**self.steps, number: step})


def parts_of(name: str) -> tuple[str, ...]:
    """The parts of a dotted name as written; empty if it is no name."""
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
    """The same columns of another relation."""
    return replace(rows, relation=relation)


def merge_steps(left: Rows, right: Rows) -> Mapping[int, Step | None]:
    """The steps of both sides of a join; None for a step of both sides, whose columns occur twice."""
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
    """Opaque rows with known inputs and, sometimes, known columns."""
    fields = tuple(column.field for column in columns)
    relation = ir.Opaque(tuple(rows.relation for rows in inputs), fields, is_open, reason, hides_stream)
    return Rows(relation, columns, frozenset(field.id for field in fields))
