"""Random queries in the SQL that Databricks and DuckDB share; where they differ, both spellings are kept."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field

from random_schemas import Schema

_BOTH = re.compile("⟦(.*?)¦(.*?)⟧", re.DOTALL)


@dataclass(frozen=True)
class RandomQuery:
    """A query, the names of its columns, and sets of them that are worth declaring as a key."""

    text: str
    columns: tuple[str, ...]
    keys: tuple[tuple[str, ...], ...] = ()

    @property
    def databricks(self) -> str:
        return _BOTH.sub(r"\1", self.text)

    @property
    def duckdb(self) -> str:
        return _BOTH.sub(r"\2", self.text)


def random_query(schema: Schema, chance: random.Random) -> RandomQuery:
    return _Writer(schema, chance).query(depth=chance.choice((0, 1, 1, 2)))


@dataclass
class _From:
    """What FROM says, and the columns that can be named: what to write for each, and its origin if it is a table."""

    text: str
    columns: list[_Column] = field(default_factory=list)


@dataclass(frozen=True)
class _Column:
    text: str
    table: str | None = None
    name: str | None = None


class _Writer:
    def __init__(self, schema: Schema, chance: random.Random) -> None:
        self.schema = schema
        self.chance = chance
        self.number = 0

    def query(self, depth: int) -> RandomQuery:
        roll = self.chance.random()
        if depth and roll < 0.15:
            return self.set_operation(depth)
        if depth and roll < 0.25:
            return self.with_query(depth)
        return self.select(depth)

    def fresh(self, prefix: str) -> str:
        self.number += 1
        return f"{prefix}{self.number}"

    # FROM

    def source(self, depth: int) -> _From:
        name = self.fresh("x")
        if depth and self.chance.random() < 0.4:
            if self.chance.random() < 0.08:
                rows = self.chance.choice(("(1, 2)", "(1, 2), (1, 3)"))
                return _From(f"(VALUES {rows}) AS {name} (v, w)", [_Column(f"{name}.v"), _Column(f"{name}.w")])
            inner = self.query(depth - 1)
            return _From(f"({inner.text}) AS {name}", [_Column(f"{name}.{column}") for column in inner.columns])
        table = self.chance.choice(self.schema.tables)
        return _From(f"{table.name} AS {name}", self.table_columns(table.name, name))

    def from_clause(self, depth: int) -> _From:
        left = self.source(depth)
        for _ in range(self.chance.choice((0, 0, 1, 1, 1, 2))):
            left = self.join(left, self.join_related(left) or self.source(depth))
        if self.chance.random() < 0.08:
            left = self.explode(left)
        return left

    def join_related(self, left: _From) -> _From | None:
        """A table that a relationship leads to."""
        named = {column.table for column in left.columns}
        reachable = [
            other
            for relationship in self.schema.relationships
            for mine, other in ((relationship.parent, relationship.child), (relationship.child, relationship.parent))
            if mine in named
        ]
        if not reachable or self.chance.random() < 0.3:
            return None
        table = self.schema.by_name[self.chance.choice(reachable)]
        name = self.fresh("x")
        return _From(f"{table.name} AS {name}", self.table_columns(table.name, name))

    def join(self, left: _From, right: _From) -> _From:
        kind = self.chance.choice(
            ("JOIN", "JOIN", "JOIN", "LEFT JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN",
             "⟦LEFT SEMI JOIN¦SEMI JOIN⟧", "⟦LEFT ANTI JOIN¦ANTI JOIN⟧")
        )  # fmt: skip
        columns = left.columns if "SEMI" in kind or "ANTI" in kind else left.columns + right.columns
        if kind == "CROSS JOIN":
            return _From(f"{left.text} CROSS JOIN {right.text}", columns)
        shared = sorted(
            {column.name for column in left.columns if column.name}
            & {column.name for column in right.columns if column.name}
        )
        single = [name for name in shared if sum(column.name == name for column in left.columns) == 1]
        if single and self.chance.random() < 0.25:
            return self.join_using(left, right, kind, single)
        condition = self.join_condition(left, right)
        if kind == "FULL JOIN" and condition.count(" = ") == 1 and " AND " not in condition:
            columns = [_Column(f"coalesce({condition.replace(' = ', ', ')})"), *columns]
        return _From(f"{left.text} {kind} {right.text} ON {condition}", columns)

    def join_using(self, left: _From, right: _From, kind: str, shared: list[str]) -> _From:
        using = self.chance.sample(shared, self.chance.choice((1, 1, min(2, len(shared)))))
        mine = [column for column in left.columns if column.name not in using]
        theirs = [column for column in right.columns if column.name not in using]
        if "SEMI" in kind or "ANTI" in kind:
            theirs = []
        merged = [_Column(name) for name in using]
        return _From(f"{left.text} {kind} {right.text} USING ({', '.join(using)})", [*merged, *mine, *theirs])

    def join_condition(self, left: _From, right: _From) -> str:
        conditions = self.relationship_condition(left, right)
        if not conditions or self.chance.random() < 0.1:
            conditions = [self.equality(left, right) for _ in range(self.chance.choice((1, 1, 2)))]
        if self.chance.random() < 0.2:
            side = self.chance.choice((left, right))
            conditions.append(self.predicate(side.columns))
        return " AND ".join(conditions)

    def relationship_condition(self, left: _From, right: _From) -> list[str]:
        found = []
        for relationship in self.schema.relationships:
            for child, parent in ((left, right), (right, left)):
                pairs = [
                    (
                        self.pick_column(child, relationship.child, mine),
                        self.pick_column(parent, relationship.parent, theirs),
                    )
                    for mine, theirs in relationship.on
                ]
                if all(mine and theirs for mine, theirs in pairs):
                    found.append([f"{mine} = {theirs}" for mine, theirs in pairs])
        return list(self.chance.choice(found)) if found else []

    def pick_column(self, side: _From, table: str, name: str) -> str | None:
        return next((column.text for column in side.columns if (column.table, column.name) == (table, name)), None)

    def equality(self, left: _From, right: _From) -> str:
        mine, theirs = self.pick(left), self.pick(right)
        if self.chance.random() < 0.1:
            mine = f"{mine} + 1"
        return f"{mine} {self.chance.choice(('=', '=', '=', 'IS NOT DISTINCT FROM'))} {theirs}"

    def pick(self, side: _From) -> str:
        return self.chance.choice(side.columns).text

    def explode(self, left: _From) -> _From:
        name, position, item = self.fresh("x"), self.fresh("p"), self.fresh("i")
        column = self.pick(left)
        outer = self.chance.choice(("", ""))
        spark = f"LATERAL VIEW {outer}posexplode(array({column}, {column} + 1, 0)) {name} AS {position}, {item}"
        unnested = f"unnest([0, 1, 2]) AS {position}, unnest([{column}, {column} + 1, 0]) AS {item}"
        duck = f"CROSS JOIN LATERAL (SELECT {unnested}) AS {name}"
        if self.chance.random() < 0.4:
            spark = f"LATERAL VIEW explode(array({column}, {column} + 1, 0)) {name} AS {item}"
            return _From(f"{left.text} ⟦{spark}¦{duck}⟧", [*left.columns, _Column(f"{name}.{item}")])
        added = [_Column(f"{name}.{position}"), _Column(f"{name}.{item}")]
        return _From(f"{left.text} ⟦{spark}¦{duck}⟧", [*left.columns, *added])

    # Conditions

    def predicate(self, columns: list[_Column]) -> str:
        column = self.chance.choice(columns).text
        other = self.chance.choice(columns).text
        small = self.chance.randint(0, 4)
        table = self.chance.choice(self.schema.tables)
        inner = self.chance.choice(table.columns or ()).name
        name = self.fresh("y")
        until = [column.text for column in columns if column.name == "until"]
        if until and self.chance.random() < 0.6:
            return f"{self.chance.choice(until)} IS NULL"
        return self.chance.choice((
            f"{column} = {small}",
            f"{column} = {small}",
            f"{column} IS NULL",
            f"{column} IS NOT NULL",
            f"{column} = {other}",
            f"{column} = {other}",
            f"{column} IS NOT DISTINCT FROM {other}",
            f"{column} > {small}",
            f"{column} <= {small}",
            f"{column} IN ({small}, {small + 1})",
            f"({column} = {small} OR {other} = {small})",
            f"NOT ({column} = {other})",
            f"{column} = {other} + 1",
            f"{column} IN (SELECT {name}.{inner} FROM {table.name} AS {name})",
            f"EXISTS (SELECT 1 FROM {table.name} AS {name} WHERE {name}.{inner} = {column})",
        ))  # fmt: skip

    def where(self, columns: list[_Column], likely: float) -> str:
        if self.chance.random() > likely:
            return ""
        conditions = [self.predicate(columns) for _ in range(self.chance.choice((1, 1, 2)))]
        return " WHERE " + " AND ".join(conditions)

    # SELECT

    def select(self, depth: int) -> RandomQuery:
        shape = self.chance.random()
        if self.schema.relationships and shape < 0.25:
            return self.along_relationships()
        if shape < 0.33:
            return self.full_join()
        rows = self.from_clause(depth)
        write = self.chance.choice(
            (self.plain, self.plain, self.plain, self.plain, self.star, self.distinct, self.group, self.group,
             self.number_rows, self.add_limit)
        )  # fmt: skip
        return write(rows)

    def along_relationships(self) -> RandomQuery:
        """Tables joined by nothing but declared relationships."""
        first = self.chance.choice(self.schema.relationships)
        name = self.fresh("x")
        table = self.schema.by_name[self.chance.choice((first.parent, first.child))]
        rows = _From(f"{table.name} AS {name}", self.table_columns(table.name, name))
        for _ in range(self.chance.choice((1, 1, 2))):
            right = self.join_related(rows) or self.source(0)
            conditions = self.relationship_condition(rows, right)
            kind = self.chance.choice(("JOIN", "JOIN", "LEFT JOIN", "RIGHT JOIN"))
            if conditions:
                text = f"{rows.text} {kind} {right.text} ON {' AND '.join(conditions)}"
                rows = _From(text, rows.columns + right.columns)
        how = self.chance.random()
        if how < 0.15:
            return self.write_out("SELECT DISTINCT", self.items(rows, 0.8), rows, "")
        if how < 0.3:
            items = [*self.items(rows, 0.8), ("count(*)", self.fresh("n"))]
            return self.write_out("SELECT", items, rows, " GROUP BY ALL")
        return self.write_out("SELECT", self.items(rows, 0.9), rows, "")

    def full_join(self) -> RandomQuery:
        """Two tables, all rows of both, with the column that holds what was compared."""
        left_alias, two = self.fresh("x"), self.fresh("x")
        left, right = (self.chance.choice(self.schema.tables).name for _ in range(2))
        columns = self.table_columns(left, left_alias) + self.table_columns(right, two)
        if self.chance.random() < 0.5:
            condition, merged = "USING (a)", "a"
        else:
            mine, theirs = self.chance.choice(("a", "b")), self.chance.choice(("a", "b"))
            operator = self.chance.choice(("=", "=", "=", "IS NOT DISTINCT FROM"))
            condition, merged = (
                f"ON {left_alias}.{mine} {operator} {two}.{theirs}",
                f"coalesce({two}.{theirs}, {left_alias}.{mine})",
            )
        rows = _From(f"{left} AS {left_alias} FULL JOIN {right} AS {two} {condition}", columns)
        items = [(merged, self.fresh("c")), *self.items(rows, 0.3)]
        verb = self.chance.choice(("SELECT", "SELECT DISTINCT"))
        return self.write_out(verb, items, rows, self.where(rows.columns, 0.2))

    def table_columns(self, table: str, alias: str) -> list[_Column]:
        return [
            _Column(f"{alias}.{column.name}", table, column.name) for column in self.schema.by_name[table].columns or ()
        ]

    def items(self, rows: _From, likely: float = 0.7) -> list[tuple[str, str]]:
        chosen = [(column.text, self.fresh("c")) for column in rows.columns if self.chance.random() < likely]
        chosen = chosen or [(self.pick(rows), self.fresh("c"))]
        if self.chance.random() < 0.25:
            chosen.append((self.expression(rows), self.fresh("e")))
        return chosen

    def expression(self, rows: _From) -> str:
        first, other = self.pick(rows), self.pick(rows)
        return self.chance.choice(
            (
                f"{first} + {other}",
                f"coalesce({first}, 0)",
                f"{first} % 2",
                "1",
                "7",
                f"abs({first})",
                f"CAST({first} AS DECIMAL(25, 0))",
                "floor(⟦rand()¦random()⟧ * 3)",
            )
        )

    def plain(self, rows: _From) -> RandomQuery:
        items = self.items(rows, 0.8)
        return self.write_out("SELECT", items, rows, self.where(rows.columns, 0.35))

    def write_out(self, verb: str, items: list[tuple[str, str]], rows: _From, rest: str) -> RandomQuery:
        listed = ", ".join(f"{text} AS {name}" for text, name in items)
        columns = tuple(name for _, name in items)
        return RandomQuery(f"{verb} {listed} FROM {rows.text}{rest}", columns, self.keys_of_tables(items, rows))

    def keys_of_tables(self, items: list[tuple[str, str]], rows: _From) -> tuple[tuple[str, ...], ...]:
        """The keys of the tables read, by the names that their columns have in the result."""
        named = dict(reversed(items))
        found = []
        for alias in dict.fromkeys(column.text.partition(".")[0] for column in rows.columns if column.table):
            own = {column.name: column for column in rows.columns if column.text.startswith(f"{alias}.")}
            table = next(column.table for column in own.values())
            declared = self.schema.by_name[table] if table else None
            keys = (*declared.keys, *(current.columns for current in declared.current_keys)) if declared else ()
            shown = [key for key in keys if all(name in own and own[name].text in named for name in key)]
            found += [tuple(named[own[name].text] for name in key) for key in shown]
        return tuple(dict.fromkeys(found))

    def star(self, rows: _From) -> RandomQuery:
        columns = [column for column in rows.columns if "(" not in column.text]
        names = [column.text.rpartition(".")[2] for column in columns]
        if len(set(names)) < len(names):
            return self.plain(rows)
        left_out = self.chance.choice(names) if self.chance.random() < 0.3 and len(names) > 1 else None
        shown = f"* ⟦EXCEPT¦EXCLUDE⟧ ({left_out})" if left_out else "*"
        kept = tuple(name for name in names if name != left_out)
        return RandomQuery(f"SELECT {shown} FROM {rows.text}{self.where(rows.columns, 0.4)}", kept)

    def distinct(self, rows: _From) -> RandomQuery:
        return self.write_out("SELECT DISTINCT", self.items(rows, 0.5), rows, self.where(rows.columns, 0.3))

    def add_limit(self, rows: _From) -> RandomQuery:
        if self.chance.random() < 0.5:
            return self.plain(rows)
        items = self.items(rows)
        order = ", ".join(name for _, name in items)
        return self.write_out("SELECT", items, rows, f" ORDER BY {order} LIMIT {self.chance.choice((1, 2))}")

    def group(self, rows: _From) -> RandomQuery:
        groups = [column.text for column in rows.columns if self.chance.random() < 0.4][:3]
        if groups and self.chance.random() < 0.2:
            groups[-1] = f"{groups[-1]} % 3"
        groups = list(dict.fromkeys(groups))
        count = self.chance.choice(("count(*)", f"sum({self.pick(rows)})", f"max({self.pick(rows)})"))
        having = " HAVING count(*) > 1" if self.chance.random() < 0.1 else ""
        named = [(text, self.fresh("g")) for text in groups]
        items = [*named, (count, self.fresh("n"))]
        where = self.where(rows.columns, 0.2)
        if not groups:
            return self.write_out("SELECT", items, rows, where)
        how = self.chance.random()
        listed = ", ".join(groups)
        if how < 0.3:
            clause = "ALL"
        elif how < 0.45:
            clause = ", ".join(str(at + 1) for at in range(len(groups)))
        elif how < 0.6:
            items += [(f"⟦grouping_id()¦grouping({listed})⟧", self.fresh("n"))] if self.chance.random() < 0.4 else []
            clause = f"{self.chance.choice(('ROLLUP', 'CUBE'))} ({listed})"
        elif how < 0.65:
            clause = f"GROUPING SETS (({listed}), {self.chance.choice(('()', f'({listed})', f'({groups[0]})'))})"
        else:
            clause = listed
        if how > 0.65 and self.chance.random() < 0.3:
            items = items[1:]
        return self.write_out("SELECT", items, rows, f"{where} GROUP BY {clause}{having}")

    def number_rows(self, rows: _From) -> RandomQuery:
        items = self.items(rows, 0.8)
        partition = self.chance.sample([text for text, _ in items if "rand" not in text] or [self.pick(rows)], 1)
        partition += [self.pick(rows)] if self.chance.random() < 0.3 else []
        over = f"PARTITION BY {', '.join(partition)}"
        order = f" ORDER BY {self.pick(rows)}"
        number = self.fresh("r")
        function = self.chance.choice(
            (f"row_number() OVER ({over}{order})", f"row_number() OVER ({over}{order})",
             f"rank() OVER ({over}{order})", f"count(*) OVER ({over})", f"max({self.pick(rows)}) OVER ({over})",
             f"max({self.pick(rows)}) OVER ({over}{order})")
        )  # fmt: skip
        condition = self.chance.choice(("= 1", "= 1", "<= 1", "< 2", "<= 2", "= 2"))
        where = self.where(rows.columns, 0.2)
        how = self.chance.random()
        if how < 0.5:
            return self.write_out("SELECT", items, rows, f"{where} QUALIFY {function} {condition}")
        inner = self.write_out("SELECT", [*items, (function, number)], rows, where)
        if how < 0.65:
            return inner
        if how < 0.75:
            chosen = [(text, self.fresh("c")) for text in dict.fromkeys(partition)]
            rest = f"{where} QUALIFY {function} {condition}" if self.chance.random() < 0.5 else where
            return self.write_out("SELECT DISTINCT", [*chosen, (function, number)], rows, rest)
        kept = tuple(name for _, name in items)
        return RandomQuery(
            f"SELECT {', '.join(kept)} FROM ({inner.text}) AS {self.fresh('x')} WHERE {number} {condition}", kept
        )

    # Whole queries

    def set_operation(self, depth: int) -> RandomQuery:
        count = self.chance.choice((2, 2, 3))
        parts = [self.query(depth - 1) for _ in range(count)]
        width = min(len(part.columns) for part in parts)
        operator = self.chance.choice(
            ("UNION ALL", "UNION ALL", "UNION", "INTERSECT", "INTERSECT ALL", "EXCEPT", "EXCEPT ALL")
        )
        tells_apart = operator == "UNION ALL" and self.chance.random() < 0.7
        names = [self.fresh("u") for _ in range(width)]
        tag = self.fresh("s")
        written = []
        for number, part in enumerate(parts):
            listed = [f"{mine} AS {name}" for mine, name in zip(part.columns, names, strict=False)]
            if tells_apart:
                listed.append(f"{self.chance.choice((number, number, number, 0))} AS {tag}")
            written.append(f"SELECT {', '.join(listed)} FROM ({part.text}) AS {self.fresh('x')}")
        columns = (*names, tag) if tells_apart else tuple(names)
        return RandomQuery(f" {operator} ".join(written), columns)

    def with_query(self, depth: int) -> RandomQuery:
        inner = self.query(depth - 1)
        name, left_alias, two = self.fresh("w"), self.fresh("x"), self.fresh("x")
        mine, theirs = self.chance.choice(inner.columns), self.chance.choice(inner.columns)
        left = _From(f"{name} AS {left_alias}", [_Column(f"{left_alias}.{column}") for column in inner.columns])
        if self.chance.random() < 0.4:
            rows = left
        else:
            right = _From(f"{name} AS {two}", [_Column(f"{two}.{column}") for column in inner.columns])
            kind = self.chance.choice(("JOIN", "LEFT JOIN"))
            rows = _From(
                f"{left.text} {kind} {right.text} ON {left_alias}.{mine} = {two}.{theirs}", left.columns + right.columns
            )
        outer = self.plain(rows)
        return RandomQuery(f"WITH {name} AS ({inner.text}) {outer.text}", outer.columns)
