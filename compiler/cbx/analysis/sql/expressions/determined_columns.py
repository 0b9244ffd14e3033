"""Finds expressions from whose value the columns they are made of can be told."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.relations import NONE, Ids
from cbx.analysis.sql.expressions.expression_types import type_of
from cbx.analysis.sql.expressions.expressions import ExpressionReader, literal, parts_of
from cbx.analysis.sql.expressions.nullability import not_null_conditions
from cbx.analysis.sql.expressions.text_parts import columns_determined_by, parts_of_text, prefix_of
from cbx.analysis.sql.scope import ResolvedColumn
from cbx.analysis.sql.time_windows import EDGES
from cbx.analysis.types.value_types import is_injective_cast

_HASHES = (exp.MD5, exp.SHA, exp.SHA2)
"""Hashes of 128 bits and more, of which nobody will see two texts with one."""


def add_determined_columns(value: ir.Computed, node: exp.Expr, reader: ExpressionReader) -> ir.Computed:
    """An expression with what can be told from its value, and when it is never NULL."""
    bare = node.unalias().unnest()
    parts = parts_of_text(bare, reader) if isinstance(bare, (exp.Concat, exp.DPipe, exp.ConcatWs, exp.Format)) else None
    return replace(
        value,
        fixes=determined_columns(bare, reader),
        fixes_if=columns_determined_by(parts) if parts else (NONE, NONE),
        hashes_if=_determined_by_hash(bare, reader),
        prefix=prefix_of(parts) if parts else "",
        not_null_if=not_null_conditions(bare, reader),
    )


def determined_columns(node: exp.Expr, reader: ExpressionReader) -> Ids:
    """The columns whose values can be told from an expression's.

    Example:
        ``CAST(id AS STRING)`` and ``'C-' || CAST(id AS STRING)`` tell ``id``, if that is a whole number.
    """
    match node:
        case exp.Alias() | exp.Paren():
            return determined_columns(node.this, reader)
        case exp.Column():
            return _determined_by_column(node, reader)
        case exp.Cast() | exp.TryCast() if is_injective_cast(type_of(node.this, reader), type_of(node, reader)):
            return determined_columns(node.this, reader)
        case exp.Concat() | exp.DPipe():
            return _determined_by_concat(_pieces(node), reader)
        case _:
            return ir.NONE


def _determined_by_column(node: exp.Column, reader: ExpressionReader) -> Ids:
    """A column tells itself, and the start or the end of a window of time tells the window."""
    field = reader.field(node)
    if field is not None:
        return frozenset({field.id})
    found = reader.scope.find(parts_of(node)) if not isinstance(node.this, exp.Star) else None
    is_edge = isinstance(found, ResolvedColumn) and found.path in EDGES
    if is_edge and isinstance(found, ResolvedColumn) and found.field.id in reader.context.time_windows:
        return frozenset({found.field.id})
    return ir.NONE


def _determined_by_hash(node: exp.Expr, reader: ExpressionReader) -> tuple[Ids, Ids]:
    """The columns that can be told from a hash but for collisions."""
    if not isinstance(node, _HASHES):
        return NONE, NONE
    hashed = node.this.unnest()
    parts = parts_of_text(hashed, reader)
    if parts:
        return columns_determined_by(parts)
    return determined_columns(hashed, reader), NONE


def _determined_by_concat(pieces: list[exp.Expr], reader: ExpressionReader) -> Ids:
    """Of texts put together, that which is not written out can be told if there is but one."""
    open_ones = [one for one in pieces if not isinstance(one, exp.Literal) or not one.is_string]
    if len(open_ones) != 1 or type_of(open_ones[0], reader) != "STRING" or literal(open_ones[0]) is not None:
        return ir.NONE
    return determined_columns(open_ones[0], reader)


def _pieces(node: exp.Expr) -> list[exp.Expr]:
    if isinstance(node, exp.DPipe):
        return [*_pieces(node.this), *_pieces(node.expression)]
    return list(node.expressions) if isinstance(node, exp.Concat) else [node]
