"""Reads steps that choose, add, rename and drop columns."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sqlglot import exp

from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.relations import Field
from cbx.analysis.sql.expressions.determined_columns import add_determined_columns
from cbx.analysis.sql.expressions.expression_types import type_of
from cbx.analysis.sql.expressions.expressions import visible_nodes
from cbx.analysis.sql.generators import is_generator, read_generator
from cbx.analysis.sql.grouping import aggregates_in
from cbx.analysis.sql.windows import read_windows
from cbx.analysis.tracing.plan.expressions import (
    Expressions,
    Reading,
    Record,
    makes_rows,
    select_item,
    struct_columns,
)
from cbx.analysis.tracing.plan.rows import FoundColumn, QualifiedColumn, Rows, opaque, parts_of

_MAKES_ROWS = "an expression that makes rows in a way that is not understood"


def read_project(record: Record, rows: Rows, reading: Reading) -> Rows:
    """``select`` and ``selectExpr``."""
    selection = ProjectionReader(rows, reading)
    for one in record.get("expressions", ()):
        if not selection.take(one):
            return opaque([rows], _MAKES_ROWS)
    return selection.rows()


def read_with_columns(record: Record, rows: Rows, reading: Reading) -> Rows:
    """``withColumn`` and ``withColumns``: a column of the same name is replaced, another one added at the end."""
    selection = ProjectionReader(rows, reading)
    new: dict[str, list[QualifiedColumn]] = {}
    for alias in record.get("aliases", ()):
        before = len(selection.columns)
        if not selection.take({**alias, "kind": "alias"}):
            return opaque([rows], _MAKES_ROWS)
        new[alias["name"][-1].lower()] = selection.columns[before:]
    kept = [one for column in rows.columns for one in new.get(column.name, [column])]
    there = {column.name for column in rows.columns}
    added = [one for name, columns in new.items() if name not in there for one in columns]
    selection.columns = [*kept, *added]
    return selection.rows()


def read_rename(record: Record, rows: Rows, reading: Reading) -> Rows:
    """``withColumnRenamed`` and ``withColumnsRenamed``, one after the other."""
    del reading
    pairs = [(one["col_name"], one["new_col_name"]) for one in record.get("renames", ())]
    pairs += list(record.get("rename_columns_map", {}).items())
    columns = rows.columns
    for old, new in pairs:
        columns = tuple(
            QualifiedColumn(replace(one.field, name=new), one.qualifiers) if one.name == old.lower() else one
            for one in columns
        )
    return choose(rows, columns)


def read_to_df(record: Record, rows: Rows, reading: Reading) -> Rows:
    """``toDF``: new names for all columns."""
    del reading
    names = record.get("column_names", ())
    if rows.is_open or len(names) != len(rows.columns):
        return opaque([rows], "new names for columns that are not known")
    pairs = zip(rows.columns, names, strict=True)
    return choose(rows, tuple(QualifiedColumn(replace(one.field, name=name)) for one, name in pairs))


def read_drop(record: Record, rows: Rows, reading: Reading) -> Rows:
    """``drop``, by name and by column."""
    del reading
    names = {name.lower() for name in record.get("column_names", ())}
    gone = set()
    for one in record.get("columns", ()):
        if one["kind"] != "unresolved_attribute":
            return opaque([rows], "an expression that is dropped")
        found = rows.find(one["unparsed_identifier"], one.get("plan_id"))
        if isinstance(found, FoundColumn) and not found.path:
            gone.add((found.field.id, found.field.name.lower()))
        elif not (isinstance(found, FoundColumn) or found.is_sure):
            return opaque([rows], "a dropped column that is not known")
    kept = [one for one in rows.columns if one.name not in names and (one.field.id, one.name) not in gone]
    return choose(rows, tuple(kept))


def choose(rows: Rows, columns: tuple[QualifiedColumn, ...]) -> Rows:
    """The rows with some of their columns, under whatever names."""
    fields = tuple(one.field for one in columns)
    chosen = {one.id for one in fields}
    return replace(
        rows,
        relation=ir.Projection(rows.relation, (), fields, rows.is_open),
        columns=columns,
        left_out=tuple(one for one in rows.columns if one.field.id not in chosen),
    )


@dataclass
class ProjectionReader:
    """Reads what is selected, one expression after the other; a later one may use the names of earlier ones."""

    input: Rows
    reading: Reading

    def __post_init__(self) -> None:
        self.writer = Expressions(self.input, self.reading)
        self.relation = self.input.relation
        self.columns: list[QualifiedColumn] = []
        self.is_open = False
        self.has_guesses = False
        self._definitions: list[ir.Definition] = []
        self._new: set[int] = set()
        self._aggregated = False
        self._makes_rows = False
        self._hides_rows = False

    def take(self, record: Record) -> bool:
        """Read one expression; false if it stands for columns that are not known."""
        item = _Item.of(record, self.writer)
        if item.is_star:
            return self._star(item.node)
        if record["kind"] == "unresolved_star":
            return self._take_star(record)
        if record["kind"] == "unresolved_regex":
            self.is_open = True
            return True
        node = item.node
        if is_generator(node):
            return self._generator(item)
        self._hides_rows = self._hides_rows or makes_rows(node)
        self._aggregated = self._aggregated or bool(aggregates_in([node]))
        self._read_windows(node)
        reader = self.writer.reader()
        value = reader.read(node)
        kind = type_of(node, reader)
        qualifiers: tuple[str, ...] = ()
        if isinstance(value, ir.Reference):
            passed = next((one for one in self.input.columns if one.field.id == value.column), None)
            qualifiers = passed.qualifiers if passed and not item.is_named else ()
            new = Field(value.column, item.name, kind)
        else:
            new = self.reading.context.new_field(item.name, kind)
            if isinstance(value, ir.Computed):
                value = add_determined_columns(value, node, reader)
            self._define(new.id, value)
        self.has_guesses = self.has_guesses or not item.has_sure_name
        self._add(QualifiedColumn(new, qualifiers))
        return True

    def rows(self) -> Rows:
        """The rows with what was selected."""
        fields = tuple(one.field for one in self.columns)
        is_open = self.is_open
        if self._hides_rows or (self._aggregated and self._makes_rows):
            rows = opaque([self.input], _MAKES_ROWS, tuple(self.columns), is_open=is_open)
            return replace(rows, has_guesses=self.has_guesses)
        alive = self.input.alive | self._new
        relation: ir.Relation
        if self._aggregated:
            relation = ir.Aggregate(self.input.relation, (), tuple(self._definitions), fields, is_open=is_open)
            alive = frozenset(self._new)
        else:
            relation = ir.Projection(self.relation, tuple(self._definitions), fields, is_open)
        chosen = {one.id for one in fields}
        left_out = tuple(one for one in self.input.columns if one.field.id not in chosen)
        return Rows(relation, tuple(self.columns), alive, self.input.steps, left_out, self.has_guesses)

    def _define(self, number: int, value: ir.Expression) -> None:
        self._definitions.append(ir.Definition(number, value))
        self._new.add(number)

    def _add(self, column: QualifiedColumn) -> None:
        self.columns.append(column)
        self.writer.named.setdefault(column.name, column.field)

    def _flush(self) -> None:
        """Make what was defined so far part of the rows."""
        if self._definitions:
            before = self.relation
            self.relation = ir.Projection(before, tuple(self._definitions), before.fields, before.is_open)
            self._definitions = []

    def _read_windows(self, node: exp.Expr) -> None:
        if any(isinstance(one, exp.Window) for one in visible_nodes(node)):
            self._flush()
            self.relation = read_windows([node], (), self.relation, self.writer.reader())
            self._new |= set(self.writer.known.values())

    def _generator(self, item: _Item) -> bool:
        self._flush()
        self._makes_rows = True
        self.relation, fields, is_open = read_generator(item.node, item.names, self.relation, self.writer.reader())
        self._new |= {one.id for one in fields}
        self.is_open = self.is_open or is_open
        for one in fields:
            self._add(QualifiedColumn(one))
        return True

    def _take_star(self, record: Record) -> bool:
        target = record.get("unparsed_target", "").removesuffix("*").removesuffix(".")
        if target:
            return self._expand(parts_of(target))
        if record.get("plan_id") is None:
            self.columns += self.input.columns
            self.is_open = self.is_open or self.input.is_open
            return True
        step = self.input.steps.get(record["plan_id"])
        if step is None or not step.is_complete or not {one.id for one in step.fields} <= self.input.alive:
            self.is_open = True
        self.columns += [QualifiedColumn(one) for one in (step.fields if step else ()) if one.id in self.input.alive]
        return True

    def _star(self, node: exp.Expr) -> bool:
        """``*`` in a text: of all, or of what stands before it."""
        star = node if isinstance(node, exp.Star) else node.this
        excepted = star.args.get("except_") or ()
        left_out = {one.name.lower() for one in excepted}
        if star.args.get("replace") or star.args.get("rename") or not all(map(_is_name, excepted)):
            self.is_open = True
            return True
        if isinstance(node, exp.Column):
            return not left_out and self._expand(tuple(part.name for part in node.parts[:-1]))
        self.columns += [one for one in self.input.columns if one.name not in left_out]
        self.is_open = self.is_open or self.input.is_open
        return True

    def _expand(self, target: tuple[str, ...]) -> bool:
        """``alias.*``, or the fields of a struct."""
        qualified = [one for one in self.input.columns if target[-1:] and target[-1].lower() in one.qualifiers]
        if qualified and len(target) == 1:
            self.columns += qualified
            self.is_open = self.is_open or self.input.is_open
            return True
        found = self.input.find(".".join(f"`{part}`" for part in target))
        inner = struct_columns(found.field, self.writer, self.reading) if isinstance(found, FoundColumn) else None
        if inner is None or (isinstance(found, FoundColumn) and found.path):
            self.is_open = True
            return True
        reader = self.writer.reader()
        for column, node in inner:
            self._define(column.field.id, reader.read(node))
            self._add(column)
        return True


def _is_name(node: exp.Expr) -> bool:
    """Whether something that ``EXCEPT`` leaves out is a column, not a field of one."""
    return isinstance(node, exp.Identifier) or (isinstance(node, exp.Column) and len(node.parts) == 1)


@dataclass(frozen=True)
class _Item:
    """One expression of a selection, and what its columns are called."""

    node: exp.Expr
    names: list[str] = field(default_factory=list)
    guessed: str = ""

    @property
    def is_star(self) -> bool:
        """Whether it stands for several columns, in a text."""
        return isinstance(self.node, exp.Star) or (
            isinstance(self.node, exp.Column) and isinstance(self.node.this, exp.Star)
        )

    @property
    def is_named(self) -> bool:
        """Whether it gives its column a name."""
        return bool(self.names)

    @property
    def has_sure_name(self) -> bool:
        """Whether its column's name is known for sure."""
        return bool(self.names) or not self.guessed.endswith(")")

    @property
    def name(self) -> str:
        """What its column is called."""
        return self.names[-1] if self.names else self.guessed

    @classmethod
    def of(cls, record: Record, writer: Expressions) -> _Item:
        """Read an expression, its names apart."""
        names: list[str] = []
        while record["kind"] == "alias":
            names = names or list(record["name"])
            record = record["expr"]
        if record["kind"] == "unresolved_star":
            return cls(exp.Null(), names)
        if record["kind"] != "expression_string":
            return cls(writer.write(record), names, guessed_name(record))
        parsed = select_item(record["expression"])
        if parsed is None:
            return cls(writer.unknown(), names, "unknown()")
        if isinstance(parsed, exp.Aliases):
            names = names or [one.name for one in parsed.expressions]
        elif isinstance(parsed, exp.Alias):
            names = names or [parsed.alias]
        bare = parsed.this if isinstance(parsed, (exp.Alias, exp.Aliases)) else parsed
        guessed = bare.name if isinstance(bare, exp.Column) else f"{bare.sql('databricks')}()"
        item = cls(bare, names, guessed)
        return item if item.is_star else cls(writer.bind(bare), names, guessed)


def guessed_name(record: Record) -> str:
    """What Spark calls the column of an expression without a name; it ends with a parenthesis if that is a guess."""
    match record["kind"]:
        case "unresolved_attribute":
            parts = parts_of(record["unparsed_identifier"])
            return parts[-1] if parts else "unknown()"
        case "cast":
            return guessed_name(record["expr"])
        case "unresolved_function":
            return f"{record['function_name']}({', '.join(map(guessed_name, record.get('arguments', ())))})"
        case "literal":
            return str(record.get("value", "NULL"))
        case "unresolved_star":
            return "1"
        case _:
            return "unknown()"
