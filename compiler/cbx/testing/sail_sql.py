"""What Sail does not read in a query, said in other words: ``GROUP BY ALL`` as the positions that it stands for."""

from __future__ import annotations

import re
from collections.abc import Iterator

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from cbx.parse.nesting import obstacle

_GROUP_BY_ALL = re.compile(r"\bGROUP\s+BY\s+ALL\b", re.IGNORECASE)


def for_sail(text: str) -> str:
    """The text without ``GROUP BY ALL``, where what it stands for can be seen.

    Example:
        ``SELECT city, count(*) FROM t GROUP BY ALL`` becomes ``SELECT city, count(*) FROM t GROUP BY 1``.
    """
    places = list(_GROUP_BY_ALL.finditer(text))
    if not places or obstacle(text):
        return text
    try:
        groupings = list(_groupings(sqlglot.parse_one(text, dialect="databricks")))
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
