"""Random programs over DataFrames, run on random rows: no key that is found may have a duplicate.

Run as a process of its own, since it starts the engine: ``python traced_programs.py COUNT SEED`` prints, as JSON, how
many programs had keys, how many results were looked at, and the programs whose keys were wrong.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Mapping
from typing import Any

from cbx.analysis.facts import Table, TableColumn
from cbx.analysis.tracing.from_plan import read_plan
from cbx.analysis.tracing.guard import Guard
from cbx.analysis.tracing.requests import Traced
from cbx.analysis.verdicts import result_keys

KEYS = {"t": (("a",),), "u": (("a", "d"),), "v": ()}
COLUMNS = {"t": ("a", "b", "c"), "u": ("a", "d", "e"), "v": ("b", "f")}
TABLES = {
    name: Table(name, tuple(TableColumn(column, "BIGINT") for column in columns), KEYS[name])
    for name, columns in COLUMNS.items()
}
_DRAWS = 4
Frame = tuple[str, list[str]]


class Program:
    """Writes a program: each line makes a frame."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.lines: list[str] = []
        self._numbers = 0
        self.result, self.columns = self.frame(self.random.randint(1, 4))

    def frame(self, depth: int) -> Frame:
        """A frame and its columns."""
        if depth <= 0:
            name = self.random.choice("ttuuv")
            return name, list(COLUMNS[name])
        step: Callable[[str, list[str]], Frame] = getattr(self, self.random.choice(STEPS))
        return step(*self.frame(depth - 1))

    def new(self) -> str:
        self._numbers += 1
        return f"x{self._numbers}"

    def line(self, expression: str, columns: list[str]) -> Frame:
        name = f"d{self.new()}"
        self.lines.append(f"{name} = {expression}")
        return name, columns

    def some(self, columns: list[str], most: int = 9) -> list[str]:
        return self.random.sample(columns, self.random.randint(1, min(most, len(columns))))

    def value(self, columns: list[str]) -> str:
        first, other = self.random.choice(columns), self.random.choice(columns)
        return self.random.choice([
            f"F.col('{first}') + F.col('{other}')", f"F.coalesce('{first}', F.lit(0))", f"F.lit({len(self.lines) % 3})",
            f"F.expr('{first} % 2')", f"F.when(F.col('{first}') > 1, F.col('{other}')).otherwise(0)",
            f"F.col('{first}')",
        ])  # fmt: skip

    def filter(self, frame: str, columns: list[str]) -> Frame:
        first, other = self.random.choice(columns), self.random.choice(columns)
        condition = self.random.choice([
            f"F.col('{first}') == {self.random.randint(0, 2)}", f"F.col('{first}').isNull()",
            f"'{first} = {other}'",
            f"{frame}['{first}'] <= 2", f"F.col('{first}').eqNullSafe(F.col('{other}'))",
            f"F.col('{first}').isin(1, 2)",
            f"(F.col('{first}') == 1) | (F.col('{other}') == 0)", f"F.col('{first}').isNotNull()",
        ])  # fmt: skip
        return self.line(f"{frame}.filter({condition})", columns)

    def select(self, frame: str, columns: list[str]) -> Frame:
        kept, new, again = self.some(columns), self.new(), self.new()
        items = [repr(column) for column in kept]
        items += [
            f"({self.value(columns)}).alias('{new}')",
            f"{frame}['{self.random.choice(columns)}'].alias('{again}')",
        ]
        return self.line(f"{frame}.select({', '.join(items)})", [*kept, new, again])

    def with_column(self, frame: str, columns: list[str]) -> Frame:
        new = self.random.choice([self.new(), *columns])
        return self.line(f"{frame}.withColumn('{new}', {self.value(columns)})", list(dict.fromkeys([*columns, new])))

    def join_by_name(self, frame: str, columns: list[str]) -> Frame:
        other, theirs = self.frame(self.random.choice([0, 0, 1, 2]))
        common = [column for column in theirs if column in columns]
        if not common:
            return frame, columns
        by = self.some(common)
        renamed = {column: self.new() for column in theirs if column not in by}
        items = [*map(repr, by), *(f"F.col('{old}').alias('{new}')" for old, new in renamed.items())]
        right, _ = self.line(f"{other}.select({', '.join(items)})", [])
        how = self.random.choice(["inner", "left", "right", "full", "left_semi", "left_anti"])
        added = [] if how.startswith("left_") else list(renamed.values())
        return self.line(
            f"{frame}.join({right}, {by!r}, '{how}')",
            [*by, *(column for column in columns if column not in by), *added],
        )

    def join_by_condition(self, frame: str, columns: list[str]) -> Frame:
        other, theirs = self.frame(self.random.choice([0, 0, 1, 2]))
        renamed = {column: self.new() for column in theirs}
        items = [f"F.col('{old}').alias('{new}')" for old, new in renamed.items()]
        right, added = self.line(f"{other}.select({', '.join(items)})", list(renamed.values()))
        how = self.random.choice(["inner", "left", "right", "full", "inner", "left"])
        pairs = [(self.random.choice(columns), self.random.choice(added)) for _ in range(self.random.randint(1, 2))]
        condition = " & ".join(f"({frame}['{mine}'] == {right}['{his}'])" for mine, his in pairs)
        joined, both = self.line(f"{frame}.join({right}, {condition}, '{how}')", [*columns, *added])
        if self.random.random() < 0.5:
            return joined, both
        first, second = self.new(), self.new()
        mine, his = self.random.choice(columns), self.random.choice(added)
        items = [f"{frame}['{mine}'].alias('{first}')", f"{right}['{his}'].alias('{second}')"]
        return self.line(f"{joined}.select({', '.join(items)})", [first, second])

    def group(self, frame: str, columns: list[str]) -> Frame:
        by, new = self.some(columns, 2), self.new()
        how = self.random.choice(["groupBy", "groupBy", "rollup", "cube"])
        return self.line(f"{frame}.{how}(*{by!r}).agg(F.max('{columns[0]}').alias('{new}'))", [*by, new])

    def group_by_value(self, frame: str, columns: list[str]) -> Frame:
        by, new = self.new(), self.new()
        value = f"F.expr('{self.random.choice(columns)} % 2').alias('{by}')"
        return self.line(
            f"{frame}.groupBy({value}, '{columns[0]}').agg(F.count('*').alias('{new}'))", [by, columns[0], new]
        )

    def deduplicate(self, frame: str, columns: list[str]) -> Frame:
        how = self.random.choice(["distinct()", f"dropDuplicates({self.some(columns)!r})"])
        return self.line(f"{frame}.{how}", columns)

    def number_rows(self, frame: str, columns: list[str]) -> Frame:
        new, by = self.new(), self.some(columns, 2)
        window = f"Window.partitionBy({by!r}).orderBy('{columns[0]}')"
        numbered, _ = self.line(f"{frame}.withColumn('{new}', F.row_number().over({window}))", [])
        if self.random.random() < 0.3:
            return numbered, [*columns, new]
        return self.line(f"{numbered}.filter('{new} = 1').drop('{new}')", columns)

    def combine(self, frame: str, columns: list[str]) -> Frame:
        other, theirs = self.frame(self.random.choice([0, 1]))
        names = [self.new() for _ in range(min(len(columns), len(theirs)))]
        tag = self.new()
        how = self.random.choice(["union", "unionByName", "unionByName", "intersect", "subtract", "exceptAll"])
        sides = []
        for side, has, literal in ((frame, columns, 0), (other, theirs, self.random.choice([0, 1, 1]))):
            items = [f"F.col('{old}').cast('bigint').alias('{new}')" for old, new in zip(has, names, strict=False)]
            items.append(f"F.lit({literal}).alias('{tag}')")
            if side == other and how == "unionByName":
                self.random.shuffle(items)
            sides.append(self.line(f"{side}.select({', '.join(items)})", [])[0])
        return self.line(f"{sides[0]}.{how}({sides[1]})", [*names, tag])

    def explode(self, frame: str, columns: list[str]) -> Frame:
        new, position = self.new(), self.new()
        items = f"F.array('{self.random.choice(columns)}', F.lit(1))"
        if self.random.random() < 0.5:
            return self.line(f"{frame}.withColumn('{new}', F.explode({items}))", [*columns, new])
        names = [*columns, position, new]
        return self.line(f"{frame}.select('*', F.posexplode({items}).alias('{position}', '{new}'))", names)

    def change(self, frame: str, columns: list[str]) -> Frame:
        old, new = self.random.choice(columns), self.new()
        others = [other for other in columns if other != old]
        renamed = [new if other == old else other for other in columns]
        choices = [
            (f"fillna(0, ['{old}'])", columns), (f"dropna(subset=['{old}'])", columns), ("limit(3)", columns),
            (f"withColumnRenamed('{old}', '{new}')", renamed),
            (f"alias('{new}').filter(F.col('{new}.{old}') >= 0).select('{new}.*')", columns),
        ]  # fmt: skip
        choices += [(f"drop({frame}['{old}'])", others)] if others else []
        return self.line(f"{frame}.{{}}".format((chosen := self.random.choice(choices))[0]), chosen[1])

    def query(self, frame: str, columns: list[str]) -> Frame:
        column, new = self.random.choice(columns), self.new()
        text = f"SELECT {column}, count(*) AS {new} FROM {{q}} GROUP BY {column}"
        return self.line(f"spark.sql({text!r}, q={frame})", [column, new])


STEPS = (
    "filter", "select", "with_column", "join_by_name", "join_by_condition", "group", "group_by_value", "deduplicate",
    "number_rows", "combine", "explode", "change", "query",
)  # fmt: skip


def random_rows(table: str, chance: random.Random) -> list[tuple[int | None, ...]]:
    """Rows that respect a table's keys, NULLs among them, or none at all."""
    rows: dict[Any, tuple[int | None, ...]] = {}
    for number in range(chance.choice([0, 4, 8, 12])):
        row = tuple(chance.choice([None, 0, 1, 2, 3]) for _ in COLUMNS[table])
        keys = [tuple(row[COLUMNS[table].index(column)] for column in key) for key in KEYS[table]]
        rows.setdefault(keys[0] if keys else number, row)
    return list(rows.values())


def main(count: int, first_seed: int) -> dict[str, Any]:
    """Write and run programs."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F  # noqa: N812 - Spark's own idiom

    from cbx.analysis.tracing.records import plan_records, schema_columns
    from cbx.analysis.tracing.session import TracingSession

    session = TracingSession(Guard())
    ddl = {name: ", ".join(f"{column} BIGINT" for column in columns) for name, columns in COLUMNS.items()}

    def run(program: Program, frames: Mapping[str, Any]) -> Any:
        namespace = {"F": F, "Window": Window, "spark": session.spark, **frames}
        exec("\n".join(program.lines), namespace)
        return namespace[program.result]

    found: dict[str, Any] = {"with_keys": 0, "results": 0, "wrong": []}
    for seed in range(first_seed, first_seed + count):
        program = Program(seed)
        empty = {name: session.make_empty_frame(text) for name, text in ddl.items()}
        plan = session.plan_of(run(program, empty))
        records, _ = plan_records(plan, {frame._plan._plan_id: name for name, frame in empty.items()}, session)
        columns = tuple(TableColumn(*column) for column in schema_columns(session.schema_of(plan)))
        keys = result_keys(read_plan(Traced(records, columns), TABLES).relation)
        found["with_keys"] += bool(keys)
        names = [column.name for column in columns]
        chance = random.Random(seed)
        for _ in range(_DRAWS if keys else 0):
            data = {name: session.spark.createDataFrame(random_rows(name, chance), text) for name, text in ddl.items()}
            rows = run(program, data).collect()
            found["results"] += 1
            for key in keys:
                values = [tuple(row[names.index(column)] for column in key) for row in rows]
                if len(set(values)) < len(values):
                    found["wrong"].append({"seed": seed, "key": key, "program": program.lines})
    return found


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), int(sys.argv[2]))))
