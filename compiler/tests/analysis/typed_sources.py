"""Random FROM clauses: tables, queries, every form of join, generators, samples, and rows turned by UNPIVOT."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field

from typed_expressions import ExpressionWriter, Item
from typed_schemas import UNTIL

from cbx.analysis.facts import Table


@dataclass(frozen=True)
class TypedQuery:
    """A query and its columns: name and kind, each None where it is not known."""

    text: str
    columns: tuple[tuple[str | None, str | None], ...]

    @property
    def named(self) -> tuple[tuple[str, str | None], ...]:
        """The columns whose name nobody else has."""
        names = [name.lower() for name, _ in self.columns if name]
        return tuple((name, kind) for name, kind in self.columns if name and names.count(name.lower()) == 1)


@dataclass
class Rows:
    """What FROM says, and what can be written for its columns."""

    text: str
    columns: list[Item] = field(default_factory=list)


_JOINS = (
    "JOIN", "JOIN", "JOIN", "LEFT JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN", "LEFT SEMI JOIN",
    "LEFT ANTI JOIN", "INNER JOIN", "FULL OUTER JOIN",
)  # fmt: skip
_COMPARABLE = {
    "BIGINT": ("BIGINT", "INT", "DOUBLE", "DECIMAL(10, 2)", "NUMERIC STRING", "FLOAT", "DECIMAL(20, 0)"),
    "INT": ("INT", "BIGINT", "DOUBLE", "FLOAT", "SMALLINT", "NUMERIC STRING"),
    "DOUBLE": ("DOUBLE", "FLOAT", "BIGINT", "DECIMAL(10, 2)", "NUMERIC STRING"),
    "STRING": ("STRING", "STRING", "NUMERIC STRING"),
    "NUMERIC STRING": ("NUMERIC STRING", "BIGINT", "INT", "STRING", "DOUBLE"),
    "DATE": ("DATE", "DATE", "TIMESTAMP", "TIMESTAMP_NTZ"),
    "TIMESTAMP": ("TIMESTAMP", "DATE", "TIMESTAMP_NTZ"),
    "DECIMAL(10, 2)": ("DECIMAL(10, 2)", "BIGINT", "DECIMAL(20, 0)", "DOUBLE", "INT"),
}  # fmt: skip
_SAMPLES = (" TABLESAMPLE (2 ROWS)", " TABLESAMPLE (1 ROWS)", " TABLESAMPLE (50 PERCENT)", " TABLESAMPLE (100 PERCENT)")


class SourceWriter(ExpressionWriter, ABC):
    """Writes FROM clauses."""

    @abstractmethod
    def query(self, depth: int) -> TypedQuery:
        """A query, whose FROM may contain others."""

    def table_columns(self, table: Table, name: str) -> list[Item]:
        return [
            Item(f"{name}.{column.name}", self.schema.kinds[table.name, column.name], table.name, column.name)
            for column in table.columns or ()
        ]

    def table(self, table: Table | None = None) -> Rows:
        table = table or self.chance.choice(self.schema.tables)
        name = self.fresh("x")
        sample = self.chance.choice(_SAMPLES) if self.chance.random() < 0.04 else ""
        return Rows(f"{table.name}{sample} AS {name}", self.table_columns(table, name))

    def subquery(self, inner: TypedQuery) -> Rows:
        name = self.fresh("x")
        return Rows(f"({inner.text}) AS {name}", [Item(f"{name}.{column}", kind) for column, kind in inner.named])

    def source(self, depth: int) -> Rows:
        roll = self.chance.random()
        if depth and roll < 0.35:
            found = self.subquery(self.query(depth - 1))
            if found.columns:
                return found
        if roll > 0.96:
            name = self.fresh("x")
            rows = self.chance.choice(
                ("(1L, 'a')", "(1L, 'a'), (2L, 'b')", "(1L, 'a'), (1L, 'b')", "(1L, NULL), (2L, NULL)")
            )
            return Rows(f"(VALUES {rows}) AS {name} (v, w)", [Item(f"{name}.v", "BIGINT"), Item(f"{name}.w", "STRING")])
        if roll > 0.945:
            return self.unpivot()
        if roll > 0.94:
            name = self.fresh("x")
            return Rows(f"range(3) AS {name}", [Item(f"{name}.id", "BIGINT")])
        return self.table()

    def unpivot(self) -> Rows:
        """A table whose columns of one type become rows."""
        for table in self.chance.sample(self.schema.tables, len(self.schema.tables)):
            by_kind: dict[str, list[str]] = {}
            for column in table.columns or ():
                by_kind.setdefault(self.schema.kinds[table.name, column.name], []).append(column.name)
            for kind, names in by_kind.items():
                if len(names) > 1:
                    turned = names[:2]
                    name, value, label = self.fresh("x"), self.fresh("v"), self.fresh("n")
                    nulls = self.chance.choice(("", " INCLUDE NULLS", " EXCLUDE NULLS"))
                    listed = ", ".join(turned)
                    kept = [item for item in self.table_columns(table, name) if item.name not in turned]
                    made = [Item(f"{name}.{label}", "STRING"), Item(f"{name}.{value}", kind)]
                    text = f"(SELECT * FROM {table.name} UNPIVOT{nulls} ({value} FOR {label} IN ({listed}))) AS {name}"
                    return Rows(text, [Item(item.text, item.kind) for item in kept] + made)
        return self.table()

    def from_clause(self, depth: int) -> Rows:
        left = self.source(depth)
        for _ in range(self.chance.choice((0, 0, 1, 1, 1, 2))):
            left = self.join(left, self.join_related(left) or self.source(depth))
        roll = self.chance.random()
        if roll < 0.1:
            return self.with_lateral_view(left)
        return self.with_lateral_query(left) if roll > 0.95 else left
        return left

    def join_related(self, left: Rows) -> Rows | None:
        """A table that a relationship leads to."""
        named = {item.table for item in left.columns}
        reachable = [
            other
            for relationship in self.schema.relationships
            for mine, other in (
                (relationship.parent, relationship.child),
                (relationship.child, relationship.parent),
            )
            if mine in named
        ]
        if not reachable or self.chance.random() < 0.3:
            return None
        return self.table(self.schema.by_name[self.chance.choice(reachable)])

    def join(self, left: Rows, right: Rows) -> Rows:
        kind = self.chance.choice(_JOINS)
        keeps_left = "SEMI" in kind or "ANTI" in kind
        columns = left.columns if keeps_left else left.columns + right.columns
        if kind == "CROSS JOIN":
            return Rows(f"{left.text} CROSS JOIN {right.text}", columns)
        shared = {item.name for item in left.columns if item.name} & {item.name for item in right.columns if item.name}
        single = [name for name in sorted(shared) if self._kind_of(left, name) and self._fits(left, right, name)]
        if single and self.chance.random() < 0.2:
            return self.join_using(left, right, kind, single)
        return Rows(f"{left.text} {kind} {right.text} ON {self.join_condition(left, right)}", columns)

    def _kind_of(self, rows: Rows, name: str) -> str | None:
        kinds = [item.kind for item in rows.columns if item.name == name]
        return kinds[0] if len(kinds) == 1 else None

    def _fits(self, left: Rows, right: Rows, name: str) -> bool:
        mine, theirs = self._kind_of(left, name), self._kind_of(right, name)
        return mine is not None and theirs in _COMPARABLE.get(mine, (mine,)) and not mine.startswith("MAP")

    def join_using(self, left: Rows, right: Rows, kind: str, shared: list[str]) -> Rows:
        using = self.chance.sample(shared, self.chance.choice((1, 1, min(2, len(shared)))))
        theirs = (
            [] if "SEMI" in kind or "ANTI" in kind else [column for column in right.columns if column.name not in using]
        )
        merged = [
            Item(name, self._kind_of(left, name) if self._kind_of(left, name) == self._kind_of(right, name) else None)
            for name in using
        ]
        mine = [column for column in left.columns if column.name not in using]
        return Rows(f"{left.text} {kind} {right.text} USING ({', '.join(using)})", [*merged, *mine, *theirs])

    def join_condition(self, left: Rows, right: Rows) -> str:
        conditions = self.relationship_condition(left, right)
        if not conditions or self.chance.random() < 0.1:
            conditions = [self.equality(left, right) for _ in range(self.chance.choice((1, 1, 2)))]
        if self.chance.random() < 0.2:
            side = self.chance.choice((left, right, Rows("", left.columns + right.columns)))
            conditions.append(self.condition(side.columns))
        return " AND ".join(conditions)

    def relationship_condition(self, left: Rows, right: Rows) -> list[str]:
        found = []
        for relationship in self.schema.relationships:
            for child, parent in ((left, right), (right, left)):
                pairs = [
                    (
                        self._pick_column(child, relationship.child, mine),
                        self._pick_column(parent, relationship.parent, theirs),
                    )
                    for mine, theirs in relationship.on
                ]
                if all(mine and theirs for mine, theirs in pairs):
                    found.append([f"{mine} = {theirs}" for mine, theirs in pairs])
        return list(self.chance.choice(found)) if found else []

    def _pick_column(self, side: Rows, table: str, name: str) -> str | None:
        return next((item.text for item in side.columns if (item.table, item.name) == (table, name)), None)

    def equality(self, left: Rows, right: Rows) -> str:
        """Two sides that Spark compares, not always of one type."""
        operator = self.chance.choice(("=", "=", "=", "<=>", "IS NOT DISTINCT FROM"))
        pairs = [
            (mine.text, theirs.text)
            for mine in left.columns
            for theirs in right.columns
            if mine.kind and theirs.kind in _COMPARABLE.get(mine.kind, (mine.kind,)) and not mine.kind.startswith("MAP")
        ]
        if not pairs or self.chance.random() < 0.1:
            kind = self.chance.choice(("BIGINT", "STRING"))
            return f"{self.value(left.columns, kind).text} {operator} {self.of_kind(right.columns, kind, 0)}"
        mine, theirs = self.chance.choice(pairs)
        return f"{mine} {operator} {theirs}"

    def with_lateral_view(self, left: Rows) -> Rows:
        generator, kinds = self.make_call("generator", left.columns)
        name = self.fresh("x")
        names = [self.fresh("l") for _ in kinds]
        outer = self.chance.choice(("", "", "OUTER "))
        items = [Item(f"{name}.{column}", kind) for column, kind in zip(names, kinds, strict=True)]
        text = f"{left.text} LATERAL VIEW {outer}{generator} {name} AS {', '.join(names)}"
        return Rows(text, left.columns + items)

    def with_lateral_query(self, left: Rows) -> Rows:
        """A query for each row: at most one row, all that fit, or the elements of a collection."""
        name, inner = self.fresh("x"), self.table()
        kind = self.chance.choice(("JOIN LATERAL", "LEFT JOIN LATERAL", "CROSS JOIN LATERAL"))
        condition = "" if "CROSS" in kind else " ON true"
        value, new = self.chance.choice(inner.columns), self.fresh("l")
        forms: tuple[Callable[[], str], ...] = (
            lambda: f"SELECT {value.text} AS {new} FROM {inner.text} WHERE {self.equality(left, inner)}",
            lambda: f"SELECT {value.text} AS {new} FROM {inner.text} WHERE {self.equality(left, inner)} LIMIT 1",
            lambda: f"SELECT count(*) AS {new} FROM {inner.text} WHERE {self.equality(left, inner)}",
        )
        return Rows(
            f"{left.text} {kind} ({self.chance.choice(forms)()}) AS {name}{condition}",
            [*left.columns, Item(f"{name}.{new}", None)],
        )

    def until(self, rows: Rows) -> str | None:
        """The condition that leaves the current rows of a table with versions."""
        found = [item.text for item in rows.columns if item.name == UNTIL]
        return f"{self.chance.choice(found)} IS NULL" if found else None

    def where(self, rows: Rows, likely: float) -> str:
        if self.chance.random() > likely:
            return ""
        conditions = [self.condition(rows.columns) for _ in range(self.chance.choice((1, 1, 2)))]
        current = self.until(rows)
        if current and self.chance.random() < 0.7:
            conditions.append(current)
        return " WHERE " + " AND ".join(conditions)
