"""Settles the names in QUALIFY, which may be those of SELECT and those of columns.

Spark takes a name for that of SELECT, not for a column's. Where both exist and differ, nothing is certain but that rows
which agree in both readings of a partition are in one.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from cbx.analysis.sql.expressions.expressions import ExpressionReader, parts_of
from cbx.analysis.sql.scope import ResolvedColumn
from cbx.analysis.sql.trees.closed_world import UNKNOWN

_AS_COLUMN = "as column"
"""Marks a name that is a column's for sure, or by one of the two readings."""


def resolve_qualify_names(node: exp.Select, reader: ExpressionReader) -> exp.Expr | None:
    """QUALIFY, with what SELECT names written out where window functions use it, since windows come first."""
    clause: exp.Expr | None = node.args.get("qualify")
    named = {one.alias.lower(): one.this for one in node.expressions if isinstance(one, exp.Alias)}
    if clause is None or not any(_is_select_name(one, named) for one in clause.find_all(exp.Column)):
        return clause
    copied = clause.copy()
    for window in copied.find_all(exp.Window):
        _partition_by_both_readings(window, named, reader)
    for column in [one for one in copied.find_all(exp.Column) if _is_select_name(one, named)]:
        item = named[column.name.lower()]
        if _is_doubtful(column, named, reader) and not _is_in_partition(column):
            column.replace(exp.Anonymous(this=UNKNOWN, expressions=[]))
        elif column.find_ancestor(exp.Window) or isinstance(reader.scope.find(parts_of(column)), ResolvedColumn):
            column.replace(exp.paren(item.copy()))
    return copied


def _is_select_name(column: exp.Column, named: Mapping[str, exp.Expr]) -> bool:
    return len(column.parts) == 1 and column.name.lower() in named and _AS_COLUMN not in column.meta


def _partition_by_both_readings(window: exp.Window, named: Mapping[str, exp.Expr], reader: ExpressionReader) -> None:
    """Let a window partition by both readings of an expression that has two."""
    parts = window.args.get("partition_by") or ()
    items = [one.unnest() for one in named.values()]
    copies = []
    for part in parts:
        is_item = _is_repeatable(part) and part.unnest() in items
        if is_item or _is_doubtful(part, named, reader):
            copies += [] if is_item else [exp.paren(part.copy())]
            for column in part.find_all(exp.Column):
                column.meta[_AS_COLUMN] = True
    if copies:
        window.set("partition_by", [*parts, *copies])


def _is_doubtful(node: exp.Expr, named: Mapping[str, exp.Expr], reader: ExpressionReader) -> bool:
    """Whether a name in an expression is that of a column as well, and SELECT gives it to another one."""
    for column in node.find_all(exp.Column):
        if _is_select_name(column, named) and any(
            column.name.lower() in one.certain for one in reader.scope.from_items
        ):
            item = named[column.name.lower()].unnest()
            if not isinstance(item, exp.Column) or reader.scope.find(parts_of(item)) != reader.scope.find(
                parts_of(column)
            ):
                return True
    return False


def _is_repeatable(node: exp.Expr) -> bool:
    """Whether applying an expression to its own result changes nothing, as of ``upper(trim(name))``."""
    found: set[type[exp.Expr]] = set()
    at = node
    while isinstance(at, (exp.Paren, exp.Upper, exp.Lower, exp.Trim)):
        if isinstance(at, exp.Trim) and (at.expression or at.args.get("position")):
            return False
        found.add(type(at))
        at = at.this
    return isinstance(at, exp.Column) and not {exp.Upper, exp.Lower} <= found


def _is_in_partition(node: exp.Expr) -> bool:
    at: exp.Expr | None = node
    while at is not None and at.arg_key != "partition_by":
        at = at.parent
    return at is not None
