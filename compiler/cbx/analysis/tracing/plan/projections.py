"""Reads steps that choose, add, rename and drop columns."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, replace

from sqlglot import exp

from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.columns import Field, Measure
from cbx.analysis.relation.places import PythonCallSite
from cbx.analysis.sql.expressions.determined_columns import add_determined_columns
from cbx.analysis.sql.expressions.expressions import visible_nodes
from cbx.analysis.sql.expressions.measured import read_measure
from cbx.analysis.sql.expressions.type_rules.expression_types import type_of_result
from cbx.analysis.sql.from_items.generators import is_generator, read_generator
from cbx.analysis.sql.grouping import aggregates_in
from cbx.analysis.sql.trees.window_functions import unwrap_window_function
from cbx.analysis.sql.windows import read_windows
from cbx.analysis.tracing.plan.evaluations import makes_rows
from cbx.analysis.tracing.plan.expressions import ExpressionWriter, struct_columns
from cbx.analysis.tracing.plan.parsed_texts import parse_select_item
from cbx.analysis.tracing.plan.reading import Reading, Record, call_site
from cbx.analysis.tracing.plan.rows import FoundColumn, QualifiedColumn, Rows, opaque_rows, parts_of

_MAKES_ROWS = "an expression that makes rows in a way that is not supported"


def read_project(record: Record, rows: Rows, reading: Reading) -> Rows:
    """``select`` and ``selectExpr``."""
    selection = ProjectionReader(rows, reading)
    for expression in record.get("expressions", ()):
        if not selection.read_expression(expression):
            return opaque_rows([rows], _MAKES_ROWS)
    return selection.make_rows()


def read_with_columns(record: Record, rows: Rows, reading: Reading) -> Rows:
    """``withColumn`` and ``withColumns``: replace the column of the same name, or add one at the end."""
    selection = ProjectionReader(rows, reading)
    new: dict[str, list[QualifiedColumn]] = {}
    for alias in record.get("aliases", ()):
        before = len(selection.columns)
        if not selection.read_expression({**alias, "kind": "alias"}):
            return opaque_rows([rows], _MAKES_ROWS)
        new[alias["name"][-1].lower()] = selection.columns[before:]
    kept = [new_column for column in rows.columns for new_column in new.get(column.name, [column])]
    there = {column.name for column in rows.columns}
    added = [column for name, columns in new.items() if name not in there for column in columns]
    selection.columns = [*kept, *added]
    return selection.make_rows()


def read_rename(record: Record, rows: Rows, reading: Reading) -> Rows:
    """``withColumnRenamed`` and ``withColumnsRenamed``, in order."""
    del reading
    pairs = [(rename["col_name"], rename["new_col_name"]) for rename in record.get("renames", ())]
    pairs += list(record.get("rename_columns_map", {}).items())
    columns = rows.columns
    for old, new in pairs:
        columns = tuple(
            QualifiedColumn(replace(column.field, name=new), column.qualifiers)
            if column.name == old.lower()
            else column
            for column in columns
        )
    return select_columns(rows, columns)


def read_to_df(record: Record, rows: Rows, reading: Reading) -> Rows:
    """``toDF``: new names for all columns."""
    del reading
    names = record.get("column_names", ())
    if rows.is_open or len(names) != len(rows.columns):
        return opaque_rows([rows], "new names for columns that are not known")
    pairs = zip(rows.columns, names, strict=True)
    return select_columns(rows, tuple(QualifiedColumn(replace(column.field, name=name)) for column, name in pairs))


def read_drop(record: Record, rows: Rows, reading: Reading) -> Rows:
    """``drop``, by name and by column."""
    del reading
    names = {name.lower() for name in record.get("column_names", ())}
    gone = set()
    for expression in record.get("columns", ()):
        if expression["kind"] != "unresolved_attribute":
            return opaque_rows([rows], "an expression that is dropped")
        match = rows.find(expression["unparsed_identifier"], expression.get("plan_id"))
        if isinstance(match, FoundColumn) and not match.path:
            gone.add((match.field.id, match.field.name.lower()))
        elif not (isinstance(match, FoundColumn) or match.is_sure):
            return opaque_rows([rows], "a dropped column that is not known")
    kept = [
        column for column in rows.columns if column.name not in names and (column.field.id, column.name) not in gone
    ]
    return select_columns(rows, tuple(kept))


def select_columns(rows: Rows, columns: tuple[QualifiedColumn, ...]) -> Rows:
    """The rows with some of their columns, under any names."""
    fields = tuple(column.field for column in columns)
    chosen = {field.id for field in fields}
    return replace(
        rows,
        relation=ir.Projection(rows.relation, (), fields, rows.is_open),
        columns=columns,
        left_out=tuple(column for column in rows.columns if column.field.id not in chosen),
    )


@dataclass
class ProjectionReader:
    """Reads the selected expressions in order; a later one may use the names of earlier ones."""

    input: Rows
    reading: Reading

    def __post_init__(self) -> None:
        self._measures: list[Measure] = []
        self.writer = ExpressionWriter(self.input, self.reading)
        self.relation = self.input.relation
        self.columns: list[QualifiedColumn] = []
        self.is_open = False
        self.has_guesses = False
        self._definitions: list[ir.Definition] = []
        self._new: set[int] = set()
        self._aggregated = False
        self._makes_rows = False
        self._hides_rows = False

    def read_expression(self, record: Record) -> bool:
        """Read one expression; false if its columns are unknown."""
        item = _Item.read(record, self.writer)
        if item.is_star:
            return self._read_star_text(item.node)
        if record["kind"] == "unresolved_star":
            return self._read_star_record(record)
        if record["kind"] == "unresolved_regex":
            self.is_open = True
            return True
        node = item.node
        if is_generator(node):
            return self._read_generator(item)
        self._hides_rows = self._hides_rows or makes_rows(node)
        self._aggregated = self._aggregated or bool(aggregates_in([node]))
        self._read_windows(node)
        reader = self.writer.build_reader()
        self.writer.note_mismatched_types(node, reader)
        value = reader.read(node)
        kind = type_of_result(node, reader)
        qualifiers: tuple[str, ...] = ()
        if isinstance(value, ir.Reference):
            passed = next((column for column in self.input.columns if column.field.id == value.column), None)
            qualifiers = passed.qualifiers if passed and not item.is_named else ()
            new = Field(value.column, item.name, kind)
        else:
            new = self.reading.context.new_field(item.name, kind)
            if isinstance(value, ir.Computed):
                value = add_determined_columns(value, node, reader)
            self._define(new.id, value)
            self._read_measures(node, new.id)
        self.has_guesses = self.has_guesses or not item.has_sure_name
        self._add_column(QualifiedColumn(new, qualifiers))
        return True

    def make_rows(self) -> Rows:
        """The rows with the selected columns."""
        fields = tuple(column.field for column in self.columns)
        is_open = self.is_open
        if self._hides_rows or (self._aggregated and self._makes_rows):
            rows = opaque_rows([self.input], _MAKES_ROWS, tuple(self.columns), is_open=is_open)
            return replace(rows, has_guesses=self.has_guesses)
        alive = self.input.alive | self._new
        relation: ir.Relation
        if self._aggregated:
            relation = ir.Aggregate(
                self.input.relation,
                (),
                tuple(self._definitions),
                fields,
                is_open=is_open,
                measures=tuple(self._measures),
            )
            alive = frozenset(self._new)
        else:
            relation = ir.Projection(self.relation, tuple(self._definitions), fields, is_open)
        chosen = {field.id for field in fields}
        left_out = tuple(column for column in self.input.columns if column.field.id not in chosen)
        return Rows(relation, tuple(self.columns), alive, self.input.steps, left_out, self.has_guesses)

    def _define(self, number: int, value: ir.Expression) -> None:
        self._definitions.append(ir.Definition(number, value))
        self._new.add(number)

    def _add_column(self, column: QualifiedColumn) -> None:
        self.columns.append(column)
        self.writer.named.setdefault(column.name, column.field)

    def _apply_definitions(self) -> None:
        """Add the columns defined so far to the rows."""
        if self._definitions:
            before = self.relation
            self.relation = ir.Projection(before, tuple(self._definitions), before.fields, before.is_open)
            self._definitions = []

    def _read_measures(self, node: exp.Expr, column: int) -> None:
        """Read the aggregates of a selection without GROUP BY."""
        reader = self.writer.build_reader()
        for call in aggregates_in([node]):
            measure = read_measure(call, unwrap_window_function(call)[0], column, reader, self._site())
            self._measures += [measure] if measure is not None else []

    def _site(self) -> PythonCallSite | None:
        """Where the step was created."""
        return call_site(self.reading.site)

    def _read_windows(self, node: exp.Expr) -> None:
        if any(isinstance(part, exp.Window) for part in visible_nodes(node)):
            self._apply_definitions()
            relation = read_windows([node], (), self.relation, self.writer.build_reader())
            if isinstance(relation, ir.Window):
                measures = tuple(replace(measure, place=self._site()) for measure in relation.measures)
                relation = replace(relation, measures=measures)
            self.relation = relation
            self._new |= set(self.writer.window_columns.values())

    def _read_generator(self, item: _Item) -> bool:
        self._apply_definitions()
        self._makes_rows = True
        self.relation, fields, is_open = read_generator(
            item.node, item.names, self.relation, self.writer.build_reader()
        )
        self._new |= {field.id for field in fields}
        self.is_open = self.is_open or is_open
        for field in fields:
            self._add_column(QualifiedColumn(field))
        return True

    def _read_star_record(self, record: Record) -> bool:
        target = record.get("unparsed_target", "").removesuffix("*").removesuffix(".")
        if target:
            return self._expand_target(parts_of(target))
        if record.get("plan_id") is None:
            self.columns += self.input.columns
            self.is_open = self.is_open or self.input.is_open
            return True
        step = self.input.steps.get(record["plan_id"])
        if step is None or not step.is_complete or not {field.id for field in step.fields} <= self.input.alive:
            self.is_open = True
        self.columns += [
            QualifiedColumn(field) for field in (step.fields if step else ()) if field.id in self.input.alive
        ]
        return True

    def _read_star_text(self, node: exp.Expr) -> bool:
        """``*`` in a text: all columns, or those of its qualifier."""
        star = node if isinstance(node, exp.Star) else node.this
        excepted = star.args.get("except_") or ()
        left_out = {name.name.lower() for name in excepted}
        if star.args.get("replace") or star.args.get("rename") or not all(map(_is_column_name, excepted)):
            self.is_open = True
            return True
        if isinstance(node, exp.Column):
            return not left_out and self._expand_target(tuple(part.name for part in node.parts[:-1]))
        self.columns += [column for column in self.input.columns if column.name not in left_out]
        self.is_open = self.is_open or self.input.is_open
        return True

    def _expand_target(self, target: tuple[str, ...]) -> bool:
        """``alias.*``, or the fields of a struct."""
        qualified = [column for column in self.input.columns if target[-1:] and target[-1].lower() in column.qualifiers]
        if qualified and len(target) == 1:
            self.columns += qualified
            self.is_open = self.is_open or self.input.is_open
            return True
        match = self.input.find(".".join(f"`{part}`" for part in target))
        inner = struct_columns(match.field, self.writer, self.reading) if isinstance(match, FoundColumn) else None
        if inner is None or (isinstance(match, FoundColumn) and match.path):
            self.is_open = True
            return True
        reader = self.writer.build_reader()
        for column, node in inner:
            self._define(column.field.id, reader.read(node))
            self._add_column(column)
        return True


def _is_column_name(node: exp.Expr) -> bool:
    """Whether something that ``EXCEPT`` excludes is a column, not a field of one."""
    return isinstance(node, exp.Identifier) or (isinstance(node, exp.Column) and len(node.parts) == 1)


@dataclass(frozen=True)
class _Item:
    """One expression of a selection, and the names of its columns."""

    node: exp.Expr
    names: list[str] = dataclasses.field(default_factory=list)
    guessed: str = ""

    @property
    def is_star(self) -> bool:
        """Whether it is a star in a text."""
        return isinstance(self.node, exp.Star) or (
            isinstance(self.node, exp.Column) and isinstance(self.node.this, exp.Star)
        )

    @property
    def is_named(self) -> bool:
        """Whether it gives its column a name."""
        return bool(self.names)

    @property
    def has_sure_name(self) -> bool:
        """Whether its column's name is certain."""
        return bool(self.names) or not self.guessed.endswith(")")

    @property
    def name(self) -> str:
        """The name of its column."""
        return self.names[-1] if self.names else self.guessed

    @classmethod
    def read(cls, record: Record, writer: ExpressionWriter) -> _Item:
        """Read an expression without its names."""
        names: list[str] = []
        while record["kind"] == "alias":
            names = names or list(record["name"])
            record = record["expr"]
        if record["kind"] == "unresolved_star":
            return cls(exp.Null(), names)
        if record["kind"] != "expression_string":
            return cls(writer.write(record), names, guess_name(record))
        parsed = parse_select_item(record["expression"])
        if parsed is None:
            return cls(writer.write_unknown(), names, "unknown()")
        if isinstance(parsed, exp.Aliases):
            names = names or [name.name for name in parsed.expressions]
        elif isinstance(parsed, exp.Alias):
            names = names or [parsed.alias]
        bare = parsed.this if isinstance(parsed, (exp.Alias, exp.Aliases)) else parsed
        guessed = bare.name if isinstance(bare, exp.Column) else f"{bare.sql('databricks')}()"
        item = cls(bare, names, guessed)
        return item if item.is_star else cls(writer.read_parsed(bare), names, guessed)


def guess_name(record: Record) -> str:
    """The name that Spark gives an unnamed expression; it ends with a parenthesis if it is a guess."""
    match record["kind"]:
        case "unresolved_attribute":
            parts = parts_of(record["unparsed_identifier"])
            return parts[-1] if parts else "unknown()"
        case "cast":
            return guess_name(record["expr"])
        case "unresolved_function":
            return f"{record['function_name']}({', '.join(map(guess_name, record.get('arguments', ())))})"
        case "literal":
            return str(record.get("value", "NULL"))
        case "unresolved_star":
            return "1"
        case _:
            return "unknown()"
