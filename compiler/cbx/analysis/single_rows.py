"""Finds the rows that a relation holds at most once, also those of tables without a key."""

from __future__ import annotations

from cbx.analysis.grain.infer_grain import infer_grain
from cbx.analysis.grain.join_grain import matches_at_most_one
from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.columns import NONE, Ids
from cbx.analysis.relation.relations import Relation

_EMPTY: frozenset[Ids] = frozenset()


def single_rows(relation: Relation, not_null: Ids = NONE) -> frozenset[Ids]:
    """The tables and nodes of whose rows none is in a relation twice, each as the columns that it makes.

    Args:
        relation: The relation.
        not_null: Columns; only rows in which none of them is NULL count.

    Example:
        For ``orders LEFT JOIN customers ON customers.id = orders.customer_id``, where ``id`` is the key of
        ``customers``, the columns of ``orders``.
    """
    match relation:
        case ir.Projection():
            constants = {
                frozenset({definition.column})
                for definition in relation.definitions
                if not ir.reads_of(definition.expression)
            }
            return single_rows(relation.input, not_null) | constants
        case ir.Window():
            return single_rows(relation.input, not_null) | {frozenset({column.column}) for column in relation.columns}
        case ir.Filter() | ir.Limit() | ir.Distinct():
            return single_rows(relation.input, not_null)
        case ir.Join():
            return _single_rows_of_join(relation, not_null)
        case ir.Explode():
            made = frozenset({relation.position, *relation.columns})
            return frozenset({made})
        case ir.Copy():
            inner = single_rows(relation.input)
            return frozenset(frozenset(column + relation.offset for column in columns) for columns in inner)
        case ir.Lateral() | ir.Opaque():
            return _EMPTY
        case _:
            return frozenset({frozenset(field.id for field in relation.fields)})


def _single_rows_of_join(join: ir.Join, not_null: Ids) -> frozenset[Ids]:
    if join.kind in {"semi", "anti"}:
        return single_rows(join.left, not_null)
    left, right, found = infer_grain(join.left), infer_grain(join.right), _EMPTY
    keeps_left = join.kind in {"inner", "left"} or bool(not_null & left.columns)
    keeps_right = join.kind in {"inner", "right"} or bool(not_null & right.columns)
    if keeps_left and matches_at_most_one(join, right):
        found |= single_rows(join.left, not_null)
    if keeps_right and matches_at_most_one(join, left):
        found |= single_rows(join.right, not_null)
    return found
