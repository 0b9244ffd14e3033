"""Whether each row of an outer join has a match, by a declared relationship."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from cbx.analysis.facts import Table, TableRelationship
from cbx.analysis.grain.infer_grain import infer_grain
from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.columns import Ids
from cbx.analysis.relation.relation_walks import inputs_of
from cbx.analysis.relation.relations import Relation

_Columns = dict[int, str]


def always_matches(join: ir.Join, side: Literal["left", "right"], relationships: Iterable[TableRelationship]) -> bool:
    """Whether each row finds a match on a side of an outer join.

    It does if it is joined with its parent: the side holds all rows of the parent, the condition compares the columns
    of a declared relationship and nothing else, and those of the child are never NULL.
    """
    rows, matched = (join.left, join.right) if side == "right" else (join.right, join.left)
    pairs = _compared_columns(join, matched)
    child_columns = frozenset(pairs)
    parent, child = _whole_table(matched), table_with(rows, child_columns)
    if not pairs or parent is None or child is None:
        return False
    (parent_table, parent_names), (child_table, child_names) = parent, child
    compared = {(child_names[mine].lower(), parent_names.get(theirs, "").lower()) for mine, theirs in pairs.items()}
    is_declared = any(
        (relationship.parent, relationship.child) == (parent_table.name, child_table.name)
        and {(mine.lower(), theirs.lower()) for mine, theirs in relationship.on} == compared
        for relationship in relationships
    )
    return is_declared and child_columns <= infer_grain(rows).not_null


def _compared_columns(join: ir.Join, matched: Relation) -> dict[int, int]:
    """The columns that a join compares, each with that of the matched side; empty if it asks for anything else."""
    theirs = frozenset(field.id for field in matched.fields)
    pairs: dict[int, int] = {}
    for predicate in join.predicates:
        match predicate:
            case ir.Equal(ir.Reference(first), ir.Reference(second)) if (first in theirs) != (second in theirs):
                pairs.update({second: first} if first in theirs else {first: second})
            case _:
                return {}
    return pairs if len(pairs) == len(join.predicates) else {}


def _whole_table(relation: Relation) -> tuple[Table, _Columns] | None:
    """The table of which a relation has all rows, with the names of its columns."""
    match relation:
        case ir.Scan(table=table, fields=fields):
            return table, {field.id: field.name for field in fields}
        case ir.Projection(input=rows):
            return _whole_table(rows)
        case ir.Copy(input=rows, offset=offset):
            return _shift(_whole_table(rows), offset)
        case _:
            return None


def table_with(relation: Relation, columns: Ids) -> tuple[Table, _Columns] | None:
    """The table whose columns these are, wherever it is in a relation, with the names of its columns."""
    match relation:
        case ir.Scan(table=table, fields=fields):
            names = {field.id: field.name for field in fields}
            return (table, names) if columns <= names.keys() else None
        case ir.Copy(input=rows, offset=offset):
            return _shift(table_with(rows, frozenset(column - offset for column in columns)), offset)
        case _:
            tables = (table_with(child, columns) for child in inputs_of(relation))
            return next((table for table in tables if table is not None), None)


def _shift(table: tuple[Table, _Columns] | None, offset: int) -> tuple[Table, _Columns] | None:
    return None if table is None else (table[0], {column + offset: name for column, name in table[1].items()})
