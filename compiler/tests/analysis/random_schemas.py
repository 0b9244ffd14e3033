"""Random small schemas with keys and relationships, and random rows that respect them."""

from __future__ import annotations

import random
from dataclasses import dataclass

from cbx.analysis.facts import CurrentKey, Table, TableColumn, TableRelationship

Row = tuple[int | None, ...]

_NAMES = ("a", "b", "c", "d")


@dataclass(frozen=True)
class Schema:
    tables: tuple[Table, ...]
    relationships: tuple[TableRelationship, ...]

    @property
    def by_name(self) -> dict[str, Table]:
        return {table.name: table for table in self.tables}


def random_schema(chance: random.Random) -> Schema:
    tables = tuple(_random_table(f"t{number}", chance) for number in range(chance.randint(2, 4)))
    found = {}
    for _ in range(chance.randint(3, 8)):
        relationship = _random_relationship(tables, chance)
        if relationship is not None:
            found.setdefault((relationship.child, relationship.parent), relationship)
    return Schema(tables, tuple(found.values()))


def _random_table(name: str, chance: random.Random) -> Table:
    names = _NAMES[: chance.randint(2, 4)]
    columns = tuple(TableColumn(name, "BIGINT", chance.random() < 0.5) for name in names)
    if chance.random() < 0.15:
        versioned = (*columns, TableColumn("since", "BIGINT"), TableColumn("until", "BIGINT"))
        return Table(name, versioned, (("a", "since"),), (CurrentKey(("a",), "until"),))
    keys = {_some(names, chance.choice((1, 1, 1, 2)), chance) for _ in range(chance.choice((0, 1, 1, 1, 2)))}
    minimal = sorted(key for key in keys if not any(set(other) < set(key) for other in keys))
    return Table(name, columns, tuple(minimal))


def _some(names: tuple[str, ...], count: int, chance: random.Random) -> tuple[str, ...]:
    return tuple(sorted(chance.sample(names, count)))


def _random_relationship(tables: tuple[Table, ...], chance: random.Random) -> TableRelationship | None:
    parent, child = sorted(chance.sample(tables, 2), key=tables.index)
    if not parent.keys or parent.current_keys:
        return None
    key = chance.choice(parent.keys)
    plain = [column.name for column in child.columns or () if column.name in _NAMES]
    if len(plain) < len(key):
        return None
    columns = tuple(chance.sample(plain, len(key)))
    unique = any(set(key) <= set(columns) for key in child.keys)
    if child.current_keys and columns == ("a",):
        return None
    return TableRelationship(
        parent.name, child.name, tuple(zip(columns, key, strict=True)), "one_to_one" if unique else "one_to_many"
    )


def random_rows(schema: Schema, chance: random.Random) -> dict[str, list[Row]]:
    """Rows of each table; values repeat often, references mostly find their parent, and some tables are empty."""
    rows: dict[str, list[Row]] = {}
    for table in schema.tables:
        count = 0 if chance.random() < 0.06 else chance.randint(1, 12)
        largest = chance.choice((2, 4, 8))
        rows[table.name] = []
        for _ in range(count):
            row = _random_row(table, schema, rows, largest, chance)
            if _fits(table, rows[table.name], row):
                rows[table.name].append(row)
    return rows


def _random_row(table: Table, schema: Schema, rows: dict[str, list[Row]], largest: int, chance: random.Random) -> Row:
    assert table.columns is not None
    values: dict[str, int | None] = {}
    for column in table.columns:
        is_null = not column.not_null and chance.random() < (0.6 if column.name == "until" else 0.2)
        values[column.name] = None if is_null else chance.randint(0, largest)
    for relationship in schema.relationships:
        candidates = rows.get(relationship.parent)
        if relationship.child == table.name and candidates and chance.random() < 0.8:
            found = chance.choice(candidates)
            names = [column.name for column in schema.by_name[relationship.parent].columns or ()]
            for mine, theirs in relationship.on:
                values[mine] = found[names.index(theirs)]
    nullable = {column.name for column in table.columns if not column.not_null}
    return tuple(
        chance.randint(0, largest) if value is None and name not in nullable else value
        for name, value in values.items()
    )


def _fits(table: Table, rows: list[Row], row: Row) -> bool:
    names = [column.name for column in table.columns or ()]

    def part(row: Row, columns: tuple[str, ...]) -> Row:
        return tuple(row[names.index(column)] for column in columns)

    if any(part(row, key) == part(other, key) for key in table.keys for other in rows):
        return False
    for current in table.current_keys:
        at = names.index(current.null_column)
        if row[at] is None and any(
            other[at] is None and part(other, current.columns) == part(row, current.columns) for other in rows
        ):
            return False
    return True
