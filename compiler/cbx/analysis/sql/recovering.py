"""Finds expressions from whose value the columns they are made of can be told."""

from __future__ import annotations

from sqlglot import exp

from cbx.analysis import relations as ir
from cbx.analysis.relations import Ids
from cbx.analysis.sql.expression_types import type_of
from cbx.analysis.sql.expressions import ExpressionReader, literal
from cbx.analysis.sql.types import keeps_apart


def told_from(node: exp.Expr, reader: ExpressionReader) -> Ids:
    """The columns whose values can be told from an expression's.

    Example:
        ``CAST(id AS STRING)`` and ``'C-' || CAST(id AS STRING)`` tell ``id``, if that is a whole number.
    """
    match node:
        case exp.Alias() | exp.Paren():
            return told_from(node.this, reader)
        case exp.Column():
            field = reader.field(node)
            return frozenset({field.id}) if field is not None else ir.NONE
        case exp.Cast() | exp.TryCast() if keeps_apart(type_of(node.this, reader), type_of(node, reader)):
            return told_from(node.this, reader)
        case exp.Concat() | exp.DPipe():
            return _told_from_pieces(_pieces(node), reader)
        case _:
            return ir.NONE


def _told_from_pieces(pieces: list[exp.Expr], reader: ExpressionReader) -> Ids:
    """Of texts put together, that which is not written out can be told if there is but one."""
    open_ones = [one for one in pieces if not isinstance(one, exp.Literal) or not one.is_string]
    if len(open_ones) != 1 or type_of(open_ones[0], reader) != "STRING" or literal(open_ones[0]) is not None:
        return ir.NONE
    return told_from(open_ones[0], reader)


def _pieces(node: exp.Expr) -> list[exp.Expr]:
    if isinstance(node, exp.DPipe):
        return [*_pieces(node.this), *_pieces(node.expression)]
    return list(node.expressions) if isinstance(node, exp.Concat) else [node]
