"""Finds conditions that no row without a match fulfils, so that an outer join becomes an inner one."""

from __future__ import annotations

from sqlglot import exp

from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.columns import Ids
from cbx.analysis.relation.hazards import RejectedSide
from cbx.analysis.relation.needs import is_some_needed
from cbx.analysis.relation.outer_sides import outer_sides
from cbx.analysis.relation.relations import Relation
from cbx.analysis.sql.expressions.expressions import ExpressionReader, visible_nodes
from cbx.analysis.sql.expressions.null_rejection import needed_columns
from cbx.analysis.sql.expressions.predicates import split_conjuncts
from cbx.analysis.sql.trees.query_spans import place_of


def rejected_sides(condition: exp.Expr, relation: Relation, reader: ExpressionReader) -> list[RejectedSide]:
    """The sides of outer joins below a condition that need a match to fulfil it, with the conjunct that says so.

    A side of which the condition tests a column for NULL is not among them: who asks knows of the rows without a match.

    Example:
        ``WHERE b.x > 1`` over ``a LEFT JOIN b``; but not ``WHERE b.x > 1 OR b.id IS NULL``.
    """
    sides = [side for side in outer_sides(relation) if not _tests_for_null(condition, side.columns, reader)]
    if not sides:
        return []
    conjuncts = [(part, needed_columns(part, reader, "TRUE")) for part in split_conjuncts(condition)]
    rejected = []
    for side in sides:
        rejecting = (part for part, needs in conjuncts if needs and is_some_needed(needs, side.columns))
        conjunct = next(rejecting, None)
        if conjunct is not None:
            rejected.append(RejectedSide(place_of(conjunct), side.join, side.side))
    return rejected


def _tests_for_null(condition: exp.Expr, columns: Ids, reader: ExpressionReader) -> bool:
    """Whether a condition asks anywhere whether one of some columns is NULL."""
    tested = (value for node in visible_nodes(condition) for value in _tested_values(node))
    return any(ir.reads_of(reader.read(value)) & columns for value in tested)


def _tested_values(node: exp.Expr) -> list[exp.Expr]:
    """What a test for NULL tests; nothing for other nodes."""
    match node:
        case exp.Is(this=tested, expression=exp.Null()):
            return [tested]
        case exp.Anonymous(this=str() as name, expressions=[tested]) if name.lower() in {"isnull", "isnotnull"}:
            return [tested]
        case exp.NullSafeEQ(this=left, expression=right) | exp.NullSafeNEQ(this=left, expression=right):
            return [left, right]
        case _:
            return []
