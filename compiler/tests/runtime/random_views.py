"""Random queries of materialized views over tables that grow, and random rows for these tables."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any, NamedTuple

TABLES = """
    import dlt

    COLUMNS = "id INT, city STRING, amount DECIMAL(10, 2), weight DOUBLE, at TIMESTAMP"

    @dlt.table
    def orders():
        return spark.readStream.schema(COLUMNS).json("landing/orders")

    @dlt.table
    def visits():
        return spark.readStream.schema(COLUMNS).json("landing/visits")

    @dlt.table
    def cities():
        return spark.read.schema(COLUMNS).json("landing/cities")
"""
_COLUMNS = {"id": "number", "city": "text", "amount": "decimal", "weight": "double", "at": "time"}
_JOINS = ("JOIN", "JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "LEFT SEMI JOIN", "LEFT ANTI JOIN")
_EXPRESSIONS = {
    "number": ("{0}", "{0} + 1", "CAST({0} AS BIGINT)", "coalesce({0}, 0)"),
    "text": ("{0}", "upper({0})", "substring({0}, 1, 1)", "coalesce({0}, 'none')"),
    "decimal": ("{0}", "{0} * 2", "CAST({0} AS DECIMAL(12, 1))"),
    "double": ("{0}", "CAST({0} AS STRING)"),
    "time": ("{0}", "to_date({0})", "date_trunc('MONTH', {0})", "day({0})"),
}
_AGGREGATES = {
    "number": ("count({0})", "sum({0})", "min({0})", "count(DISTINCT {0})", "avg({0})"),
    "text": ("count({0})", "max({0})", "count(DISTINCT {0})", "count_if({0} > 'Q')"),
    "decimal": ("sum({0})", "avg({0})", "max({0})", "sum(DISTINCT {0})"),
    "double": ("count({0})", "max({0})", "sum({0})"),
    "time": ("min({0})", "max({0})", "count(DISTINCT {0})"),
}


_RULES = (
    'expect("has_first", "c0 IS NOT NULL")',
    "expect_or_drop(\"is_not_upper\", \"coalesce(CAST(c0 AS STRING), '') <> 'ULM'\")",
    'expect_or_fail("exists", "true")',
)


class Query(NamedTuple):
    """A query, and the types of its columns, which are named ``c0``, ``c1`` and so on."""

    text: str
    types: tuple[str, ...]


def random_views(rng: random.Random, number: int) -> str:
    """The notebook with the tables and some views, of which some read others."""
    text, views = TABLES, []
    for place in range(number):
        query = _query(rng, rng.randrange(1, 3), views)
        rules = "".join(f"    @dlt.{rule}\n" for rule in _RULES if rng.random() < 0.3)
        text += f"\n    @dlt.table\n{rules}    def view_{place}():\n        return spark.sql({query.text!r})\n"
        views.append(Query(f"view_{place}", query.types))
    return text


def random_rows(rng: random.Random, size: int) -> list[dict[str, Any]]:
    """Rows of a table; many have equal values, and NULL."""
    return [
        {
            "id": rng.choice([None, *range(6)]),
            "city": rng.choice([None, "Ulm", "ulm", "Rom", "Oslo", "", "it's \\ é"]),
            "amount": rng.choice([None, "1.50", "0.25", "-3.00"]),
            "weight": rng.choice([None, 0.0, -0.0, 0.5, 1.5]),
            "at": rng.choice([None, "2026-01-01 10:00:00", "2026-01-31 23:59:59.999999", "1969-12-31 01:00:00"]),
        }
        for _ in range(size)
    ]


def _query(rng: random.Random, depth: int, views: Sequence[Query]) -> Query:
    if depth == 0:
        return _table(rng, views)
    makers = (_filter, _project, _join, _join, _aggregate, _aggregate, _totals, _totals, _distinct, _union)
    return rng.choice(makers)(rng, depth, views)


def _table(rng: random.Random, views: Sequence[Query]) -> Query:
    view = rng.choice(views) if views and rng.random() < 0.2 else None
    if view is not None:
        columns = ", ".join(f"c{place}" for place in range(len(view.types)))
        return Query(f"SELECT {columns} FROM {view.text}", view.types)
    names = list(_COLUMNS) if rng.random() < 0.2 else [name for name in _COLUMNS if name != "weight"]
    columns = ", ".join(f"{name} AS c{place}" for place, name in enumerate(names))
    table = rng.choice(("orders", "orders", "visits", "cities"))
    return Query(f"SELECT {columns} FROM {table}", tuple(_COLUMNS[name] for name in names))


def _filter(rng: random.Random, depth: int, views: Sequence[Query]) -> Query:
    inner = _query(rng, depth - 1, views)
    column = f"c{rng.randrange(len(inner.types))}"
    condition = rng.choice(
        (f"{column} IS NOT NULL", f"{column} IS NULL", f"{column} = {column}", "c0 = c0 OR c0 IS NULL")
    )
    return Query(f"SELECT * FROM ({inner.text}) WHERE {condition}", inner.types)


def _project(rng: random.Random, depth: int, views: Sequence[Query]) -> Query:
    inner = _query(rng, depth - 1, views)
    places = rng.sample(range(len(inner.types)), rng.randint(1, len(inner.types)))
    items, types = _items(rng, [(f"c{place}", inner.types[place]) for place in places])
    return Query(f"SELECT {', '.join(items)} FROM ({inner.text})", types)


def _items(rng: random.Random, columns: Sequence[tuple[str, str]]) -> tuple[list[str], tuple[str, ...]]:
    """Expressions over columns with their names, and their types."""
    items, types = [], []
    for place, (column, kind) in enumerate(columns):
        form = rng.choice(_EXPRESSIONS[kind])
        items.append(f"{form.format(column)} AS c{place}")
        types.append({"to_date({0})": "time", "day({0})": "number", "CAST({0} AS STRING)": "text"}.get(form, kind))
    return items, tuple(types)


def _join(rng: random.Random, depth: int, views: Sequence[Query]) -> Query:
    left, right = _query(rng, depth - 1, views), _query(rng, rng.randrange(depth), views)
    pairs = [(a, b) for a, x in enumerate(left.types) for b, y in enumerate(right.types) if x == y]
    if not pairs:
        return left
    chosen = rng.sample(pairs, min(len(pairs), rng.randint(1, 2)))
    operator = rng.choice(("=", "=", "=", "<=>"))
    condition = " AND ".join(f"a.c{ours} {operator} b.c{theirs}" for ours, theirs in chosen)
    join = rng.choice(_JOINS)
    columns = [(f"a.c{place}", kind) for place, kind in enumerate(left.types)]
    if "SEMI" not in join and "ANTI" not in join:
        columns += [(f"b.c{place}", kind) for place, kind in enumerate(right.types)]
    kept = rng.sample(columns, min(len(columns), rng.randint(1, 5)))
    items = ", ".join(f"{column} AS c{place}" for place, (column, _) in enumerate(kept))
    text = f"SELECT {items} FROM ({left.text}) AS a {join} ({right.text}) AS b ON {condition}"
    return Query(text, tuple(kind for _, kind in kept))


def _aggregate(rng: random.Random, depth: int, views: Sequence[Query]) -> Query:
    inner = _query(rng, depth - 1, views)
    columns = [(f"c{place}", kind) for place, kind in enumerate(inner.types)]
    groups, types = _items(rng, rng.sample(columns, rng.randint(0 if rng.random() < 0.1 else 1, min(2, len(columns)))))
    parts, kinds = list(groups), list(types)
    for column, kind in rng.sample(columns, rng.randint(1, min(2, len(columns)))):
        form = rng.choice(_AGGREGATES[kind])
        parts.append(f"{form.format(column)} AS c{len(parts)}")
        kinds.append("number" if form.startswith("count") else "double" if form == "avg({0})" != kind else kind)
    having = rng.choice(("", "", " HAVING count(*) > 1"))
    by = f" GROUP BY {', '.join(group.rpartition(' AS ')[0] for group in groups)}" if groups else ""
    return Query(f"SELECT {', '.join(parts)} FROM ({inner.text}){by}{having}", tuple(kinds))


def _totals(rng: random.Random, depth: int, views: Sequence[Query]) -> Query:
    """Groups that can be merged, alone or joined with a table that does not grow."""
    del depth
    inner = _filter(rng, 1, views) if rng.random() < 0.5 else _table(rng, views)
    columns = [(f"c{place}", kind) for place, kind in enumerate(inner.types)]
    groups, types = _items(rng, rng.sample([each for each in columns if each[1] != "double"] or columns, 1))
    parts, kinds = list(groups), list(types)
    for column, kind in rng.choices(columns, k=rng.randint(1, 3)):
        form = rng.choice([form for form in _AGGREGATES[kind] if "avg" not in form and "sum(DISTINCT" not in form])
        parts.append(f"{form.format(column)} AS c{len(parts)}")
        kinds.append("number" if form.startswith("count") else kind)
    text = f"SELECT {', '.join(parts)} FROM ({inner.text}) GROUP BY {groups[0].rpartition(' AS ')[0]}"
    names = {"text": "city", "number": "id", "decimal": "amount", "time": "at"}
    if rng.random() < 0.3 and kinds[0] in names:
        join, name = rng.choice(("JOIN", "LEFT JOIN", "LEFT SEMI JOIN")), names[kinds[0]]
        text = f"SELECT a.* FROM ({text}) AS a {join} cities AS b ON a.c0 = b.{name}"
    return Query(text, tuple(kinds))


def _distinct(rng: random.Random, depth: int, views: Sequence[Query]) -> Query:
    inner = _query(rng, depth - 1, views)
    return Query(f"SELECT DISTINCT * FROM ({inner.text})", inner.types)


def _union(rng: random.Random, depth: int, views: Sequence[Query]) -> Query:
    first = _query(rng, depth - 1, views)
    second = _filter(rng, 1, views) if rng.random() < 0.5 else first
    if second.types != first.types:
        second = first
    return Query(f"({first.text}) UNION {rng.choice(('', 'ALL'))} ({second.text})", first.types)
