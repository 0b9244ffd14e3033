"""Notes functions that choose among rows in an order that the query gives them, or does not give."""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp

from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.columns import NONE, Ids
from cbx.analysis.relation.hazards import ArbitraryChoice
from cbx.analysis.relation.relations import Relation
from cbx.analysis.sql.expressions.expressions import ExpressionReader, whole_number
from cbx.analysis.sql.trees.query_spans import place_of
from cbx.analysis.sql.trees.window_functions import unwrap_window_function

_OF_ONE_ROW = (exp.First, exp.FirstValue, exp.Last, exp.LastValue)
"""Functions that return a value of one row; ``any_value`` says itself that any will do."""


def choice_of_window(
    window: exp.Window, function: exp.Expr, partition: Ids | None, order: exp.Expr | None, reader: ExpressionReader
) -> ArbitraryChoice | None:
    """What a window function chooses from, without its rows; None for one that does not choose, or by what is unclear.

    Args:
        window: The window.
        function: The function in it.
        partition: The columns to partition by; None where they are not known.
        order: The ORDER BY of the window.
        reader: Reads expressions of the rows.
    """
    if partition is None or not isinstance(function, (exp.RowNumber, *_OF_ONE_ROW)):
        return None
    nodes = [item.this if isinstance(item, exp.Ordered) else item for item in (order.expressions if order else ())]
    items = [reader.read(node) for node in nodes]
    if any(isinstance(item, ir.Computed) and not item.is_deterministic and not item.queries for item in items):
        return None
    values = reader.read(function.this) if isinstance(function, _OF_ONE_ROW) else None
    ordered = NONE.union(*map(ir.reads_of, items))
    read = None if values is None else ir.reads_of(values)
    return ArbitraryChoice(place_of(window), function.sql_name().lower(), ir.Values(0, ()), partition, ordered, read)


def choices_of_groups(
    calls: Iterable[exp.Expr], rows: Relation, groups: Ids, reader: ExpressionReader
) -> list[ArbitraryChoice]:
    """The aggregates that return a value of one row of a group."""
    functions = [(call, unwrap_window_function(call)[0]) for call in calls]
    return [
        ArbitraryChoice(
            place_of(call), function.sql_name().lower(), rows, groups, values=ir.reads_of(reader.read(function.this))
        )
        for call, function in functions
        if isinstance(function, _OF_ONE_ROW)
    ]


def choice_of_limit(node: exp.Expr, rows: Relation) -> list[ArbitraryChoice]:
    """A LIMIT of rows that are in no order, neither here nor in a query that it reads; EXISTS asks for any of them."""
    limit = node.args["limit"]
    count = whole_number(limit.args.get("expression"))
    is_sorted = any(isinstance(order.parent, exp.Query) for order in node.find_all(exp.Order, exp.Sort, exp.Cluster))
    is_arbitrary = not is_sorted and not isinstance(node.parent, exp.Exists)
    return [ArbitraryChoice(place_of(limit), "limit", rows, count=count)] if is_arbitrary else []
