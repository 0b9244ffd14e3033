"""Random aggregates over joins of tables and of models, and how often they count a row.

Each table has a hidden column ``rid`` that numbers its rows. What the analysis reads does not mention it; what the
engine runs counts, beside each aggregate, the rows that it counts and how many different ones these are.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from random_schemas import Schema
from random_sources import Column, Source, random_subquery

from cbx.analysis.facts import ColumnHome, Table
from cbx.analysis.from_sql import read_query
from cbx.analysis.homes import find_homes
from cbx.analysis.measures import JudgedMeasure, judge_measures, result_homes
from cbx.analysis.relation.places import QuerySpan
from cbx.analysis.verdicts import result_keys

_FUNCTIONS = ("sum", "sum", "avg", "count", "stddev")


@dataclass
class Model:
    """A query that another one can read: what is known of its table."""

    source: Source
    table: Table
    homes: dict[str, ColumnHome]


@dataclass(frozen=True)
class MeasureQuery:
    """A query with aggregates.

    Attributes:
        text: What the analysis reads.
        counts: What the engine runs: for each aggregate the rows that it counts and the different ones, group by group.
        rids: For each aggregate the numbers that identify its rows.
        end: The offset in the text after the aggregates; those of subqueries are before ``start``, or after this.
    """

    text: str
    counts: str
    rids: tuple[tuple[str, ...], ...]
    start: int
    end: int


@dataclass
class Generator:
    """Makes queries over a schema, and now and then models that later queries read."""

    schema: Schema
    chance: random.Random
    models: list[Model] = field(default_factory=list)
    subqueries: int = 0

    def tables(self) -> dict[str, Table]:
        """All that can be read, by name."""
        return {**self.schema.by_name, **{model.table.name: model.table for model in self.models}}

    def homes(self) -> dict[str, dict[str, ColumnHome]]:
        """The homes of the columns of models."""
        return {model.table.name: model.homes for model in self.models}

    def sources(self) -> list[Source]:
        """All that can be read."""
        plain = [
            Source(
                table.name,
                table.name,
                tuple(Column(column.name, (f"rid_{table.name}",)) for column in table.columns or ()),
                (f"rid_{table.name}",),
            )
            for table in self.schema.tables
        ]
        self.subqueries += 2
        made = [random_subquery(self.schema.tables, self.chance, f"x{self.subqueries + number}") for number in range(2)]
        return [*plain, *plain, *plain, *made, *(model.source for model in self.models)]

    def judge(self, query: MeasureQuery) -> tuple[JudgedMeasure, ...]:
        """What the analysis says of the aggregates of a query, in their order, but for those of subqueries."""
        relation = read_query(query.text, self.tables()).relation
        judged = judge_measures(relation, find_homes(relation, self.homes()), self.schema.relationships)
        return tuple(
            measure
            for measure in judged
            if isinstance(measure.measure.place, QuerySpan) and query.start < measure.measure.place.start < query.end
        )

    def add_model(self) -> None:
        """Add a model: a join that keeps the grain of some table, or a grouping."""
        name = f"m{len(self.models)}"
        joined, text, shown = self._join_sources(self.chance.randint(1, 2))
        columns = [(alias, column) for alias, source in joined for column in source.columns]
        chosen = self.chance.sample(columns, min(len(columns), self.chance.randint(2, 5)))
        named = [
            (f"{alias}.{column.name} AS c{number}", column, alias) for number, (alias, column) in enumerate(chosen)
        ]
        where = self._where(joined)
        if self.chance.random() < 0.3:
            alias, column = self.chance.choice(columns)
            groups = ", ".join(item.split(" AS ")[0] for item, _, _ in named[:2])
            items = ", ".join([*(item for item, _, _ in named[:2]), f"sum({alias}.{column.name}) AS c9"])
            own = f"rid_{name}"
            out = tuple(Column(name_, (own,)) for name_ in (*(f"c{number}" for number in range(len(named[:2]))), "c9"))
            body = f"SELECT {items} FROM {text}{where} GROUP BY {groups}"
            grouped = f"SELECT {items} FROM {shown}{where} GROUP BY {groups}"
            hidden = f"SELECT *, row_number() OVER (ORDER BY 1) AS {own} FROM ({grouped})"
            source = Source(name, f"({hidden})", out, (own,))
        else:
            items = ", ".join(item for item, _, _ in named)
            rids = [
                (f"{alias}.{rid} AS {rid}_{alias}{name}", alias, rid) for alias, read in joined for rid in read.hidden
            ]
            rest = where + self._qualify(columns)
            body = f"SELECT {items} FROM {text}{rest}"
            hidden = f"SELECT {', '.join([items, *(item for item, _, _ in rids)])} FROM {shown}{rest}"
            out = tuple(
                Column(f"c{number}", tuple(f"{rid}_{alias}{name}" for rid in column.rids))
                for number, (_, column, alias) in enumerate(named)
            )
            source = Source(name, f"({hidden})", out, tuple(f"{rid}_{alias}{name}" for _, alias, rid in rids))
        relation = read_query(body, self.tables()).relation
        homes = result_homes(relation, find_homes(relation, self.homes()), self.schema.relationships)
        typed = tuple(_bigint_column(column.name) for column in out)
        self.models.append(Model(source, Table(name, typed, result_keys(relation)), homes))

    def query(self) -> MeasureQuery:
        """A query with one to three aggregates."""
        common = self._common_table() if self.chance.random() < 0.15 else None
        joined, text, shown = self._join_sources(self.chance.randint(1, 3), common)
        columns = [(alias, column) for alias, source in joined for column in source.columns]
        groups = [
            f"{alias}.{column.name}"
            for alias, column in self.chance.sample(columns, min(len(columns), self.chance.randint(0, 2)))
        ]
        where = self._where(joined)
        measures, counts, rids = [], [], []
        for _ in range(self.chance.randint(1, 3)):
            measure, argument, numbers, condition = self._measure(columns)
            measures.append(measure)
            tested = f"{argument} IS NOT NULL{condition}"
            counts.append(f"count(CASE WHEN {tested} THEN 1 END)")
            counts.append(f"count(DISTINCT CASE WHEN {tested} THEN ({', '.join(numbers)}, 0) END)")
            rids.append(numbers)
        if self.chance.random() < 0.2 and groups:
            grouped = f" GROUP BY {', '.join(groups)}"
            partition = f"OVER (PARTITION BY {', '.join(groups)})"
            items = ", ".join(f"{measure} {partition} AS m{number}" for number, measure in enumerate(measures))
            body = f"SELECT {items} FROM {text}{where}"
        else:
            items = ", ".join(f"{measure} AS m{number}" for number, measure in enumerate(measures))
            listed = ", ".join(groups)
            grouping = f"ROLLUP ({listed})" if self.chance.random() < 0.1 else listed
            grouped = f" GROUP BY {grouping}" if groups else ""
            grouped += self.chance.choice((" HAVING count(*) = 1", " HAVING count(*) > 1")) * (
                self.chance.random() < 0.1
            )
            body = f"SELECT {items} FROM {text}{where}{grouped}"
        first, second = ("", "") if common is None else (f"WITH w AS {common.text} ", f"WITH w AS {common.shown} ")
        engine = f"{second}SELECT {', '.join(counts)} FROM {shown}{where}{grouped}"
        return MeasureQuery(first + body, engine, tuple(rids), len(first), len(first) + len(f"SELECT {items}"))

    def _common_table(self) -> Source:
        """A subquery that is read twice."""
        self.subqueries += 1
        return random_subquery(self.schema.tables, self.chance, f"x{self.subqueries}")

    def _qualify(self, columns: list[tuple[str, Column]]) -> str:
        """One row of each partition, now and then."""
        if self.chance.random() > 0.25:
            return ""
        names = [f"{alias}.{column.name}" for alias, column in self.chance.sample(columns, min(2, len(columns)))]
        return f" QUALIFY row_number() OVER (PARTITION BY {names[0]} ORDER BY {names[-1]}) = 1"

    def _measure(self, columns: list[tuple[str, Column]]) -> tuple[str, str, tuple[str, ...], str]:
        """An aggregate, its argument, the numbers that tell its rows apart, and what else its rows fulfil."""
        function = self.chance.choice(_FUNCTIONS)
        alias, column = self.chance.choice(columns)
        name = f"{alias}.{column.name}"
        rids = tuple(f"{alias}.{rid}" for rid in column.rids)
        other_alias, other = self.chance.choice(columns)
        other_name = f"{other_alias}.{other.name}"
        form = self.chance.random()
        if form < 0.15:
            both = tuple(dict.fromkeys((*rids, *(f"{other_alias}.{rid}" for rid in other.rids))))
            return f"{function}({name} * {other_name})", f"({name} * {other_name})", both, ""
        if form < 0.22:
            # What is added or chosen counts by itself, so the rows of the first part are counted.
            is_same = alias == other_alias
            argument = f"coalesce({name}, {other_name})" if self.chance.random() < 0.5 else f"{name} + {other_name}"
            counted = argument if is_same or "+" in argument else name
            return f"{function}({argument})", f"({counted})", rids, ""
        if form < 0.3:
            condition = f"{other_name} > 1"
            return f"{function}(CASE WHEN {condition} THEN {name} END)", name, rids, f" AND {condition}"
        if form < 0.38 and function == "sum":
            return f"sum(coalesce({name}, 0))", name, rids, ""
        if form < 0.45:
            return f"{function}({name}) FILTER (WHERE {other_name} > 1)", name, rids, f" AND {other_name} > 1"
        return f"{function}({name})", name, rids, ""

    def _join_sources(self, count: int, common: Source | None = None) -> tuple[list[tuple[str, Source]], str, str]:
        """Joined sources with their aliases, and FROM as the analysis and as the engine read it."""
        sources = self.sources()
        if common is not None:
            read_twice = Source("w", "w", common.columns, common.hidden)
            sources += [read_twice] * len(sources)
        first = self.chance.choice(sources)
        joined = [("s0", first)]
        text, shown = f"{first.text} AS s0", f"{first.shown} AS s0"
        for number in range(1, count):
            alias, source = f"s{number}", self.chance.choice(sources)
            condition = self._condition(joined, alias, source)
            kind = self.chance.choice(("JOIN", "JOIN", "LEFT JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"))
            if kind == "FULL JOIN" and ">" in condition:
                kind = "JOIN"
            text += f" {kind} {source.text} AS {alias} ON {condition}"
            shown += f" {kind} {source.shown} AS {alias} ON {condition}"
            joined.append((alias, source))
        return joined, text, shown

    def _condition(self, joined: list[tuple[str, Source]], alias: str, source: Source) -> str:
        """The condition of a join: mostly the columns of a declared relationship."""
        related = [
            " AND ".join(
                f"{other}.{theirs if is_child else mine} = {alias}.{mine if is_child else theirs}"
                for mine, theirs in relationship.on
            )
            for relationship in self.schema.relationships
            for other, read in joined
            for is_child in (True, False)
            if (relationship.child, relationship.parent)
            == ((source.text, read.text) if is_child else (read.text, source.text))
        ]
        if related and self.chance.random() < 0.85:
            return self.chance.choice(related)
        other, read = self.chance.choice(joined)
        mine, theirs = self.chance.choice(source.columns), self.chance.choice(read.columns)
        extra = f" AND {alias}.{self.chance.choice(source.columns).name} > 1" if self.chance.random() < 0.2 else ""
        return f"{other}.{theirs.name} = {alias}.{mine.name}{extra}"

    def _where(self, joined: list[tuple[str, Source]]) -> str:
        conditions: list[Callable[[str], str]] = [
            lambda name: f"{name} > 1",
            lambda name: f"{name} = 2",
            lambda name: f"{name} IS NOT NULL",
            lambda name: f"{name} IS NULL",
        ]
        if self.chance.random() < 0.6:
            return ""
        alias, source = self.chance.choice(joined)
        name = f"{alias}.{self.chance.choice(source.columns).name}"
        if self.chance.random() < 0.25:
            table = self.chance.choice(self.schema.tables)
            column = self.chance.choice(table.columns or ()).name
            if self.chance.random() < 0.3:
                return f" WHERE {name} IN (SELECT min(x.{column}) FROM {table.name} AS x)"
            return f" WHERE EXISTS (SELECT 1 FROM {table.name} AS x WHERE x.{column} = {name})"
        return f" WHERE {self.chance.choice(conditions)(name)}"


def _bigint_column(name: str):  # noqa: ANN202
    from cbx.analysis.facts import TableColumn

    return TableColumn(name, "BIGINT")
