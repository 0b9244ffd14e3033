"""Reads window functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.mistakes import QueryMistake, is_stream
from cbx.analysis.relation.relations import Ids, Relation
from cbx.analysis.sql.expressions.determined_columns import determined_columns
from cbx.analysis.sql.expressions.expression_types import type_of
from cbx.analysis.sql.expressions.expressions import ExpressionReader, visible_nodes
from cbx.analysis.sql.trees.closed_world import AGGREGATE_CLASSES
from cbx.analysis.sql.trees.query_spans import query_span

_WRAPPERS = (exp.Filter, exp.IgnoreNulls, exp.RespectNulls, exp.WithinGroup)
"""What may stand between OVER and its function."""


def unwrap_window_function(node: exp.Expr) -> tuple[exp.Expr, list[exp.Expr]]:
    """The function that is called, and what is said of its rows: which, and in what order."""
    clauses: list[exp.Expr] = []
    while isinstance(node, _WRAPPERS):
        clauses += [node.args["expression"]] if node.args.get("expression") else []
        node = node.this
    return node, clauses


def read_windows(
    nodes: Sequence[exp.Expr], named: Sequence[exp.Window], relation: Relation, reader: ExpressionReader
) -> Relation:
    """Read the window functions in expressions; the reader learns which columns hold them.

    Args:
        nodes: The expressions.
        named: The windows that the WINDOW clause names.
        relation: The rows.
        reader: Reads expressions after grouping.
    """
    by_name = {one.this.name.lower(): one for one in named if isinstance(one.this, exp.Expr)}
    columns = []
    definitions: list[ir.Definition] = []
    for node in nodes:
        for window in visible_nodes(node):
            if not isinstance(window, exp.Window):
                continue
            signature = reader.signature(window)
            if signature in reader.known or signature.startswith("#"):
                continue
            column = _read_window(window, by_name, reader, definitions)
            reader.known[signature] = column.column
            columns.append(column)
            if is_stream(relation):
                reader.context.mistakes.append(QueryMistake("window_on_stream", "", query_span(window)))
    if not columns:
        return relation
    before = ir.Projection(relation, tuple(definitions), relation.fields, relation.is_open)
    return ir.Window(before, tuple(columns), relation.fields, relation.is_open)


def _read_window(
    window: exp.Window, named: dict[str, exp.Window], reader: ExpressionReader, definitions: list[ir.Definition]
) -> ir.WindowColumn:
    value = reader.read(window)
    base = _base_window(window, named)
    parts = [*(window.args.get("partition_by") or ())]
    order = window.args.get("order")
    spec = window.args.get("spec")
    if base is not None:
        parts += base.args.get("partition_by") or ()
        order, spec = order or base.args.get("order"), spec or base.args.get("spec")
    is_known = (window.alias == "" or base is not None) and window.args.get("over") == "OVER"
    partition = _read_partition(parts, reader, definitions) if is_known else None
    function = unwrap_window_function(window.this)[0]
    is_whole = order is None and spec is None and type(function) in AGGREGATE_CLASSES
    is_whole = is_whole and not isinstance(function, exp.AnonymousAggFunc)
    counts_rows = is_whole and _counts_rows(window.this)
    kind = "row_number" if isinstance(window.this, exp.RowNumber) else "count_rows" if counts_rows else "other"
    kind = "rank" if isinstance(window.this, (exp.Rank, exp.DenseRank)) else kind
    reads = ir.reads_of(value) | (partition or ir.NONE)
    ordered = _order_columns(order, reader) if kind == "rank" else ir.NONE
    return ir.WindowColumn(reader.context.number(), kind, partition, reads, is_whole, ordered)  # type: ignore[arg-type]


def _order_columns(order: exp.Expr | None, reader: ExpressionReader) -> Ids:
    """The columns that rows are ordered by; rows that agree in all of them may still be told apart by what else is."""
    values = (
        [reader.read(one.this if isinstance(one, exp.Ordered) else one) for one in order.expressions] if order else []
    )
    return frozenset(one.column for one in values if isinstance(one, ir.Reference))


def _counts_rows(function: exp.Expr) -> bool:
    """Whether a function is ``count(*)`` or ``count`` of a literal; of more than one it leaves out rows with a NULL."""
    if not isinstance(function, exp.Count) or function.expressions:
        return False
    counted = function.this
    return isinstance(counted, exp.Literal) or (isinstance(counted, exp.Star) and not any(counted.args.values()))


def _base_window(window: exp.Window, named: dict[str, exp.Window]) -> exp.Window | None:
    """The window that one is made of by its name; that may be but another name."""
    base = window
    for _ in named:
        if not base.alias or base.alias.lower() not in named:
            break
        base = named[base.alias.lower()]
    return base if base is not window and not base.alias else None


def _read_partition(
    parts: Sequence[exp.Expr], reader: ExpressionReader, definitions: list[ir.Definition]
) -> Ids | None:
    columns: Ids = ir.NONE
    for part in parts:
        for inner in part.find_all(exp.Paren):
            named = reader.read(inner)
            if isinstance(named, ir.Computed) and named.is_deterministic:
                _define_column(inner, named, reader, definitions)
        value = reader.read(part)
        match value:
            case ir.Reference(column):
                columns |= {column}
            case ir.Computed(is_deterministic=True):
                columns |= {_define_column(part, value, reader, definitions)}
            case ir.Constant():
                continue
            case _:
                return None
    return columns


def _define_column(
    node: exp.Expr, value: ir.Computed, reader: ExpressionReader, definitions: list[ir.Definition]
) -> int:
    """The column that holds an expression from here on, wherever it is written."""
    column = reader.context.number()
    value = replace(value, fixes=determined_columns(node, reader))
    definitions.append(ir.Definition(column, value, type_of(node, reader)))
    reader.known[reader.signature(node)] = column
    return column
