"""Random expressions of every type in the SQL of Databricks, over columns whose types are known."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import NamedTuple

from typed_schemas import POOLS, TypedSchema

TEMPLATES = {
    section.partition("\n")[0]: tuple(section.partition("\n")[2].split("\n"))
    for section in Path(__file__)
    .with_name("typed_templates.txt")
    .read_text(encoding="utf-8")
    .strip()
    .split("\n\n# ")[1:]
}


class Item(NamedTuple):
    """What can be written for a column or an expression, and its kind; None where the kind is not known."""

    text: str
    kind: str | None
    table: str | None = None
    name: str | None = None


# Each hole is a kind: N a BIGINT, I an INT, D a DOUBLE, P a DECIMAL(10, 2), S a STRING, Z a numeric string, T a DATE,
# M a TIMESTAMP, L a TIMESTAMP_NTZ, B a BOOLEAN, F a FLOAT, Y a BINARY, A and G arrays of BIGINT and STRING, O a map,
# R a struct, X anything, C a condition, V a value that a text shows, Q a scalar query of BIGINT.
_HOLES = {
    "N": "BIGINT", "I": "INT", "D": "DOUBLE", "P": "DECIMAL(10, 2)", "S": "STRING", "Z": "NUMERIC STRING", "T": "DATE",
    "M": "TIMESTAMP", "L": "TIMESTAMP_NTZ", "B": "BOOLEAN", "F": "FLOAT", "Y": "BINARY", "A": "ARRAY<BIGINT>",
    "G": "ARRAY<STRING>", "O": "MAP<STRING, BIGINT>", "R": "STRUCT<x: BIGINT, y: STRING>",
}  # fmt: skip
_HOLE = re.compile(r"\{([A-Zk])\}")
SHOWN = ("BIGINT", "INT", "STRING", "NUMERIC STRING", "DATE", "DECIMAL(10, 2)", "BOOLEAN", "DOUBLE", "TIMESTAMP")


class ExpressionWriter:
    """Writes expressions; every name that it makes up is new."""

    def __init__(self, schema: TypedSchema, chance: random.Random) -> None:
        self.schema = schema
        self.chance = chance
        self.number = 0

    def fresh(self, prefix: str) -> str:
        self.number += 1
        return f"{prefix}{self.number}"

    def value(self, columns: list[Item], kind: str | None = None, depth: int = 1) -> Item:
        """A column, or an expression over columns, of a kind or of any."""
        if kind is None and self.chance.random() < 0.6:
            return self.chance.choice(columns)
        if kind is None and self.chance.random() < 0.4:
            return Item(self.fill(self._about(TEMPLATES["untyped"], columns), columns, depth - 1), None)
        kind = kind or self.chance.choice(sorted(POOLS))
        return Item(self.fill(self._about(TEMPLATES[kind], columns), columns, depth - 1), kind)

    def condition(self, columns: list[Item], depth: int = 1) -> str:
        return self.fill(self._about(TEMPLATES["condition"], columns), columns, depth - 1)

    def _about(self, templates: tuple[str, ...], columns: list[Item]) -> str:
        """A template, mostly one with columns for its holes: what is said of literals alone is dull."""
        kinds = {column.kind for column in columns}
        for _ in range(6):
            template = self.chance.choice(templates)
            if all(_HOLES.get(hole) is None or _HOLES[hole] in kinds for hole in _HOLE.findall(template)):
                return template
        return template

    def fill(self, template: str, columns: list[Item], depth: int) -> str:
        return _HOLE.sub(lambda hole: self._hole(hole[1], columns, depth), template)

    def _hole(self, hole: str, columns: list[Item], depth: int) -> str:
        if hole == "k":
            return str(self.chance.randint(0, 3))
        if hole == "C":
            simple = ("{N} = 1", "{S} = 'a'", "{N} IS NOT NULL", "{B}", "{S} IS NULL", "{D} = 0")
            return self.fill(self.chance.choice(simple), columns, 0)
        if hole == "X":
            plain = [column.text for column in columns if column.kind and not column.kind.startswith("MAP")]
            return self.chance.choice(plain or ["1"])
        if hole == "Q":
            return self._scalar_query(columns)
        kind = self.chance.choice(SHOWN) if hole == "V" else _HOLES[hole]
        return self.of_kind(columns, kind, depth)

    def make_call(self, section: str, columns: list[Item]) -> tuple[str, list[str | None]]:
        """An aggregate or a generator over columns, and the kinds of what it makes."""
        template, _, kinds = self.chance.choice(TEMPLATES[section]).partition(" => ")
        return self.fill(template, columns, 0), [kind or None for kind in kinds.split("; ")]

    def of_kind(self, columns: list[Item], kind: str, depth: int) -> str:
        """A column of a kind, an expression, or a literal."""
        fits = [column.text for column in columns if column.kind == kind]
        if kind == "STRING" and not fits:
            fits = [column.text for column in columns if column.kind == "NUMERIC STRING"]
        if fits and (depth < 1 or self.chance.random() < 0.8):
            return self.chance.choice(fits)
        if depth >= 1:
            return f"({self.fill(self.chance.choice(TEMPLATES[kind]), columns, depth - 1)})"
        if kind == "BIGINT":
            whole = [column.text for column in columns if column.kind == "INT"]
            if whole:
                return f"CAST({self.chance.choice(whole)} AS BIGINT)"
        return f"CAST({self.chance.choice(POOLS[kind]).sql} AS {'STRING' if kind == 'NUMERIC STRING' else kind})"

    def _scalar_query(self, columns: list[Item]) -> str:
        tables = [
            (table.name, column.name)
            for table in self.schema.tables
            for column in table.columns or ()
            if column.type == "BIGINT"
        ]
        if not tables:
            return "SELECT 1L"
        table, column = self.chance.choice(tables)
        name = self.fresh("q")
        where = ""
        if self.chance.random() < 0.4:
            mine = self.of_kind(columns, "BIGINT", 0)
            where = f" WHERE {name}.{column} = {mine}"
        function = self.chance.choice(("max", "max", "min", "count"))
        return f"SELECT {function}({name}.{column}) FROM {table} AS {name}{where}"
