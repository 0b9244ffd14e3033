"""Rewrites what Sail does not support in a query: ``GROUP BY ALL``, ``QUALIFY``, and the order of structs.

Sail parses less than Spark. A query is rewritten if sqlglot parses it and the meaning is clear. If Sail still does not
parse it, that is a limit of the engine, not an error of the model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from cbx.parse.databricks_sql.nesting import obstacle
from cbx.runtime.sail.functions.dates_of_texts import cast_sql_texts_to_dates

_DIALECT = "databricks"
_GROUP_BY_ALL = re.compile(r"\bGROUP\s+BY\s+ALL\b", re.IGNORECASE)
_UNSUPPORTED = re.compile(r"\bQUALIFY\b|\bstruct\s*\(|\bAS\s+DATE\b|::\s*DATE\b", re.IGNORECASE)
QUALIFIED = "__cbx_qualified_"
"""The prefix of the columns with the conditions of QUALIFY."""
_OUTER = ("with_", "order", "limit", "offset")
"""The clauses that apply after QUALIFY, or to the query as a whole."""


def rewrite_for_sail(text: str) -> str:
    """An equivalent text that Sail parses, as far as that is possible.

    Example:
        ``SELECT city, count(*) FROM t GROUP BY ALL`` becomes ``SELECT city, count(*) FROM t GROUP BY 1``.
    """
    text = _replace_group_by_all(text)
    if not _UNSUPPORTED.search(text) or obstacle(text):
        return text
    try:
        tree = sqlglot.parse_one(text, dialect=_DIALECT)
        before = tree.copy()
        _order_by_fields(tree)
        cast_sql_texts_to_dates(tree)
        tree = _replace_qualify(tree)
        return text if tree == before else tree.sql(dialect=_DIALECT)
    except (SqlglotError, RecursionError):
        return text


def is_valid_sql(text: str) -> bool:
    """Whether sqlglot parses a text, which Sail may not."""
    if obstacle(text):
        return False
    try:
        return all(statement is not None for statement in sqlglot.parse(text, dialect=_DIALECT))
    except (SqlglotError, RecursionError):
        return False


def _replace_qualify(tree: exp.Expr) -> exp.Expr:
    """Replace each QUALIFY by the WHERE of an outer query.

    ``SELECT a FROM t QUALIFY row_number() OVER (..) = 1`` becomes ``SELECT a FROM (SELECT a, row_number() OVER (..) = 1
    AS qualified FROM t) WHERE qualified``. Sail has no ``SELECT * EXCEPT``, so with a star the column stays.
    """
    qualified = [node for node in tree.find_all(exp.Select) if node.args.get("qualify")]
    for number, node in enumerate(reversed(qualified)):
        query = _wrap_in_filter(node, f"{QUALIFIED}{number}")
        if query is None:
            continue
        if node is tree:
            return query
        node.replace(query)
    return tree


def _wrap_in_filter(node: exp.Select, qualified: str) -> exp.Select | None:
    """The outer query for a query with QUALIFY; None if its ORDER BY needs columns that are not selected."""
    inner = node.copy()
    condition = inner.args["qualify"].this
    inner.set("qualify", None)
    aliased = {column.alias.lower(): column.this for column in inner.expressions if isinstance(column, exp.Alias)}
    names = [column.alias_or_name for column in inner.expressions]
    has_star = any(column.is_star for column in inner.expressions)
    order = inner.args.get("order")
    needed = {column.name.lower() for column in order.find_all(exp.Column)} if order is not None else set()
    if not has_star and (not all(names) or needed - {name.lower() for name in names}):
        return None

    def expand_alias(part: exp.Expr) -> exp.Expr:
        is_alias = isinstance(part, exp.Column) and not part.table and part.name.lower() in aliased
        return exp.paren(aliased[part.name.lower()].copy()) if is_alias else part

    columns = [exp.Star()] if has_star else [exp.column(name, quoted=True) for name in names]
    outer = {name: inner.args.pop(name) for name in _OUTER if inner.args.get(name)}
    inner.append("expressions", exp.alias_(exp.paren(condition.transform(expand_alias)), qualified))
    query = exp.select(*columns).from_(inner.subquery(alias="__cbx_rows")).where(exp.column(qualified))
    for column in outer["order"].find_all(exp.Column) if "order" in outer else ():
        column.set("table", None)
    for name, clause in outer.items():
        query.set(name, clause)
    return query


def _order_by_fields(tree: exp.Expr) -> None:
    """Replace a struct in ORDER BY by its fields, which is the same order."""
    for order in list(tree.find_all(exp.Order)):
        pieces: list[exp.Expr] = []
        for ordered in order.expressions:
            struct = ordered.this if isinstance(ordered, exp.Ordered) else ordered
            fields = struct.expressions if isinstance(struct, exp.Struct) else None
            if fields is None or not isinstance(ordered, exp.Ordered):
                pieces.append(ordered)
                continue
            for field in fields:
                value = field.expression if isinstance(field, exp.PropertyEQ) else field.unalias()
                piece = ordered.copy()
                piece.set("this", value.copy())
                pieces.append(piece)
        order.set("expressions", pieces)


def _replace_group_by_all(text: str) -> str:
    """Replace ``GROUP BY ALL`` by the positions of the columns, if they can be determined."""
    places = list(_GROUP_BY_ALL.finditer(text))
    if not places or obstacle(text):
        return text
    try:
        groupings = list(_groupings(sqlglot.parse_one(text, dialect=_DIALECT)))
    except (SqlglotError, RecursionError):
        return text
    if len(groupings) != len(places):
        return text
    for place, positions in reversed(list(zip(places, groupings, strict=True))):
        if positions is not None:
            text = f"{text[: place.start()]}{positions}{text[place.end() :]}"
    return text


def _groupings(node: exp.Expr) -> Iterator[str | None]:
    """The replacement of each ``GROUP BY ALL``, in the order of the text: that of a query after its subqueries'."""
    for child in node.iter_expressions():
        yield from _groupings(child)
    group = node.args.get("group") if isinstance(node, exp.Select) else None
    if group is not None and group.args.get("all"):
        yield _positions(node.expressions)


def _positions(columns: list[exp.Expr]) -> str | None:
    """The clause that groups by every column without an aggregate; None if a star hides columns."""
    if any(column.is_star for column in columns):
        return None
    positions = [str(position) for position, column in enumerate(columns, start=1) if not _has_aggregate(column)]
    return f"GROUP BY {', '.join(positions)}" if positions else ""


def _has_aggregate(column: exp.Expr) -> bool:
    return any(not isinstance(aggregate.parent, exp.Window) for aggregate in column.find_all(exp.AggFunc))
