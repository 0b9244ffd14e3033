"""Finds the columns that the value of an expression determines (functional dependencies)."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.columns import NONE, Ids
from cbx.analysis.sql.expressions.expressions import ExpressionReader, literal, parts_of
from cbx.analysis.sql.expressions.null_rejection import needed_columns
from cbx.analysis.sql.expressions.nullability import has_known_length, not_null_conditions
from cbx.analysis.sql.expressions.text_parts import columns_determined_by, parts_of_text, prefix_of
from cbx.analysis.sql.expressions.type_rules.expression_types import type_of
from cbx.analysis.sql.scope import ResolvedColumn
from cbx.analysis.sql.time_windows import EDGES
from cbx.analysis.types.value_types import is_injective_cast

_HASHES = (exp.MD5, exp.SHA, exp.SHA2)
"""Hashes of 128 bits and more: apart from collisions, different texts have different hashes."""


def add_determined_columns(value: ir.Computed, node: exp.Expr, reader: ExpressionReader) -> ir.Computed:
    """Add to an expression the columns that it determines, and what it says of NULL."""
    bare = node.unalias().unnest()
    parts = parts_of_text(bare, reader) if isinstance(bare, (exp.Concat, exp.DPipe, exp.ConcatWs, exp.Format)) else None
    return replace(
        value,
        fixes=determined_columns(bare, reader),
        fixes_if=columns_determined_by(parts) if parts else (NONE, NONE),
        hashes_if=_determined_by_hash(bare, reader),
        prefix=prefix_of(parts) if parts else "",
        not_null_if=not_null_conditions(bare, reader),
        needs=needed_columns(bare, reader, "NOT NULL"),
    )


def determined_columns(node: exp.Expr, reader: ExpressionReader) -> Ids:
    """The columns that the value of an expression determines.

    Example:
        ``CAST(id AS STRING)`` and ``'C-' || CAST(id AS STRING)`` determine ``id``, if that is a whole number.
    """
    match node:
        case exp.Alias() | exp.Paren():
            return determined_columns(node.this, reader)
        case exp.Column():
            return _determined_by_column(node, reader)
        case exp.Cast() | exp.TryCast() if is_injective_cast(type_of(node.this, reader), type_of(node, reader)):
            return determined_columns(node.this, reader)
        case exp.Concat() | exp.DPipe() if not isinstance(node, exp.ConcatWs):
            return _determined_by_concat(_pieces(node), reader)
        case _:
            return NONE


def _determined_by_column(node: exp.Column, reader: ExpressionReader) -> Ids:
    """A column determines itself, and the start or the end of a time window determines the window."""
    field = reader.field(node)
    if field is not None:
        return frozenset({field.id})
    match = reader.scope.find(parts_of(node)) if not isinstance(node.this, exp.Star) else None
    is_edge = isinstance(match, ResolvedColumn) and match.path in EDGES
    if is_edge and isinstance(match, ResolvedColumn) and match.field.id in reader.context.time_windows:
        return frozenset({match.field.id})
    return NONE


def _determined_by_hash(node: exp.Expr, reader: ExpressionReader) -> tuple[Ids, Ids]:
    """The columns that a hash determines, apart from collisions, and those of them that must not be NULL for that."""
    if not isinstance(node, _HASHES) or not has_known_length(node):
        return NONE, NONE
    hashed = node.this.unnest()
    parts = parts_of_text(hashed, reader)
    if parts:
        return columns_determined_by(parts)
    return determined_columns(hashed, reader), NONE


def _determined_by_concat(pieces: list[exp.Expr], reader: ExpressionReader) -> Ids:
    """The columns that a concatenation determines, if all pieces but one are literals."""
    open_pieces = [piece for piece in pieces if not isinstance(piece, exp.Literal) or not piece.is_string]
    if len(open_pieces) != 1 or type_of(open_pieces[0], reader) != "STRING" or literal(open_pieces[0]) is not None:
        return NONE
    return determined_columns(open_pieces[0], reader)


def _pieces(node: exp.Expr) -> list[exp.Expr]:
    if isinstance(node, exp.DPipe):
        return [*_pieces(node.this), *_pieces(node.expression)]
    return list(node.expressions) if isinstance(node, exp.Concat) else [node]
