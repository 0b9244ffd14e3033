"""Random subqueries over one or two tables, with the hidden numbers of the rows that their values are a property of."""

from __future__ import annotations

import random
from dataclasses import dataclass

from cbx.analysis.facts import Table


@dataclass(frozen=True)
class Column:
    """A column of a source: its name, and the hidden numbers of the rows that its value is a property of."""

    name: str
    rids: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """What a query can read.

    Attributes:
        text: What the analysis reads: the name of a table, or a subquery.
        shown: What the engine reads.
        columns: Its columns.
        hidden: The hidden columns that it passes on.
    """

    text: str
    shown: str
    columns: tuple[Column, ...]
    hidden: tuple[str, ...]


def random_subquery(tables: tuple[Table, ...], chance: random.Random, name: str) -> Source:
    """A subquery; its hidden columns are named after ``name``."""
    form = chance.choice((_union, _distinct, _first_rows, _totals, _totals, _subtotals, _window))
    return form(tables, chance, f"rid_{name}")


def _columns(table: Table, chance: random.Random, count: int = 2) -> list[str]:
    names = [column.name for column in table.columns or ()]
    return chance.sample(names, min(count, len(names)))


def _source(text: str, shown: str, columns: tuple[Column, ...]) -> Source:
    hidden = tuple(dict.fromkeys(rid for column in columns for rid in column.rids))
    return Source(f"({text})", f"({shown})", columns, hidden)


def _union(tables: tuple[Table, ...], chance: random.Random, rid: str) -> Source:
    """Rows of two tables, or those of one twice, with or without what distinguishes them."""
    parts, hidden = [], []
    has_tag = chance.random() < 0.6
    for number in range(2):
        at = chance.randrange(len(tables))
        first, second = _columns(tables[at], chance)
        value = "0" if chance.random() < 0.15 else second
        tag = f", {number} AS tag" if has_tag else ""
        parts.append(f"SELECT {first} AS u, {value} AS v{tag} FROM {tables[at].name}")
        # A literal is a property of each row of the union, so each one counts as another.
        own = (
            f"1000 + rid_{tables[at].name} + 100 * {number}" if value == "0" else f"rid_{tables[at].name} + 5000 * {at}"
        )
        hidden.append(
            f"SELECT {first} AS u, {value} AS v{tag}, rid_{tables[at].name} + 5000 * {at} AS {rid}_u, {own} AS {rid}_v "
            f"FROM {tables[at].name}"
        )
    columns = (Column("u", (f"{rid}_u",)), Column("v", (f"{rid}_v",)))
    operator = " UNION ALL "
    return _source(operator.join(parts), operator.join(hidden), columns)


def _distinct(tables: tuple[Table, ...], chance: random.Random, rid: str) -> Source:
    table = chance.choice(tables)
    first, second = _columns(table, chance)
    text = f"SELECT DISTINCT {first} AS u, {second} AS v FROM {table.name}"
    shown = f"SELECT {first} AS u, {second} AS v, min(rid_{table.name}) AS {rid} FROM {table.name} GROUP BY ALL"
    return _source(text, shown, (Column("u", (rid,)), Column("v", (rid,))))


def _first_rows(tables: tuple[Table, ...], chance: random.Random, rid: str) -> Source:
    table = chance.choice(tables)
    first, second = _columns(table, chance)
    rest = f"FROM {table.name} QUALIFY row_number() OVER (PARTITION BY {first} ORDER BY {second}) = 1"
    items = f"SELECT {first} AS u, {second} AS v"
    return _source(
        f"{items} {rest}", f"{items}, rid_{table.name} AS {rid} {rest}", (Column("u", (rid,)), Column("v", (rid,)))
    )


def _totals(tables: tuple[Table, ...], chance: random.Random, rid: str) -> Source:
    table = chance.choice(tables)
    first, second = _columns(table, chance)
    text = f"SELECT {first} AS u, sum({second}) AS v FROM {table.name} GROUP BY {first}"
    return _source(
        text,
        f"SELECT *, row_number() OVER (ORDER BY 1) AS {rid} FROM ({text})",
        (Column("u", (rid,)), Column("v", (rid,))),
    )


def _subtotals(tables: tuple[Table, ...], chance: random.Random, rid: str) -> Source:
    """Totals and subtotals: whatever adds them up counts rows several times."""
    table = chance.choice(tables)
    first, second = _columns(table, chance)
    sets = chance.choice(("ROLLUP", "CUBE"))
    text = f"SELECT {first} AS u, sum({second}) AS v FROM {table.name} GROUP BY {sets} ({first})"
    return _source(text, f"SELECT *, 0 AS {rid} FROM ({text})", (Column("v", (rid,)),))


def _window(tables: tuple[Table, ...], chance: random.Random, rid: str) -> Source:
    """The total of a partition, in each of its rows."""
    table = chance.choice(tables)
    first, second = _columns(table, chance)
    items = f"{first} AS u, sum({second}) OVER (PARTITION BY {first}) AS v"
    shown = f"{items}, rid_{table.name} AS {rid}_u, dense_rank() OVER (ORDER BY {first}) AS {rid}_v"
    return _source(
        f"SELECT {items} FROM {table.name}",
        f"SELECT {shown} FROM {table.name}",
        (Column("u", (f"{rid}_u",)), Column("v", (f"{rid}_v",))),
    )
