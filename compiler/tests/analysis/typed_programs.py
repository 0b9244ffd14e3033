"""Random programs over DataFrames whose columns have every type."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from typed_expressions import TEMPLATES, ExpressionWriter, Item
from typed_schemas import POOLS, TypedSchema

Columns = list[Item]
Frame = tuple[str, Columns]
_STEPS = (
    "filter_rows", "select", "select", "add_column", "join_by_name", "join_by_condition", "join_by_condition",
    "group", "group", "group", "deduplicate", "number_rows", "number_rows", "combine", "explode", "change",
    "change", "query", "pivot",
)  # fmt: skip
_KINDS = sorted(kind for kind in POOLS if f"python {kind}" in TEMPLATES)
_COLUMN = re.compile(r"F\.col\('(\w+)'\)")
_QUOTED = re.compile(r"F\.expr\('(.*)'\)$")


class ProgramWriter(ExpressionWriter):
    """Writes a program: each line makes a frame. The tables are frames under their own names."""

    def __init__(self, schema: TypedSchema, chance: random.Random) -> None:
        super().__init__(schema, chance)
        self.lines: list[str] = []
        self.result, self.columns = self.frame(chance.randint(1, 4))

    def frame(self, depth: int) -> Frame:
        if depth <= 0:
            table = self.chance.choice(self.schema.tables)
            kinds = self.schema.kinds
            return table.name, [Item(column.name, kinds[table.name, column.name]) for column in table.columns or ()]
        step: Callable[[str, Columns], Frame] = getattr(self, self.chance.choice(_STEPS))
        return step(*self.frame(depth - 1))

    def line(self, expression: str, columns: Columns) -> Frame:
        name = self.fresh("d")
        self.lines.append(f"{name} = {expression}")
        return name, columns

    # Expressions

    def write_out(self, section: str, columns: Columns) -> str:
        """A template of Python with columns in its holes; inside ``F.expr`` they are those of SQL."""
        template = self._about(TEMPLATES[f"python {section}"], columns).partition(" =>")[0]
        quoted = _QUOTED.match(template)
        if quoted:
            return f'F.expr("{self.fill(quoted[1], columns, 0)}")'
        return self.fill(template, [Item(f"F.col('{column.text}')", column.kind) for column in columns], 0)

    def of_kind(self, columns: Columns, kind: str, depth: int) -> str:
        found = super().of_kind(columns, kind, depth)
        is_python = not columns or columns[0].text.startswith("F.")
        return f'F.expr("{_COLUMN.sub(lambda column: column[1], found)}")' if is_python and found[0] != "F" else found

    def new_value(self, columns: Columns) -> Item:
        roll = self.chance.random()
        if roll < 0.3:
            column = self.chance.choice(columns)
            return Item(f"F.col('{column.text}')", column.kind)
        if roll < 0.5:
            found = super().value(columns)
            while "(SELECT" in found.text or "OVER (" in found.text:
                found = super().value(columns)
            return Item(f'F.expr("{found.text}")', found.kind)
        if roll < 0.65:
            return Item(self.write_out("untyped", columns), None)
        kind = self.chance.choice(_KINDS)
        return Item(self.write_out(kind, columns), kind)

    def some(self, columns: Columns, most: int = 9) -> Columns:
        usable = [column for column in columns if not (column.kind or "MAP").startswith("MAP")] or columns
        return self.chance.sample(usable, self.chance.randint(1, min(most, len(usable))))

    def names(self, columns: Columns) -> list[str]:
        return [column.text for column in columns]

    # Steps

    def filter_rows(self, frame: str, columns: Columns) -> Frame:
        method = self.chance.choice(("filter", "where"))
        if self.chance.random() < 0.3:
            condition = self.condition(columns)
            if "(SELECT" not in condition:
                return self.line(f'{frame}.{method}("{condition}")', columns)
        return self.line(f"{frame}.{method}({self.write_out('condition', columns)})", columns)

    def select(self, frame: str, columns: Columns) -> Frame:
        kept = self.some(columns)
        made = [self.new_value(columns) for _ in range(self.chance.choice((0, 1, 2)))]
        new = [Item(self.fresh("c"), item.kind) for item in made]
        items = [repr(item.text) for item in kept]
        items += [f"({item.text}).alias('{name.text}')" for item, name in zip(made, new, strict=True)]
        return self.line(f"{frame}.select({', '.join(items)})", [*kept, *new])

    def add_column(self, frame: str, columns: Columns) -> Frame:
        name = self.chance.choice([self.fresh("c"), *self.names(columns)])
        made = self.new_value(columns)
        kept = [Item(name, made.kind) if column.text == name else column for column in columns]
        kept += [] if name in self.names(columns) else [Item(name, made.kind)]
        return self.line(f"{frame}.withColumn('{name}', {made.text})", kept)

    def rename(self, columns: Columns, by: list[str]) -> tuple[str, Columns]:
        """All columns but some under new names, as arguments of select."""
        new = [column if column.text in by else Item(self.fresh("c"), column.kind) for column in columns]
        listed = [f"F.col('{old.text}').alias('{column.text}')" for old, column in zip(columns, new, strict=True)]
        return ", ".join(listed), new

    def join_by_name(self, frame: str, columns: Columns) -> Frame:
        other, theirs = self.frame(self.chance.choice((0, 0, 1, 2)))
        mine = {column.text: column.kind for column in columns}
        common = [item for item in theirs if item.kind and mine.get(item.text) == item.kind and "MAP" not in item.kind]
        if not common:
            return frame, columns
        by = self.names(self.some(common, 2))
        items, new = self.rename(theirs, by)
        right, _ = self.line(f"{other}.select({items})", [])
        how = self.chance.choice(("inner", "left", "right", "full", "left_semi", "left_anti", "outer"))
        added = [] if how.startswith("left_") else [item for item in new if item.text not in by]
        rest = [column for column in columns if column.text not in by]
        return self.line(
            f"{frame}.join({right}, {by!r}, '{how}')", [*(Item(name, mine[name]) for name in by), *rest, *added]
        )

    def join_by_condition(self, frame: str, columns: Columns) -> Frame:
        other, theirs = self.frame(self.chance.choice((0, 0, 1, 2)))
        items, new = self.rename(theirs, [])
        right, _ = self.line(f"{other}.select({items})", [])
        pairs = [
            (mine.text, other.text)
            for mine in columns
            for other in new
            if mine.kind and mine.kind == other.kind and "MAP" not in mine.kind
        ]
        if not pairs or self.chance.random() < 0.05:
            return self.line(f"{frame}.crossJoin({right})", [*columns, *new])
        how = self.chance.choice(("inner", "left", "right", "full", "inner", "left", "left_semi", "left_anti"))
        chosen = self.chance.sample(pairs, min(len(pairs), self.chance.choice((1, 1, 2))))
        same = ("({frame}['{mine}'] == {right}['{his}'])", "({frame}['{mine}'].eqNullSafe({right}['{his}']))")
        conditions = [
            self.chance.choice((*same[:1] * 3, *same)).format(frame=frame, mine=mine, right=right, his=his)
            for mine, his in chosen
        ]
        added = [] if how.startswith("left_") else new
        return self.line(f"{frame}.join({right}, {' & '.join(conditions)}, '{how}')", [*columns, *added])

    def aggregate(self, columns: Columns) -> tuple[str, Item]:
        template = self._about(TEMPLATES["python aggregate"], columns)
        text, _, kind = template.partition(" =>")
        quoted = _QUOTED.match(text)
        filled = (
            f'F.expr("{self.fill(quoted[1], columns, 0)}")'
            if quoted
            else self.fill(text, [Item(f"F.col('{column.text}')", column.kind) for column in columns], 0)
        )
        name = self.fresh("m")
        return f"{filled}.alias('{name}')", Item(name, kind.strip() or None)

    def group(self, frame: str, columns: Columns) -> Frame:
        by = self.some(columns, 2)
        made = [self.aggregate(columns) for _ in range(self.chance.choice((1, 1, 2)))]
        how = self.chance.choice(("groupBy", "groupBy", "groupBy", "rollup", "cube"))
        groups, keys = [repr(item.text) for item in by], list(by)
        if self.chance.random() < 0.3 and how == "groupBy":
            value, name = self.new_value(columns), self.fresh("g")
            groups.append(f"({value.text}).alias('{name}')")
            keys.append(Item(name, value.kind))
        aggregates = ", ".join(text for text, _ in made)
        return self.line(f"{frame}.{how}({', '.join(groups)}).agg({aggregates})", [*keys, *(text for _, text in made)])

    def deduplicate(self, frame: str, columns: Columns) -> Frame:
        usable = [column for column in columns if column.kind and "MAP" not in column.kind]
        if not usable:
            return frame, columns
        if len(usable) == len(columns) and self.chance.random() < 0.5:
            return self.line(f"{frame}.distinct()", columns)
        return self.line(f"{frame}.dropDuplicates({self.names(self.some(usable))!r})", columns)

    def number_rows(self, frame: str, columns: Columns) -> Frame:
        by, order = self.some(columns, 2), self.some(columns, 1)[0]
        frames = ("", "", ".rowsBetween(Window.unboundedPreceding, Window.unboundedFollowing)", ".rowsBetween(-1, 0)")
        function = self.write_out("window", columns)
        plain = any(word in function for word in ("row_number", "rank", "lag", "ntile"))
        window = f"Window.partitionBy({self.names(by)!r})"
        if plain or self.chance.random() < 0.5:
            window += f".orderBy('{order.text}')" + ("" if plain else self.chance.choice(frames))
        name = self.fresh("r")
        numbered, _ = self.line(f"{frame}.withColumn('{name}', {function}.over({window}))", [])
        if self.chance.random() < 0.4:
            return numbered, [*columns, Item(name, None)]
        condition = self.chance.choice((f"{name} = 1", f"{name} <= 1", f"{name} < 2", f"{name} <=> 1"))
        return self.line(f"{numbered}.filter('{condition}').drop('{name}')", columns)

    def combine(self, frame: str, columns: Columns) -> Frame:
        other, theirs = self.frame(self.chance.choice((0, 1)))
        pairs, left = [], list(theirs)
        for column in columns:
            match = next(
                (his for his in left if column.kind and his.kind == column.kind and "MAP" not in column.kind), None
            )
            if match:
                left.remove(match)
                pairs.append((column, match, self.fresh("u")))
        tag = self.fresh("u")
        how = self.chance.choice(
            ("union", "unionAll", "unionByName", "unionByName", "intersect", "subtract", "exceptAll")
        )
        sides = []
        for side, at, literal in ((frame, 0, "0"), (other, 1, self.chance.choice(("0", "1", "1", "'1'", "1.0")))):
            items = [f"F.col('{pair[at].text}').alias('{pair[2]}')" for pair in pairs]
            items.append(f"F.lit({literal}).alias('{tag}')")
            if at and how == "unionByName":
                self.chance.shuffle(items)
            sides.append(self.line(f"{side}.select({', '.join(items)})", [])[0])
        found = [*(Item(pair[2], pair[0].kind) for pair in pairs), Item(tag, None)]
        return self.line(f"{sides[0]}.{how}({sides[1]})", found)

    def explode(self, frame: str, columns: Columns) -> Frame:
        name, position = self.fresh("e"), self.fresh("e")
        items = self.write_out("ARRAY<BIGINT>", columns)
        outer = self.chance.choice(("", "", "_outer"))
        if self.chance.random() < 0.5:
            made = f"{frame}.withColumn('{name}', F.explode{outer}({items}))"
            return self.line(made, [*columns, Item(name, "BIGINT")])
        names = [*columns, Item(position, "INT"), Item(name, "BIGINT")]
        return self.line(f"{frame}.select('*', F.posexplode{outer}({items}).alias('{position}', '{name}'))", names)

    def change(self, frame: str, columns: Columns) -> Frame:
        old, name = self.chance.choice(columns), self.fresh("c")
        others = [other for other in columns if other is not old]
        choices: list[tuple[str, Columns]] = [
            (f"fillna(0, ['{old.text}'])", columns), (f"dropna(subset=['{old.text}'])", columns), ("limit(3)", columns),
            ("limit(1)", columns), ("sample(0.7, 3)", columns), ("orderBy(F.lit(1))", columns),
            ("repartition(1)", columns),
            ("fillna({'" + old.text + "': 'a'})", columns), ("offset(1)", columns), ("dropna()", columns),
            (f"withColumnRenamed('{old.text}', '{name}')", [Item(name, o.kind) if o is old else o for o in columns]),
            (f"alias('{name}').filter(F.col('{name}.{old.text}').isNotNull()).select('{name}.*')", columns),
            ("hint('broadcast')", columns), (f"replace('a', 'A', ['{old.text}'])", columns),
            (f"toDF({', '.join(repr(o.text) for o in columns)})", columns), ("coalesce(1)", columns),
            (f"selectExpr('*', '{old.text} AS {name}')", [*columns, Item(name, old.kind)]),
        ]  # fmt: skip
        choices += [(f"drop({frame}['{old.text}'])", others), (f"drop('{old.text}')", others)] if others else []
        change, found = self.chance.choice(choices)
        return self.line(f"{frame}.{change}", found)

    def query(self, frame: str, columns: Columns) -> Frame:
        column, name = self.some(columns, 1)[0], self.fresh("c")
        texts = (
            f"SELECT {column.text}, count(*) AS {name} FROM {{q}} GROUP BY {column.text}",
            f"SELECT DISTINCT {column.text}, 1 AS {name} FROM {{q}}",
            f"SELECT {column.text}, lag({column.text}) IGNORE NULLS OVER (ORDER BY 1) AS {name} FROM {{q}}",
        )
        return self.line(f"spark.sql({self.chance.choice(texts)!r}, q={frame})", [column, Item(name, None)])

    def pivot(self, frame: str, columns: Columns) -> Frame:
        by = [column for column in columns if column.kind in {"BIGINT", "INT", "STRING"}]
        if len(by) < 2:
            return frame, columns
        group, turned = self.chance.sample(by, 2)
        values = ["a", "b"] if turned.kind == "STRING" else [1, 2]
        made = f"{frame}.groupBy('{group.text}').pivot('{turned.text}', {values}).agg(F.count(F.lit(1)))"
        return self.line(made, [group])
