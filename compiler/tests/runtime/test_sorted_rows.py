"""Rows in order, read in parts: the same as if all of them were sorted in memory."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from cbx.runtime.tables.sorted_rows import all_rows_of, first_rows_of, sort_keys

SEED = 20260303


class Batches:
    """Rows in batches of random sizes."""

    def __init__(self, table: pa.Table, chance: random.Random) -> None:
        self.schema, self.count = table.schema, table.num_rows
        self._parts = []
        start = 0
        while start < table.num_rows:
            size = chance.randint(1, 40)
            self._parts.append(table.slice(start, size).combine_chunks())
            start += size

    def batches(self, columns: Sequence[str] | None = None, where: pc.Expression | None = None) -> Iterator[pa.Table]:
        for part in self._parts:
            kept = part if where is None else part.filter(where)
            yield kept if columns is None else kept.select(columns)


def values(chance: random.Random, kind: str, count: int) -> list[Any]:
    """Values of a column; few different ones, many NULLs, NaN among the floats."""
    choices: dict[str, list[Any]] = {
        "constant": [7],
        "nothing": [None],
        "few": [1, 2, 2, 2, 2, 2, 2, 2, None],
        "many": list(range(-500, 500)),
        "float": [0.5, -1.25, float("nan"), None, 1e300, float("inf")],
        "text": ["", "a", "B", "ä", "\U0001f600", None, *map(str, range(50))],
        "flag": [True, False, None],
        "day": [dt.date(2026, 1, day) for day in range(1, 29)],
        "price": [Decimal("1.10"), Decimal("-3.00"), None],
    }
    return chance.choices(choices[kind], k=count)


KINDS = {
    "constant": pa.int64(),
    "nothing": pa.int32(),
    "few": pa.int64(),
    "many": pa.int64(),
    "float": pa.float64(),
    "text": pa.string(),
    "flag": pa.bool_(),
    "day": pa.date32(),
    "price": pa.decimal128(10, 2),
}


def draw(seed: int) -> tuple[pa.Table, random.Random]:
    chance = random.Random(SEED + seed)
    count = chance.choice([0, 1, 30, 400])
    names = chance.sample(sorted(KINDS), chance.randint(1, 4))
    columns = {name: pa.array(values(chance, name, count), KINDS[name]) for name in names}
    columns["items"] = pa.array([[number] for number in range(count)], pa.list_(pa.int64()))
    return pa.table(columns), chance


def whole(table: pa.Table) -> pa.Table:
    return table.sort_by([(name, "ascending") for name in sort_keys(table.schema)])


def texts(table: pa.Table) -> list[str]:
    """Rows as texts, in which NaN is equal to NaN; without the list, whose order within equal rows is free."""
    return [repr(row) for row in table.drop_columns(["items"]).to_pylist()]


@pytest.mark.parametrize("seed", range(40))
def test_parts_in_order_are_the_whole_in_order(seed: int) -> None:
    """However few rows fit into memory, and however many rows have the same value."""
    table, chance = draw(seed)
    parts = all_rows_of(Batches(table, chance), chance.choice([1, 5, 30]))
    rows = pa.concat_tables([table.schema.empty_table(), *parts])

    assert texts(rows) == texts(whole(table))
    assert sorted(item for items in rows["items"].to_pylist() for item in items) == list(range(table.num_rows))


@pytest.mark.parametrize("seed", range(40))
def test_first_rows_are_those_of_the_whole_in_order(seed: int) -> None:
    table, chance = draw(seed)
    limit = chance.choice([1, 2, 10, 100, 1000])

    assert texts(first_rows_of(Batches(table, chance), limit)) == texts(whole(table).slice(0, limit))


def test_rows_without_a_column_that_can_be_compared_keep_their_order() -> None:
    table = pa.table({"items": [[number] for number in range(100)]})
    rows = Batches(table, random.Random(SEED))

    assert pa.concat_tables(all_rows_of(rows, 10))["items"].to_pylist() == table["items"].to_pylist()
    assert first_rows_of(rows, 3)["items"].to_pylist() == [[0], [1], [2]]
