"""Resolves the names in QUALIFY, which may be aliases of SELECT or columns.

Spark prefers the alias. Where both exist and differ, the only certain fact is that rows which agree in both readings of
a PARTITION BY are in one partition.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from cbx.analysis.sql.expressions.expressions import ExpressionReader, parts_of
from cbx.analysis.sql.scope import ResolvedColumn
from cbx.analysis.sql.trees.closed_world import UNKNOWN

_AS_COLUMN = "as column"
"""Marks a name to be read as a column."""


def resolve_qualify_names(node: exp.Select, reader: ExpressionReader) -> exp.Expr | None:
    """The QUALIFY clause, with aliases of SELECT replaced by their expressions inside window functions."""
    clause: exp.Expr | None = node.args.get("qualify")
    select_items = {item.alias.lower(): item.this for item in node.expressions if isinstance(item, exp.Alias)}
    if clause is None or not any(_is_select_name(column, select_items) for column in clause.find_all(exp.Column)):
        return clause
    copied = clause.copy()
    for window in copied.find_all(exp.Window):
        _partition_by_both_readings(window, select_items, reader)
    for column in [column for column in copied.find_all(exp.Column) if _is_select_name(column, select_items)]:
        item = select_items[column.name.lower()]
        if _is_ambiguous(column, select_items, reader) and not _is_in_partition(column):
            column.replace(exp.Anonymous(this=UNKNOWN, expressions=[]))
        elif column.find_ancestor(exp.Window) or isinstance(reader.scope.find(parts_of(column)), ResolvedColumn):
            column.replace(exp.paren(item.copy()))
    return copied


def _is_select_name(column: exp.Column, select_items: Mapping[str, exp.Expr]) -> bool:
    return len(column.parts) == 1 and column.name.lower() in select_items and _AS_COLUMN not in column.meta


def _partition_by_both_readings(
    window: exp.Window, select_items: Mapping[str, exp.Expr], reader: ExpressionReader
) -> None:
    """Make a window partition by both readings of each ambiguous expression."""
    parts = window.args.get("partition_by") or ()
    items = [item.unnest() for item in select_items.values()]
    copies = []
    for part in parts:
        is_item = _is_repeatable(part) and part.unnest() in items
        if is_item or _is_ambiguous(part, select_items, reader):
            copies += [] if is_item else [exp.paren(part.copy())]
            for column in part.find_all(exp.Column):
                column.meta[_AS_COLUMN] = True
    if copies:
        window.set("partition_by", [*parts, *copies])


def _is_ambiguous(node: exp.Expr, select_items: Mapping[str, exp.Expr], reader: ExpressionReader) -> bool:
    """Whether a name in an expression is both a column and an alias of something else."""
    for column in node.find_all(exp.Column):
        if _is_select_name(column, select_items) and any(
            column.name.lower() in from_item.certain_names for from_item in reader.scope.from_items
        ):
            item = select_items[column.name.lower()].unnest()
            if not isinstance(item, exp.Column) or reader.scope.find(parts_of(item)) != reader.scope.find(
                parts_of(column)
            ):
                return True
    return False


def _is_repeatable(node: exp.Expr) -> bool:
    """Whether an expression is idempotent, as ``upper(trim(name))`` is."""
    functions: set[type[exp.Expr]] = set()
    at = node
    while isinstance(at, (exp.Paren, exp.Upper, exp.Lower, exp.Trim)):
        if isinstance(at, exp.Trim) and (at.expression or at.args.get("position")):
            return False
        functions.add(type(at))
        at = at.this
    return isinstance(at, exp.Column) and not {exp.Upper, exp.Lower} <= functions


def _is_in_partition(node: exp.Expr) -> bool:
    at: exp.Expr | None = node
    while at is not None and at.arg_key != "partition_by":
        at = at.parent
    return at is not None
