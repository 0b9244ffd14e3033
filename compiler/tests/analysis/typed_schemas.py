"""Random schemas whose columns have every type, and rows for them that tempt a wrong claim.

A column's values come from a small pool of its type: values that are equal and can be told apart (0.0 and -0.0), texts
that differ in blanks, case or leading zeros, points in time that one clock shows twice. Declared keys hold as Spark's
GROUP BY compares: NULL equals NULL, NaN equals NaN, -0.0 equals 0.0.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import NamedTuple

from cbx.analysis.facts import CurrentKey, Table, TableColumn, TableRelationship


class Value(NamedTuple):
    """A value as SQL writes it, and what stands for it where values are compared."""

    sql: str
    identity: str


def _plain(*texts: str) -> tuple[Value, ...]:
    return tuple(Value(text, text) for text in texts)


_NULL = Value("NULL", "NULL")
_ZEROS = (Value("0.0D", "0"), Value("-0.0D", "0"))
POOLS: dict[str, tuple[Value, ...]] = {
    "BIGINT": _plain("1L", "2L", "0L", "7L", "3L", "9007199254740993L", "9007199254740992L", "-1L"),
    "INT": _plain("1", "2", "0", "7", "3", "-1"),
    "SMALLINT": _plain("1S", "2S", "0S", "7S"),
    "DOUBLE": (*_ZEROS, *_plain("1.0D", "double('NaN')", "2.0D", "0.5D", "9007199254740992.0D")),
    "FLOAT": (Value("0.0F", "0"), Value("-0.0F", "0"), *_plain("1.0F", "float('NaN')", "0.1F", "2.0F")),
    "DECIMAL(10, 2)": _plain("1.00", "1.10", "7.00", "0.00", "2.50"),
    "DECIMAL(20, 0)": _plain("1", "7", "0", "9007199254740993", "2"),
    "STRING": _plain("'a'", "'A'", "'a '", "''", "' '", "'b'", "'ab'", "'-'", "'a-b'", "'b-'"),
    "NUMERIC STRING": _plain("'7'", "'07'", "'1'", "'01'", "' 7'", "'0'", "'2'"),
    "DATE": _plain("DATE'2024-01-31'", "DATE'2024-01-01'", "DATE'2011-12-30'", "DATE'2011-12-31'", "DATE'2024-02-29'"),
    "TIMESTAMP": _plain(
        "TIMESTAMP'2024-01-01 00:00:00Z'", "TIMESTAMP'2024-11-03 05:30:00Z'", "TIMESTAMP'2024-11-03 06:30:00Z'",
        "TIMESTAMP'2024-01-01 12:30:00Z'", "TIMESTAMP'2024-01-01 12:30:00.000001Z'",
    ),
    "TIMESTAMP_NTZ": _plain(
        "TIMESTAMP_NTZ'2024-01-01 00:00:00'", "TIMESTAMP_NTZ'2024-03-10 02:30:00'",
        "TIMESTAMP_NTZ'2024-03-10 03:30:00'", "TIMESTAMP_NTZ'2011-12-30 10:00:00'",
    ),
    "BOOLEAN": _plain("true", "false"),
    "BINARY": _plain("X'61'", "X''", "X'6100'", "X'FF'"),
    "ARRAY<BIGINT>": _plain("array(1L)", "array(1L, 1L)", "array(1L, 2L)", "array()", "array(NULL, 1L)", "array(2L)"),
    "ARRAY<STRING>": _plain("array('a')", "array('a', 'a')", "array('a', 'b')", "array()", "array('A', NULL)"),
    "ARRAY<DOUBLE>": (
        Value("array(0.0D)", "array(0)"), Value("array(-0.0D)", "array(0)"), *_plain("array(double('NaN'))", "array()"),
    ),
    "MAP<STRING, BIGINT>": _plain("map('a', 1L)", "map('b', 1L)", "map('a', 2L)", "map('a', 1L, 'b', 1L)", "map()"),
    "STRUCT<x: BIGINT, y: STRING>": _plain(
        "named_struct('x', 1L, 'y', 'a')", "named_struct('x', 1L, 'y', 'A')", "named_struct('x', 2L, 'y', 'a')",
        "named_struct('x', NULL, 'y', 'a')", "named_struct('x', NULL, 'y', NULL)",
    ),
}  # fmt: skip
_KEY_TYPES = (
    "BIGINT", "BIGINT", "BIGINT", "INT", "STRING", "STRING", "NUMERIC STRING", "DATE", "DOUBLE", "DECIMAL(10, 2)",
    "TIMESTAMP", "BOOLEAN", "TIMESTAMP_NTZ", "FLOAT", "BINARY", "STRUCT<x: BIGINT, y: STRING>", "ARRAY<BIGINT>",
)  # fmt: skip
_FREQUENT = ("BIGINT",) * 6 + ("STRING",) * 5 + ("INT", "DOUBLE", "DATE", "NUMERIC STRING") * 2
_NAMES = ("a", "b", "c", "d", "e", "f")
SINCE, UNTIL = "__START_AT", "__END_AT"


@dataclass(frozen=True)
class TypedSchema:
    """Tables with keys and relationships; ``kinds`` has the pool of each column's values."""

    tables: tuple[Table, ...]
    relationships: tuple[TableRelationship, ...]
    kinds: dict[tuple[str, str], str]

    @property
    def by_name(self) -> dict[str, Table]:
        return {table.name: table for table in self.tables}


def sql_type(kind: str) -> str:
    """The type of a pool's values."""
    return "STRING" if kind == "NUMERIC STRING" else kind


def typed_schema(chance: random.Random) -> TypedSchema:
    """Two to four tables; a table refers to those before it."""
    kinds: dict[tuple[str, str], str] = {}
    tables: list[Table] = []
    relationships: list[TableRelationship] = []
    for number in range(chance.randint(2, 4)):
        parents = [table for table in tables if table.keys and not table.current_keys]
        parent = chance.choice(parents) if parents and chance.random() < 0.75 else None
        table, relationship = _random_table(f"t{number}", parent, kinds, chance)
        tables.append(table)
        relationships += [relationship] if relationship else []
    return TypedSchema(tuple(tables), tuple(relationships), kinds)


def _random_table(
    name: str, parent: Table | None, kinds: dict[tuple[str, str], str], chance: random.Random
) -> tuple[Table, TableRelationship | None]:
    names = list(_NAMES[: chance.randint(3, 6)])
    types = [chance.choice(_KEY_TYPES) for _ in names[:2]]
    types += [chance.choice((*_FREQUENT, *POOLS)) for _ in names[2:]]
    references: dict[str, str] = {}
    if parent is not None:
        key = chance.choice(parent.keys)
        if len(key) < len(names):
            references = dict(zip(chance.sample(names[: max(3, len(key))], len(key)), key, strict=True))
            for mine, theirs in references.items():
                types[names.index(mine)] = kinds[parent.name, theirs]
    columns = [
        TableColumn(column, sql_type(kind), chance.random() < 0.4) for column, kind in zip(names, types, strict=True)
    ]
    kinds.update({(name, column): kind for column, kind in zip(names, types, strict=True)})
    keyable = [column for column, kind in zip(names, types, strict=True) if not kind.startswith("MAP")]
    keys: tuple[tuple[str, ...], ...] = ()
    current: tuple[CurrentKey, ...] = ()
    roll = chance.random()
    if roll < 0.12:
        kinds.update({(name, SINCE): "DATE", (name, UNTIL): "DATE"})
        columns += [TableColumn(SINCE, "DATE", not_null=True), TableColumn(UNTIL, "DATE")]
        keys, current = ((keyable[0], SINCE),), (CurrentKey((keyable[0],), UNTIL),)
    elif roll < 0.9:
        width = min(chance.choice((1, 1, 1, 2)), len(keyable))
        keys = (tuple(sorted(chance.sample(keyable[:3], min(width, len(keyable[:3]))))),)
        if chance.random() < 0.15:
            other = (chance.choice(keyable),)
            keys = keys if set(other) <= set(keys[0]) or set(keys[0]) <= set(other) else (*keys, other)
    table = Table(name, tuple(columns), keys, current)
    if parent is None or not references:
        return table, None
    is_unique = any(set(key) <= set(references) for key in keys)
    if current and tuple(references) == current[0].columns:
        return table, None
    cardinality = "one_to_one" if is_unique else "one_to_many"
    return table, TableRelationship(parent.name, name, tuple(references.items()), cardinality)


Row = dict[str, Value]


def typed_rows(schema: TypedSchema, chance: random.Random, *, is_fanned_out: bool = False) -> dict[str, list[Row]]:
    """Rows of each table. Fanned out, parents are many, each with several children where it may have them."""
    rows: dict[str, list[Row]] = {}
    for table in schema.tables:
        references = [relationship for relationship in schema.relationships if relationship.child == table.name]
        count = 0 if not is_fanned_out and chance.random() < 0.05 else chance.randint(4, 10)
        pools = {column.name: _pool(schema.kinds[table.name, column.name], chance) for column in table.columns or ()}
        if is_fanned_out:
            pools = {name: POOLS[schema.kinds[table.name, name]] for name in pools}
        chosen: list[Row] = []
        parents = rows[references[0].parent] if references else []
        for number in range(max(count, 3 * len(parents)) if is_fanned_out and parents else count):
            row = {
                column.name: _NULL
                if not column.not_null and chance.random() < (0.6 if column.name == UNTIL else 0.15)
                else chance.choice(pools[column.name])
                for column in table.columns or ()
            }
            if parents and (is_fanned_out or chance.random() < 0.85):
                parent = parents[number % len(parents)] if is_fanned_out else chance.choice(parents)
                row.update(_referring(table, references[0], row, parent))
            if _respects_keys(table, chosen, row):
                chosen.append(row)
        rows[table.name] = chosen[:24]
    return rows


def _pool(kind: str, chance: random.Random) -> tuple[Value, ...]:
    """Some values of a pool: few, so that they repeat, or all."""
    pool = POOLS[kind]
    size = chance.choice((2, 3, len(pool), len(pool)))
    return tuple(chance.sample(pool, min(size, len(pool))))


def _referring(table: Table, relationship: TableRelationship, row: Row, parent: Row) -> Row:
    not_null = {column.name for column in table.columns or () if column.not_null}
    found = {mine: parent[theirs] for mine, theirs in relationship.on}
    return {mine: row[mine] if value is _NULL and mine in not_null else value for mine, value in found.items()}


def _respects_keys(table: Table, rows: list[Row], row: Row) -> bool:
    def part(of: Row, columns: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(of[column].identity for column in columns)

    if any(part(row, key) == part(other, key) for key in table.keys for other in rows):
        return False
    return not any(
        row[current.null_column] is _NULL
        and any(
            other[current.null_column] is _NULL and part(other, current.columns) == part(row, current.columns)
            for other in rows
        )
        for current in table.current_keys
    )


def rows_as_sql(schema: TypedSchema, table: Table, rows: list[Row]) -> str:
    """A query that gives rows, each value of its column's exact type."""
    columns = [(column.name, sql_type(schema.kinds[table.name, column.name])) for column in table.columns or ()]
    written = rows or [dict.fromkeys((name for name, _ in columns), _NULL)]
    listed = ", ".join(
        "(" + ", ".join(f"CAST({row[name].sql} AS {kind})" for name, kind in columns) + ")" for row in written
    )
    names = ", ".join(name for name, _ in columns)
    return f"SELECT * FROM VALUES {listed} AS t({names}){'' if rows else ' WHERE false'}"
