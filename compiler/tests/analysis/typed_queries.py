"""Random queries in the SQL of Databricks, over columns of every type."""

from __future__ import annotations

import random

from typed_expressions import TEMPLATES, Item
from typed_schemas import TypedSchema
from typed_sources import Rows, SourceWriter, TypedQuery


def typed_query(schema: TypedSchema, chance: random.Random) -> TypedQuery:
    return QueryWriter(schema, chance).query(chance.choice((0, 1, 1, 2)))


class QueryWriter(SourceWriter):
    """Writes queries."""

    def query(self, depth: int) -> TypedQuery:
        roll = self.chance.random()
        if depth and roll < 0.15:
            return self.set_operation(depth)
        if depth and roll < 0.23:
            return self.with_query(depth)
        if roll < 0.29:
            return self.pipe()
        if roll < 0.33:
            return self.pivot()
        return self.select(depth)

    def select(self, depth: int) -> TypedQuery:
        roll = self.chance.random()
        if self.schema.relationships and roll < 0.2:
            return self.along_relationships()
        rows = self.from_clause(depth)
        write = self.chance.choice(
            (self.plain, self.plain, self.plain, self.star, self.distinct, self.group, self.group, self.group,
             self.number_rows, self.number_rows, self.number_rows, self.add_limit, self.generate)
        )  # fmt: skip
        return write(rows)

    # The items of SELECT

    def items(self, rows: Rows, likely: float) -> list[Item]:
        """Columns and expressions; the text has the alias, ``name`` the column's name where that is sure."""
        chosen = [column for column in rows.columns if self.chance.random() < likely]
        made = [self.value(rows.columns) for _ in range(self.chance.choice((0, 0, 1, 1, 2)))]
        chosen = [*chosen, *made] or [self.chance.choice(rows.columns)]
        self.chance.shuffle(chosen)
        return [self.item(item, rows) for item in chosen]

    def item(self, item: Item, rows: Rows) -> Item:
        roll = self.chance.random()
        if roll < 0.08:
            return Item(item.text, item.kind, name=self._own_name(item.text))
        alias = self.fresh("c")
        if roll < 0.14:
            names = [column.name or column.text.rpartition(".")[2] for column in rows.columns]
            alias = self.chance.choice(names)
        if roll < 0.18:
            alias = alias.upper()
        return Item(f"{item.text} AS {alias}", item.kind, name=alias)

    def _own_name(self, text: str) -> str | None:
        """The name of a column without an alias; that of other expressions is left to Spark."""
        name = text.rpartition(".")[2]
        return name if name.isidentifier() and text.count(".") < 2 and text.isprintable() else None

    def write_out(self, select: str, items: list[Item], rows: Rows, rest: str) -> TypedQuery:
        listed = ", ".join(item.text for item in items)
        return TypedQuery(f"{select} {listed} FROM {rows.text}{rest}", tuple((item.name, item.kind) for item in items))

    def plain(self, rows: Rows) -> TypedQuery:
        return self.write_out("SELECT", self.items(rows, 0.6), rows, self.where(rows, 0.45))

    def star(self, rows: Rows) -> TypedQuery:
        """All columns, but for some."""
        simple = [column for column in rows.columns if "." in column.text]
        extra = ""
        names = [column.text.rpartition(".")[2] for column in rows.columns]
        kinds = [column.kind for column in rows.columns]
        if len(simple) != len(rows.columns) or len(set(names)) < len(names) or len(names) < 2:
            return self.plain(rows)
        aliases = list(dict.fromkeys(column.text.partition(".")[0] for column in rows.columns))
        star = "*" if self.chance.random() < 0.7 else ", ".join(f"{alias}.*" for alias in aliases)
        if star == "*" and self.chance.random() < 0.4:
            left_out = self.chance.choice(names)
            extra = f" EXCEPT ({left_out})"
            kept = [(name, kind) for name, kind in zip(names, kinds, strict=True) if name != left_out]
            names, kinds = [name for name, _ in kept], [kind for _, kind in kept]
        new = self.value(rows.columns)
        alias = self.fresh("c")
        where = self.where(rows, 0.4)
        # A subquery may have columns that nobody can name; then the star has more columns than are listed here.
        text = f"SELECT {star}{extra}, {new.text} AS {alias} FROM {rows.text}{where}"
        return TypedQuery(text, (*zip(names, kinds, strict=True), (alias, new.kind)))

    def distinct(self, rows: Rows) -> TypedQuery:
        return self.write_out("SELECT DISTINCT", self.items(rows, 0.4), rows, self.where(rows, 0.3))

    def add_limit(self, rows: Rows) -> TypedQuery:
        found = self.write_out("SELECT", self.items(rows, 0.5), rows, self.where(rows, 0.2))
        rest = self.chance.choice(
            ("LIMIT 1", "LIMIT 2", "LIMIT 1 OFFSET 1", "ORDER BY 1 LIMIT 1", "LIMIT 0", "LIMIT ALL")
        )
        return TypedQuery(f"{found.text} {rest}", found.columns)

    def generate(self, rows: Rows) -> TypedQuery:
        """A generator among the items of SELECT."""
        generator, kinds = self.make_call("generator", rows.columns)
        names = [self.fresh("e") for _ in kinds]
        alias = names[0] if len(names) == 1 else f"({', '.join(names)})"
        if self.chance.random() < 0.2:
            generator = generator.replace("explode(", "explode_outer(", 1)
        generator = f"{generator} AS {alias}"
        items = self.items(rows, 0.4)
        at = self.chance.randint(0, len(items))
        listed = [item.text for item in items]
        listed.insert(at, generator)
        columns: list[tuple[str | None, str | None]] = [(item.name, item.kind) for item in items]
        columns[at:at] = zip(names, kinds, strict=True)
        distinct = self.chance.choice(("", "", "", "DISTINCT "))
        return TypedQuery(
            f"SELECT {distinct}{', '.join(listed)} FROM {rows.text}{self.where(rows, 0.2)}", tuple(columns)
        )

    def along_relationships(self) -> TypedQuery:
        """Tables joined by nothing but declared relationships."""
        first = self.chance.choice(self.schema.relationships)
        rows = self.table(self.schema.by_name[self.chance.choice((first.parent, first.child))])
        for _ in range(self.chance.choice((1, 1, 2))):
            right = self.join_related(rows) or self.table()
            conditions = self.relationship_condition(rows, right)
            kind = self.chance.choice(("JOIN", "JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"))
            if conditions:
                rows = Rows(
                    f"{rows.text} {kind} {right.text} ON {' AND '.join(conditions)}", rows.columns + right.columns
                )
        items = [Item(f"{column.text} AS {self.fresh('c')}", column.kind) for column in rows.columns]
        items = [Item(item.text, item.kind, name=item.text.rpartition(" ")[2]) for item in items]
        roll = self.chance.random()
        if roll < 0.15:
            return self.write_out("SELECT DISTINCT", items, rows, "")
        if roll < 0.3:
            return self.write_out("SELECT", [*items, Item("count(*) AS n", "BIGINT", name="n")], rows, " GROUP BY ALL")
        if roll < 0.4:
            return self.write_out("SELECT", items, rows, self.where(rows, 1))
        return self.write_out("SELECT", items, rows, "")

    # GROUP BY

    def group(self, rows: Rows) -> TypedQuery:
        groupable = [column for column in rows.columns if not (column.kind or "").startswith("MAP")]
        chosen = [column for column in groupable if self.chance.random() < 0.4][:3]
        if self.chance.random() < 0.3:
            chosen.append(self.value(rows.columns))
        chosen = list({item.text: item for item in chosen if not (item.kind or "").startswith("MAP")}.values())
        where = self.where(rows, 0.2)
        having = f" HAVING {self.chance.choice(('count(*) > 1', 'count(*) = 1'))}"
        having = having if self.chance.random() < 0.15 else ""
        aggregates = [self.aggregate(rows) for _ in range(self.chance.choice((1, 1, 2)))]
        items = [self.item(item, rows) for item in chosen]
        if not items:
            return self.write_out("SELECT", aggregates, rows, where + having)
        texts = [item.text for item in chosen]
        roll = self.chance.random()
        listed = ", ".join(texts)
        both = [*items, *aggregates]
        if roll < 0.25:
            clause = "ALL"
        elif roll < 0.4:
            self.chance.shuffle(both)
            clause = ", ".join(str(at) for at, item in enumerate(both, 1) if item in items)
        elif roll < 0.5:
            clause = f"{self.chance.choice(('ROLLUP', 'CUBE'))} ({listed})"
            both += [Item("grouping_id() AS gid", "BIGINT", name="gid")] if self.chance.random() < 0.5 else []
            both += [Item(f"grouping({texts[0]}) AS gr", None, name="gr")] if self.chance.random() < 0.3 else []
        elif roll < 0.56:
            clause = f"GROUPING SETS (({listed}), {self.chance.choice(('()', f'({listed})', f'({texts[0]})'))})"
        elif roll < 0.62:
            clause = f"{listed} WITH {self.chance.choice(('ROLLUP', 'CUBE'))}"
        else:
            clause = listed
            if self.chance.random() < 0.2:
                both = both[1:]
        if self.chance.random() < 0.08:
            generator = Item("explode(collect_list(1L)) AS el", "BIGINT", name="el")
            both.insert(0 if clause in {"ALL", listed} else len(both), generator)
        return self.write_out("SELECT", both, rows, f"{where} GROUP BY {clause}{having}")

    def aggregate(self, rows: Rows) -> Item:
        text, kinds = self.make_call("aggregate", rows.columns)
        name = self.fresh("m")
        return Item(f"{text} AS {name}", kinds[0], name=name)

    # Windows

    def window(self, rows: Rows) -> tuple[str, str]:
        """A window function and what it partitions by."""
        groupable = [column for column in rows.columns if not (column.kind or "").startswith("MAP")]
        partition = [
            item.text for item in self.chance.sample(groupable, min(len(groupable), self.chance.choice((1, 1, 2))))
        ]
        if self.chance.random() < 0.12:
            partition.append(self.value(rows.columns, self.chance.choice(("BIGINT", "STRING", "DATE"))).text)
        by = f"PARTITION BY {', '.join(partition)}" if partition and self.chance.random() < 0.92 else ""
        order = f"ORDER BY {self.chance.choice(groupable or [Item('1', None)]).text}"
        template = self.chance.choice(TEMPLATES["window"])
        filled = self.fill(template.replace("{w}", "⟦w⟧").replace("{o}", "⟦o⟧"), rows.columns, 0)
        return filled.replace("⟦w⟧", by).replace("⟦o⟧", order), ", ".join(partition)

    def number_rows(self, rows: Rows) -> TypedQuery:
        items = self.items(rows, 0.6)
        function, partition = self.window(rows)
        number = self.fresh("r")
        condition = self.chance.choice(
            ("= 1", "= 1", "= 1", "<= 1", "< 2", "<= 2", "= 2", "<=> 1", "BETWEEN 1 AND 1", "IS NOT NULL")
        )
        where = self.where(rows, 0.2)
        roll = self.chance.random()
        if roll < 0.35:
            return self.write_out("SELECT", items, rows, f"{where} QUALIFY {function} {condition}")
        if roll < 0.5:
            number = self._alias_of_a_column(rows) if self.chance.random() < 0.3 else number
            named = [*items, Item(f"{function} AS {number}", None, name=number)]
            return self.write_out("SELECT", named, rows, f"{where} QUALIFY {number} {condition}")
        if roll < 0.57 and "OVER (PARTITION BY" in function:
            named = function.replace(f"PARTITION BY {partition}", "w", 1)
            window = f" WINDOW w AS (PARTITION BY {partition})"
            return self.write_out(
                "SELECT", [*items, Item(f"{named} AS {number}", None, name=number)], rows, f"{where}{window}"
            )
        inner = self.write_out("SELECT", [*items, Item(f"{function} AS {number}", None, name=number)], rows, where)
        if roll < 0.7:
            return inner
        if roll < 0.78 and partition:
            chosen = [
                Item(f"{text} AS {self.fresh('c')}", None) for text in partition.split(", ") if "(" not in partition
            ]
            chosen = [Item(item.text, None, name=item.text.rpartition(" ")[2]) for item in chosen]
            return self.write_out(
                "SELECT DISTINCT", [*chosen, Item(f"{function} AS {number}", None, name=number)], rows, where
            )
        kept = [(name, kind) for name, kind in inner.named if name != number]
        if not kept:
            return inner
        listed = ", ".join(name for name, _ in kept)
        text = f"SELECT {listed} FROM ({inner.text}) AS {self.fresh('x')} WHERE {number} {condition}"
        return TypedQuery(text, tuple(kept))

    def _alias_of_a_column(self, rows: Rows) -> str:
        return self.chance.choice(rows.columns).text.rpartition(".")[2]

    # Whole queries

    def set_operation(self, depth: int) -> TypedQuery:
        count = self.chance.choice((2, 2, 3))
        first = self.query(depth - 1)
        parts = [first] + [self._like(first, depth) for _ in range(count - 1)]
        operator = self.chance.choice(
            ("UNION ALL",) * 3 + ("UNION", "INTERSECT", "INTERSECT ALL", "EXCEPT", "EXCEPT ALL", "MINUS")
        )  # fmt: skip
        tells_apart = "UNION ALL" in operator and self.chance.random() < 0.7
        kinds = self._shared_kinds(parts)
        names, tag = [self.fresh("u") for _ in kinds], self.fresh("s")
        written = []
        for number, part in enumerate(parts):
            pool = list(part.named)
            listed = []
            for name, kind in zip(names, kinds, strict=True):
                at = next(at for at, (_, theirs) in enumerate(pool) if theirs == kind)
                listed.append(f"{pool.pop(at)[0]} AS {name}")
            if tells_apart:
                tags = (
                    f"{number}",
                    f"'{number}'",
                    f"{number}",
                    "0",
                    f"'0{number}'",
                    f"CAST({number} AS STRING)",
                    f"{number}.0",
                )
                listed.append(f"{self.chance.choice(tags[:1] * 6 + tags)} AS {tag}")
            written.append(f"SELECT {', '.join(listed) or '1 AS lone'} FROM ({part.text}) AS {self.fresh('x')}")
        columns = [*zip(names, kinds, strict=True), *([(tag, None)] if tells_apart else [])] or [("lone", "INT")]
        return TypedQuery(f" {operator} ".join(written), tuple(columns))

    def _like(self, first: TypedQuery, depth: int) -> TypedQuery:
        for _ in range(3):
            found = self.query(depth - 1)
            if self._shared_kinds([first, found]):
                return found
        return first

    def _shared_kinds(self, parts: list[TypedQuery]) -> list[str]:
        shared = [kind for _, kind in parts[0].named if kind and not kind.startswith("MAP")]
        for part in parts[1:]:
            theirs = [kind for _, kind in part.named]
            kept = []
            for kind in shared:
                if kind in theirs:
                    theirs.remove(kind)
                    kept.append(kind)
            shared = kept
        return shared[:4]

    def with_query(self, depth: int) -> TypedQuery:
        inner = self.query(depth - 1)
        if not inner.named:
            return inner
        name, left_alias, two = self.fresh("w"), self.fresh("x"), self.fresh("x")
        left = Rows(f"{name} AS {left_alias}", [Item(f"{left_alias}.{column}", kind) for column, kind in inner.named])
        rows = left
        if self.chance.random() < 0.6:
            right = Rows(f"{name} AS {two}", [Item(f"{two}.{column}", kind) for column, kind in inner.named])
            mine = self.chance.choice(inner.named)[0]
            theirs = mine if self.chance.random() < 0.6 else None
            condition = f"{left_alias}.{mine} = {two}.{theirs}" if theirs else self.equality(left, right)
            kind = self.chance.choice(("JOIN", "LEFT JOIN", "FULL JOIN"))
            rows = Rows(f"{left.text} {kind} {right.text} ON {condition}", left.columns + right.columns)
        outer = self.chance.choice((self.plain, self.group, self.number_rows))(rows)
        return TypedQuery(f"WITH {name} AS ({inner.text}) {outer.text}", outer.columns)

    def pivot(self) -> TypedQuery:
        """PIVOT of a query with a few columns."""
        rows = self.table()
        fits = [column for column in rows.columns if column.kind in {"BIGINT", "INT", "STRING"}]
        if not fits:
            return self.plain(rows)
        by = self.chance.choice(fits)
        kept = [column for column in rows.columns if column is not by and self.chance.random() < 0.5]
        kept = [column for column in kept if not (column.kind or "").startswith("MAP")]
        measured = [column for column in rows.columns if column is not by]
        value = self.chance.choice(measured)
        inner = ", ".join(
            [f"{item.text} AS k{at}" for at, item in enumerate(kept)] + [f"{by.text} AS p", f"{value.text} AS v"]
        )
        values = {"STRING": "'a' AS pa, 'b' AS pb"}.get(by.kind or "", "1 AS pa, 2 AS pb")
        function = self.chance.choice(("count(v)", "max(v)", "first(v)", "count(*)"))
        if (value.kind or "").startswith("MAP"):
            function = "count(v)"
        columns = tuple((f"k{at}", item.kind) for at, item in enumerate(kept))
        text = f"SELECT * FROM (SELECT {inner} FROM {rows.text}) PIVOT ({function} FOR p IN ({values}))"
        return TypedQuery(text, (*columns, ("pa", None), ("pb", None)))

    def pipe(self) -> TypedQuery:
        """A query in stages that follow each other."""
        rows = self.table()
        text = f"FROM {rows.text}"
        for _ in range(self.chance.choice((1, 2, 2, 3))):
            stage = self.chance.choice(("where", "limit", "join", "extend", "order"))
            if stage == "where":
                text += f" |> WHERE {self.condition(rows.columns)}"
            elif stage == "limit":
                text += f" |> LIMIT {self.chance.choice((1, 2))}"
            elif stage == "join":
                right = self.join_related(rows) or self.table()
                kind = self.chance.choice(("JOIN", "LEFT JOIN"))
                text += f" |> {kind} {right.text} ON {self.join_condition(rows, right)}"
                rows = Rows("", rows.columns + right.columns)
            elif stage == "extend":
                new, name = self.value(rows.columns), self.fresh("c")
                text += f" |> EXTEND {new.text} AS {name}"
                rows = Rows("", [*rows.columns, Item(name, new.kind)])
            else:
                text += f" |> ORDER BY {self.of_kind(rows.columns, 'BIGINT', 0)}"
        roll = self.chance.random()
        if roll < 0.3:
            by = self.chance.choice(rows.columns)
            if not (by.kind or "").startswith("MAP"):
                name, count = self.fresh("g"), self.fresh("m")
                text += f" |> AGGREGATE count(*) AS {count} GROUP BY {by.text} AS {name}"
                return TypedQuery(text, ((name, by.kind), (count, "BIGINT")))
        chosen = [
            Item(f"{item.text} AS {self.fresh('c')}", item.kind) for item in rows.columns if self.chance.random() < 0.6
        ]
        chosen = chosen or [Item(f"{rows.columns[0].text} AS {self.fresh('c')}", rows.columns[0].kind)]
        text += f" |> SELECT {', '.join(item.text for item in chosen)}"
        if roll > 0.8:
            text += self.chance.choice((" |> LIMIT 1", " |> LIMIT 2"))
        return TypedQuery(text, tuple((item.text.rpartition(" ")[2], item.kind) for item in chosen))
