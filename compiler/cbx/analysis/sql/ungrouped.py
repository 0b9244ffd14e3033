"""Finds columns that are selected beside aggregates but not grouped by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlglot import exp

from cbx.analysis.relation.columns import Field
from cbx.analysis.relation.query_mistakes import QueryMistake
from cbx.analysis.sql.expressions.expressions import WITHOUT_PARENTHESES, ExpressionReader, parts_of
from cbx.analysis.sql.scope import ResolvedColumn
from cbx.analysis.sql.trees.closed_world import DETERMINISTIC
from cbx.analysis.sql.trees.query_spans import query_span
from cbx.syntax.text import PLACEHOLDER

_SCALARS = (DETERMINISTIC | {exp.Alias, exp.Paren}) - {exp.Any, exp.Lambda}
"""Classes that contain no aggregate unless their parts do."""


def ungrouped_columns(items: Sequence[exp.Expr], reader: ExpressionReader) -> Iterator[QueryMistake]:
    """The columns that a SELECT without GROUP BY uses outside its aggregates.

    Args:
        items: The items of SELECT, at least one of them with an aggregate.
        reader: Reads expressions before grouping.
    """
    aliases: set[str] = set()
    for item in items:
        bare = item.unalias()
        is_star = isinstance(bare, exp.Star) or (isinstance(bare, exp.Column) and isinstance(bare.this, exp.Star))
        if is_star and reader.scope.star:
            yield QueryMistake("ungrouped_column", "*", query_span(bare))
        for column in () if is_star else _columns_of_each_row(bare):
            if names_from_item_column(column, reader) and column.name.lower() not in aliases:
                yield QueryMistake("ungrouped_column", ".".join(part.name for part in column.parts), query_span(column))
        aliases.add(item.alias_or_name.lower())


def names_from_item_column(column: exp.Column, reader: ExpressionReader) -> bool:
    """Whether a name certainly means a column of a FROM item of this query."""
    scope = reader.scope
    if column.name.startswith(PLACEHOLDER) or parts_of(column)[0] in WITHOUT_PARENTHESES:
        return False
    if scope.is_open and scope.outer is not None and scope.outer.from_items:
        return False
    match = scope.find(parts_of(column))
    return isinstance(match, ResolvedColumn) and _is_from_item_column(match.field, reader)


def _is_from_item_column(field: Field, reader: ExpressionReader) -> bool:
    return any(field.id == column.id for source in reader.scope.from_items for column in source.fields)


def _columns_of_each_row(node: exp.Expr) -> Iterator[exp.Column]:
    """The columns that an expression reads outside aggregates."""
    pending = [node]
    while pending:
        at = pending.pop()
        if isinstance(at, exp.Column):
            yield at
        elif type(at) in _SCALARS and not isinstance(at, (exp.Query, exp.Subquery)):
            pending.extend(reversed(list(at.iter_expressions())))
