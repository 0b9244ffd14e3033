"""How many rows a relation has for any content of its tables."""

from __future__ import annotations

from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.relations import Relation


def is_empty(relation: Relation) -> bool:
    """Whether a relation certainly has no rows: ``WHERE FALSE``, ``LIMIT 0``, and relations over such rows.

    Grouping by nothing makes a row of none.
    """
    match relation:
        case ir.Filter(input=below, predicates=predicates):
            return any(isinstance(predicate, ir.Never) for predicate in predicates) or is_empty(below)
        case ir.Limit(input=below, count=count):
            return count == 0 or is_empty(below)
        case ir.Projection() | ir.Window() | ir.Distinct() | ir.Explode() | ir.Copy():
            return is_empty(relation.input)
        case ir.Aggregate(input=below, groups=groups, sets=None) if groups:
            return is_empty(below)
        case ir.Join(kind="inner" | "semi", left=left, right=right):
            return is_empty(left) or is_empty(right)
        case ir.Join(kind="left" | "anti", left=left):
            return is_empty(left)
        case _:
            return False


def most_rows(relation: Relation) -> int | None:
    """How many rows a relation has at most, by those that are written out and by LIMIT; None if that is not known."""
    match relation:
        case ir.Values(row_count=count):
            return count
        case ir.Limit(input=below, count=int() as count):
            most = most_rows(below)
            return count if most is None else min(count, most)
        case ir.Projection() | ir.Window() | ir.Distinct() | ir.Copy() | ir.Filter():
            return most_rows(relation.input)
        case _:
            return None
