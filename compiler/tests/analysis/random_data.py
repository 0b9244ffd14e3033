"""Random contents of the tables of a schema, in DuckDB, one after the other."""

from __future__ import annotations

import random

import duckdb
from random_schemas import Schema, random_rows


class Data:
    """Contents that are drawn when they are first asked for; a hidden column may number the rows of each table."""

    def __init__(self, schema: Schema, chance: random.Random, *, numbers_rows: bool = False) -> None:
        self.schema = schema
        self.chance = chance
        self.numbers_rows = numbers_rows
        self.engine = duckdb.connect(config={"threads": 1})
        self.count = 0

    def run(self, query: str, draw: int) -> duckdb.DuckDBPyConnection:
        """Run a query over one of the contents."""
        while draw >= self.count:
            self._draw()
        self.engine.execute(f"SET schema = 'd{draw}'")
        return self.engine.execute(query)

    def run_without_numbers(self, query: str, draw: int) -> duckdb.DuckDBPyConnection:
        """Run a query over one of the contents, in which the hidden columns cannot be seen."""
        self.run("SELECT 1", draw)
        self.engine.execute(f"CREATE SCHEMA IF NOT EXISTS plain{draw}; SET schema = 'plain{draw}'")
        for table in self.schema.tables:
            names = ", ".join(column.name for column in table.columns or ())
            self.engine.execute(f"CREATE VIEW IF NOT EXISTS {table.name} AS SELECT {names} FROM d{draw}.{table.name}")
        return self.engine.execute(query)

    def _draw(self) -> None:
        """Put another content beside the earlier ones."""
        self.engine.execute(f"CREATE SCHEMA d{self.count}; SET schema = 'd{self.count}'")
        self.count += 1
        rows = random_rows(self.schema, self.chance)
        for table in self.schema.tables:
            names = [column.name for column in table.columns or ()]
            hidden = [f"rid_{table.name}"] if self.numbers_rows else []
            columns = ", ".join(f"{name} BIGINT" for name in (*names, *hidden))
            self.engine.execute(f"CREATE TABLE {table.name} ({columns})")
            numbered = [(*row, number) if hidden else row for number, row in enumerate(rows[table.name])]
            if numbered:
                listed = ", ".join(str(row).replace("None", "NULL") for row in numbered)
                self.engine.execute(f"INSERT INTO {table.name} VALUES {listed}")
