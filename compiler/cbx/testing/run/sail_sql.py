"""What Sail does not read in a query, said in other words: ``GROUP BY ALL``, ``QUALIFY``, and the order of structs.

Sail parses less than Spark. What the compiler's own reader understands is rewritten where its meaning can be told;
what Sail then still does not parse is the engine's limit, not the model's mistake.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from cbx.parse.nesting import obstacle

_DIALECT = "databricks"
_GROUP_BY_ALL = re.compile(r"\bGROUP\s+BY\s+ALL\b", re.IGNORECASE)
_REWRITTEN = re.compile(r"\bQUALIFY\b|\bstruct\s*\(", re.IGNORECASE)
QUALIFIED = "__cbx_qualified_"
"""How the columns are named that hold what QUALIFY asks for."""
_OUTER = ("with_", "order", "limit", "offset")
"""The clauses that apply after QUALIFY, or to the query as a whole."""


def rewrite_for_sail(text: str) -> str:
    """The text in the words that Sail reads, as far as they mean the same.

    Example:
        ``SELECT city, count(*) FROM t GROUP BY ALL`` becomes ``SELECT city, count(*) FROM t GROUP BY 1``.
    """
    text = _without_group_by_all(text)
    if not _REWRITTEN.search(text) or obstacle(text):
        return text
    try:
        tree = sqlglot.parse_one(text, dialect=_DIALECT)
        before = tree.copy()
        _order_by_fields(tree)
        tree = _without_qualify(tree)
        return text if tree == before else tree.sql(dialect=_DIALECT)
    except (SqlglotError, RecursionError):
        return text


def is_valid_sql(text: str) -> bool:
    """Whether the compiler's reader parses a text, which Sail may not."""
    if obstacle(text):
        return False
    try:
        return all(one is not None for one in sqlglot.parse(text, dialect=_DIALECT))
    except (SqlglotError, RecursionError):
        return False


def _without_qualify(tree: exp.Expr) -> exp.Expr:
    """A query in which each QUALIFY is the WHERE of a query around it.

    ``SELECT a FROM t QUALIFY row_number() OVER (..) = 1`` becomes ``SELECT a FROM (SELECT a, row_number() OVER (..) = 1
    AS kept FROM t) WHERE kept``. Sail cannot leave a column out of a star, so beside one the column stays.
    """
    qualified = [node for node in tree.find_all(exp.Select) if node.args.get("qualify")]
    for number, node in enumerate(reversed(qualified)):
        query = _filtered_around(node, f"{QUALIFIED}{number}")
        if query is None:
            continue
        if node is tree:
            return query
        node.replace(query)
    return tree


def _filtered_around(node: exp.Select, kept: str) -> exp.Select | None:
    """The query around one with QUALIFY; None where what comes after QUALIFY needs columns that are not selected."""
    inner = node.copy()
    condition = inner.args["qualify"].this
    inner.set("qualify", None)
    aliased = {one.alias.lower(): one.this for one in inner.expressions if isinstance(one, exp.Alias)}
    names = [one.alias_or_name for one in inner.expressions]
    is_open = any(one.is_star for one in inner.expressions)
    order = inner.args.get("order")
    needed = {column.name.lower() for column in order.find_all(exp.Column)} if order is not None else set()
    if not is_open and (not all(names) or needed - {name.lower() for name in names}):
        return None

    def written_out(part: exp.Expr) -> exp.Expr:
        is_alias = isinstance(part, exp.Column) and not part.table and part.name.lower() in aliased
        return exp.paren(aliased[part.name.lower()].copy()) if is_alias else part

    shown = [exp.Star()] if is_open else [exp.column(name, quoted=True) for name in names]
    outer = {name: inner.args.pop(name) for name in _OUTER if inner.args.get(name)}
    inner.append("expressions", exp.alias_(exp.paren(condition.transform(written_out)), kept))
    query = exp.select(*shown).from_(inner.subquery(alias="__cbx_rows")).where(exp.column(kept))
    for column in outer["order"].find_all(exp.Column) if "order" in outer else ():
        column.set("table", None)
    for name, clause in outer.items():
        query.set(name, clause)
    return query


def _order_by_fields(tree: exp.Expr) -> None:
    """Order by the fields of a struct, one after the other, which is how structs are ordered."""
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


def _without_group_by_all(text: str) -> str:
    """The text without ``GROUP BY ALL``, where what it stands for can be seen."""
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
    """What each ``GROUP BY ALL`` means, in the order of the text: a query's own comes after those inside it."""
    for inside in node.iter_expressions():
        yield from _groupings(inside)
    group = node.args.get("group") if isinstance(node, exp.Select) else None
    if group is not None and group.args.get("all"):
        yield _positions(node.expressions)


def _positions(columns: list[exp.Expr]) -> str | None:
    """The clause that groups by every column that aggregates nothing; None where a star hides some."""
    if any(column.is_star for column in columns):
        return None
    plain = [str(place) for place, column in enumerate(columns, start=1) if not _aggregates(column)]
    return f"GROUP BY {', '.join(plain)}" if plain else ""


def _aggregates(column: exp.Expr) -> bool:
    return any(not isinstance(one.parent, exp.Window) for one in column.find_all(exp.AggFunc))
