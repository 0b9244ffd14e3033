"""Random queries over streams, and what they give over two micro-batches between which the other tables change.

A query first prepares each of its streams, row by row, with other tables as they are then. What it does with what has
been prepared, it does over all time: DISTINCT, GROUP BY, UNION ALL, or a join of two streams.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from typed_expressions import Item
from typed_queries import QueryWriter
from typed_schemas import Row, TypedSchema, rows_as_sql, typed_rows, typed_schema
from typed_sources import Rows, TypedQuery

from cbx.analysis.facts import Table

BATCHES = (1, 2)
_TABLE = re.compile(r"\bt\d\b")
_NOW = {"current_timestamp()": "TIMESTAMP'2024-02-0{}'", "current_date()": "DATE'2024-02-0{}'"}
_JOINS = ("JOIN", "JOIN", "LEFT JOIN", "LEFT JOIN", "CROSS JOIN", "LEFT SEMI JOIN", "LEFT ANTI JOIN")


@dataclass(frozen=True)
class StreamQuery:
    """What is prepared, by the names under which the rest of the query reads it, and the rest."""

    prepared: Mapping[str, str]
    rest: str

    @property
    def text(self) -> str:
        listed = ", ".join(f"{name} AS ({text})" for name, text in self.prepared.items())
        return f"WITH {listed} {self.rest}"

    def views(self) -> dict[str, str]:
        """What each prepared stream has after all batches, over tables named ``t0_1`` in the first one."""
        return {
            name: " UNION ALL ".join(f"SELECT * FROM ({at_batch(text, batch)})" for batch in BATCHES)
            for name, text in self.prepared.items()
        }


def at_batch(text: str, batch: int) -> str:
    """A query as it is run in a batch: with its tables, at its time."""
    for now, value in _NOW.items():
        text = text.replace(now, value.format(batch))
    return _TABLE.sub(lambda name: f"{name[0]}_{batch}", text)


def streaming_schema(chance: random.Random) -> TypedSchema:
    """A schema in which one table or two are streams, and at least one is not."""
    schema = typed_schema(chance)
    while len(schema.tables) < 3:
        schema = typed_schema(chance)
    plain = [table for table in schema.tables if not table.current_keys]
    streams = {table.name for table in plain[-chance.choice((1, 2)) :]} or {schema.tables[-1].name}
    tables = tuple(replace(table, is_streaming=table.name in streams) for table in schema.tables)
    return replace(schema, tables=tables)


def batches_of(schema: TypedSchema, chance: random.Random) -> dict[str, str]:
    """Two contents for each table, as queries by name: a stream's rows are dealt out, other tables change."""
    contents = [typed_rows(schema, chance, is_fanned_out=chance.random() < 0.7) for _ in BATCHES]
    found: dict[str, str] = {}
    for table in schema.tables:
        dealt: dict[int, list[Row]] = {batch: [] for batch in BATCHES}
        if table.is_streaming:
            for row in contents[0][table.name]:
                dealt[chance.choice(BATCHES)].append(row)
        else:
            dealt = dict(zip(BATCHES, (rows[table.name] for rows in contents), strict=True))
        for batch, rows in dealt.items():
            found[f"{table.name}_{batch}"] = rows_as_sql(schema, table, rows)
    return found


def stream_query(schema: TypedSchema, chance: random.Random) -> StreamQuery:
    return _StreamWriter(schema, chance).stream_query()


class _StreamWriter(QueryWriter):
    """Writes queries over streams; what it inherits sees the other tables only."""

    def __init__(self, schema: TypedSchema, chance: random.Random) -> None:
        static = tuple(table for table in schema.tables if not table.is_streaming)
        names = {table.name for table in static}
        inside = tuple(
            relationship for relationship in schema.relationships if {relationship.parent, relationship.child} <= names
        )
        super().__init__(replace(schema, tables=static, relationships=inside), chance)
        self.whole = schema
        self.streams = [table for table in schema.tables if table.is_streaming]

    def stream_query(self) -> StreamQuery:
        first = self.prepare_stream(self.streams[0])
        prepared = {"p1": first.text}
        roll = self.chance.random()
        if roll < 0.3:
            other = self.prepare_stream(self.streams[-1])
            rest = self.combine_streams(first, other) or self.query_stream(first)
            if "p2" in rest:
                prepared["p2"] = other.text
        else:
            rest = self.query_stream(first)
        return StreamQuery(prepared, rest)

    def prepare_stream(self, stream: Table) -> TypedQuery:
        """Rows of a stream, each met by other tables."""
        name = self.fresh("x")
        rows = Rows(f"{stream.name} AS {name}", self.table_columns(stream, name))
        for _ in range(self.chance.choice((0, 1, 1, 1, 2))):
            rows = self.join_table(rows)
        while True:
            items, where = self.items(rows, 0.7), self.where(rows, 0.3)
            items = [item for item in items if "OVER (" not in item.text]
            named = [replace_name(item, self.fresh("k")) for item in items]
            if named:
                return self.write_out("SELECT", named, rows, where)

    def join_table(self, rows: Rows) -> Rows:
        """A stream joined with a table, or with a query over tables."""
        before = self.schema
        right = self.source(1) if self.chance.random() < 0.6 else None
        if right is None or not right.columns:
            right = self.table()
        kind = self.chance.choice(_JOINS)
        self.schema = self.whole
        condition = self.join_condition(rows, right)
        self.schema = before
        keeps_left = "SEMI" in kind or "ANTI" in kind
        columns = rows.columns if keeps_left else rows.columns + right.columns
        on = "" if kind == "CROSS JOIN" else f" ON {condition}"
        return Rows(f"{rows.text} {kind} {right.text}{on}", columns)

    def query_stream(self, first: TypedQuery) -> str:
        """What is done with a prepared stream."""
        columns = [(name, kind) for name, kind in first.named if kind and not kind.startswith("MAP")]
        some = [name for name, _ in columns if self.chance.random() < 0.6] or [name for name, _ in columns[:1]]
        roll = self.chance.random()
        if roll < 0.4 or not some:
            return "SELECT * FROM p1"
        if roll < 0.75:
            return f"SELECT DISTINCT {', '.join(some)} FROM p1"
        if roll < 0.9:
            return f"SELECT {', '.join(some)}, count(*) AS n FROM p1 GROUP BY ALL"
        return f"SELECT {', '.join(some)}, 1 AS tag FROM p1 UNION ALL SELECT {', '.join(some)}, 2 AS tag FROM p1"

    def combine_streams(self, first: TypedQuery, other: TypedQuery) -> str | None:
        """Two prepared streams joined, or one after the other."""
        pairs = [
            (mine, theirs)
            for mine, kind in first.named
            for theirs, same in other.named
            if kind and kind == same and not kind.startswith("MAP")
        ]
        if not pairs:
            return None
        mine, theirs = self.chance.choice(pairs)
        if self.chance.random() < 0.4:
            tags = self.chance.choice((("1", "2"), ("1", "1"), ("'a'", "'b'")))
            both = f"SELECT {mine} AS k, {tags[0]} AS tag FROM p1 UNION ALL SELECT {theirs}, {tags[1]} FROM p2"
            return both if self.chance.random() < 0.5 else f"SELECT DISTINCT k, tag FROM ({both})"
        items = [f"p1.{name} AS l{name}" for name, _ in first.named if self.chance.random() < 0.7]
        items += [f"p2.{name} AS r{name}" for name, _ in other.named if self.chance.random() < 0.7]
        items = items or [f"p1.{mine} AS k"]
        return f"SELECT {', '.join(items)} FROM p1 JOIN p2 ON p1.{mine} = p2.{theirs}"


def replace_name(item: Item, name: str) -> Item:
    """An item of SELECT under another name."""
    text = item.text
    if item.name and text.endswith(f" AS {item.name}"):
        text = text.removesuffix(f" AS {item.name}")
    return Item(f"{text} AS {name}", item.kind, name=name)
