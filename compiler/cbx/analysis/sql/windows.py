"""Reads window functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.columns import NONE, Ids, Measure, WindowColumn
from cbx.analysis.relation.hazards import ArbitraryChoice
from cbx.analysis.relation.query_mistakes import QueryMistake, is_stream
from cbx.analysis.relation.relations import Relation
from cbx.analysis.sql.expressions.determined_columns import determined_columns
from cbx.analysis.sql.expressions.expressions import ExpressionReader, visible_nodes
from cbx.analysis.sql.expressions.measured import read_measure
from cbx.analysis.sql.expressions.type_rules.expression_types import type_of
from cbx.analysis.sql.hazards.arbitrary_choices import choice_of_window
from cbx.analysis.sql.trees.closed_world import AGGREGATE_CLASSES
from cbx.analysis.sql.trees.query_spans import query_span
from cbx.analysis.sql.trees.window_functions import unwrap_window_function

_BY_ROWS = frozenset({"ROWS", "FRAME_TYPE_ROW"})
"""The kind of a frame that counts rows, in SQL and in a plan."""


def read_windows(
    nodes: Sequence[exp.Expr], named: Sequence[exp.Window], relation: Relation, reader: ExpressionReader
) -> Relation:
    """Read the window functions in expressions. Their columns are added to the reader.

    Args:
        nodes: The expressions.
        named: The windows that the WINDOW clause names.
        relation: The input.
        reader: Reads expressions after grouping.
    """
    by_name = {window.this.name.lower(): window for window in named if isinstance(window.this, exp.Expr)}
    columns = []
    definitions: list[ir.Definition] = []
    measures: list[Measure] = []
    choices: list[ArbitraryChoice] = []
    for node in nodes:
        for window in visible_nodes(node):
            if not isinstance(window, exp.Window):
                continue
            signature = reader.signature(window)
            if signature in reader.columns_by_signature or signature.startswith("#"):
                continue
            column, choice = _read_window(window, by_name, reader, definitions)
            choices += [choice] if choice is not None else []
            function = unwrap_window_function(window.this)[0]
            measure = read_measure(window.this, function, column.column, reader, query_span(window))
            measures += [measure] if measure is not None and not _is_of_one_row(window, by_name) else []
            reader.columns_by_signature[signature] = column.column
            columns.append(column)
            if is_stream(relation):
                reader.context.mistakes.append(QueryMistake("window_on_stream", "", query_span(window)))
    if not columns:
        return relation
    before = ir.Projection(relation, tuple(definitions), relation.fields, relation.is_open)
    reader.context.suspicions += [replace(choice, rows=before) for choice in choices]
    return ir.Window(before, tuple(columns), relation.fields, relation.is_open, tuple(measures))


def _read_window(
    window: exp.Window, named: dict[str, exp.Window], reader: ExpressionReader, definitions: list[ir.Definition]
) -> tuple[WindowColumn, ArbitraryChoice | None]:
    """The column of a window function, and what the function chooses from if its order may not say which row."""
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
    reads = ir.reads_of(value) | (partition or NONE)
    ordered = _order_columns(order, reader) if kind == "rank" else NONE
    shows = value.shows if isinstance(value, ir.Computed) and value.shows is not None else reads
    column = WindowColumn(reader.context.number(), kind, partition, reads, shows, is_whole, ordered)  # type: ignore[arg-type]
    return column, choice_of_window(window, function, partition, order, reader)


def _is_of_one_row(window: exp.Window, named: dict[str, exp.Window]) -> bool:
    """Whether a window's frame is a single row: ``ROWS BETWEEN 1 PRECEDING AND 1 PRECEDING``."""
    base = _base_window(window, named) or window
    spec = window.args.get("spec") or base.args.get("spec")
    if spec is None or spec.args.get("kind") not in _BY_ROWS:
        return False
    start, end = ([spec.args.get(part) for part in (side, f"{side}_side")] for side in ("start", "end"))
    return start == end or (end == [None, None] and str(start[0]).upper() == "CURRENT ROW")


def _order_columns(order: exp.Expr | None, reader: ExpressionReader) -> Ids:
    """The columns in ORDER BY; expressions that are no columns are omitted."""
    values = (
        [reader.read(item.this if isinstance(item, exp.Ordered) else item) for item in order.expressions]
        if order
        else []
    )
    return frozenset(value.column for value in values if isinstance(value, ir.Reference))


def _counts_rows(function: exp.Expr) -> bool:
    """Whether a function counts all rows: ``count(*)`` or ``count(1)``, but not ``count(1, a)``, which skips NULLs."""
    if not isinstance(function, exp.Count) or function.expressions:
        return False
    counted = function.this
    return isinstance(counted, exp.Literal) or (isinstance(counted, exp.Star) and not any(counted.args.values()))


def _base_window(window: exp.Window, named: dict[str, exp.Window]) -> exp.Window | None:
    """The named window that a window refers to, directly or through other names."""
    base = window
    for _ in named:
        if not base.alias or base.alias.lower() not in named:
            break
        base = named[base.alias.lower()]
    return base if base is not window and not base.alias else None


def _read_partition(
    parts: Sequence[exp.Expr], reader: ExpressionReader, definitions: list[ir.Definition]
) -> Ids | None:
    columns: Ids = NONE
    for part in parts:
        for inner in part.find_all(exp.Paren):
            value = reader.read(inner)
            if isinstance(value, ir.Computed) and value.is_deterministic:
                _define_column(inner, value, reader, definitions)
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
    """Define a column for an expression; the reader uses it for all equal expressions."""
    column = reader.context.number()
    value = replace(value, fixes=determined_columns(node, reader))
    definitions.append(ir.Definition(column, value, type_of(node, reader)))
    reader.columns_by_signature[reader.signature(node)] = column
    return column
