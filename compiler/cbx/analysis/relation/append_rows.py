"""The rows of a table that several queries fill."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.cast_set_columns import cast_set_columns
from cbx.analysis.relation.columns import Field
from cbx.analysis.relation.relation_walks import highest_column
from cbx.analysis.relation.relations import Relation
from cbx.analysis.types.value_types import united_type


def append_rows(relation: Relation, others: Sequence[Relation]) -> Relation | None:
    """All rows of several queries, whose columns go by name; None where their columns are not known, or differ.

    Example:
        The rows of ``SELECT id, name FROM a`` and of ``SELECT name, id FROM b`` are those of ``SELECT id, name FROM a
        UNION ALL SELECT id, name FROM b``.
    """
    names = [field.name.lower() for field in relation.fields]
    step = 1 + max(map(highest_column, (relation, *others)))
    parts = [relation, *(_copy(other, step * number) for number, other in enumerate(others, 1))]
    aligned = [_align(part, names) for part in parts if not part.is_open]
    known = [part for part in aligned if part is not None]
    if len(known) < len(parts):
        return None
    numbers = itertools.count(step * len(parts))

    def new_field(name: str, kind: str | None) -> Field:
        return Field(next(numbers), name, kind)

    fields = tuple(
        new_field(field.name, united_type([part.fields[at].type for part in known]))
        for at, field in enumerate(relation.fields)
    )
    inputs, _ = cast_set_columns(known, new_field)
    return ir.SetOperation("union", True, inputs, fields)


def _copy(relation: Relation, offset: int) -> Relation:
    """The same rows, with column numbers that no other part has."""
    fields = tuple(Field(field.id + offset, field.name, field.type) for field in relation.fields)
    return ir.Copy(relation, offset, fields, relation.is_open)


def _align(relation: Relation, names: Sequence[str]) -> Relation | None:
    """The columns in the order of names; None if these are not the names of its columns."""
    by_name = {field.name.lower(): field for field in relation.fields}
    if len(by_name) < len(relation.fields) or sorted(by_name) != sorted(names):
        return None
    return ir.Projection(relation, (), tuple(by_name[name] for name in names))
