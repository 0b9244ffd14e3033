"""Reads grouping, deduplication and set operations."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.cast_set_columns import cast_set_columns
from cbx.analysis.relation.columns import NONE, Field, Group, Ids, Measure
from cbx.analysis.relation.hazards import ArbitraryChoice
from cbx.analysis.sql.expressions.determined_columns import add_determined_columns
from cbx.analysis.sql.expressions.measured import read_measure
from cbx.analysis.sql.expressions.type_rules.expression_types import type_of, type_of_result
from cbx.analysis.sql.grouping import aggregates_in, groups_by_literal
from cbx.analysis.sql.grouping_sets import read_markers
from cbx.analysis.sql.hazards.arbitrary_choices import choices_of_groups
from cbx.analysis.sql.time_windows import NAMES, TIMES, is_time_window
from cbx.analysis.sql.trees.window_functions import unwrap_window_function
from cbx.analysis.tracing.plan.evaluations import draws_again, makes_rows
from cbx.analysis.tracing.plan.expressions import ExpressionWriter
from cbx.analysis.tracing.plan.projections import guess_name
from cbx.analysis.tracing.plan.reading import Reading, Record, call_site
from cbx.analysis.tracing.plan.rows import FoundColumn, QualifiedColumn, Rows, opaque_rows, with_relation
from cbx.analysis.types.value_types import united_type

_SET_KINDS: dict[str, ir.SetKind] = {
    "SET_OP_TYPE_UNION": "union",
    "SET_OP_TYPE_INTERSECT": "intersect",
    "SET_OP_TYPE_EXCEPT": "except",
}
_PLAIN = ("GROUP_TYPE_GROUPBY", "GROUP_TYPE_PIVOT")
_MOST_CUBED = 6


def read_aggregate(record: Record, rows: Rows, reading: Reading) -> Rows:
    """``groupBy``, ``rollup``, ``cube``, ``groupingSets`` and ``pivot``."""
    grouping = _GroupingReader(rows, reading)
    members = [grouping.read_column(expression) for expression in record.get("grouping_expressions", ())]
    sets = _read_grouping_sets(record, members, grouping)
    is_literal = sets is not None and groups_by_literal(grouping.definitions)
    if any(member is None for member in members) or sets == () or is_literal:
        return opaque_rows([rows], "a grouping that is not supported")
    return grouping.group_rows(record, [member for member in members if member is not None], sets)


def _read_grouping_sets(
    record: Record, members: Sequence[tuple[Field, int] | None], grouping: _GroupingReader
) -> tuple[Ids, ...] | None:
    """The grouping sets; None if there are none, empty if they are not supported."""
    sources = [member[1] for member in members if member is not None]
    if len(set(sources)) < len(sources) and record.get("group_type") not in _PLAIN:
        return ()  # a column under two names: a set may contain only one of them
    match record.get("group_type"):
        case "GROUP_TYPE_ROLLUP":
            return tuple(frozenset(sources[:count]) for count in range(len(sources), -1, -1))
        case "GROUP_TYPE_CUBE":
            if len(sources) > _MOST_CUBED:
                return ()
            choices = itertools.product((True, False), repeat=len(sources))
            return tuple(frozenset(itertools.compress(sources, choice)) for choice in choices)
        case "GROUP_TYPE_GROUPING_SETS":
            sets = []
            for grouping_set in record.get("grouping_sets", ()):
                columns = [grouping.read_column(part) for part in grouping_set.get("grouping_set", ())]
                sets.append(frozenset(column[1] for column in columns if column is not None))
                if any(column is None or column[1] not in sources for column in columns):
                    return ()
            return tuple(sets)
        case kind if kind in _PLAIN:
            return None
        case _:
            return ()


@dataclass
class _GroupingReader:
    """Reads the grouping expressions, and gives each one a column."""

    rows: Rows
    reading: Reading
    definitions: list[ir.Definition] = dataclasses.field(default_factory=list)
    markers: dict[int, tuple[int, ...]] = dataclasses.field(default_factory=dict)
    measures: list[Measure] = dataclasses.field(default_factory=list)
    has_guesses: bool = False

    def __post_init__(self) -> None:
        self.writer = ExpressionWriter(self.rows, self.reading)
        self._known: dict[str, int] = {}

    def read_column(self, record: Record) -> tuple[Field, int] | None:
        """The column of the result, and the grouping column.

        None for an expression that produces rows or may give another value when it is evaluated again: Spark evaluates
        it for grouping and for the result, so that several groups may show the same value.
        """
        name = _column_name(record)
        self.has_guesses = self.has_guesses or name.endswith(")")
        node = self.writer.write(record)
        if makes_rows(node) or draws_again(node):
            return None
        reader = self.writer.build_reader()
        value = reader.read(node)
        kind = type_of(node, reader)
        if isinstance(value, ir.Reference):
            return Field(value.column, name, kind), value.column
        signature = reader.signature(node)
        if signature not in self._known:
            self._known[signature] = self.reading.context.number()
            if isinstance(value, ir.Computed):
                value = add_determined_columns(value, node, reader)
            self.definitions.append(ir.Definition(self._known[signature], value, kind))
        number = self._known[signature]
        if is_time_window(node):
            time = type_of(node.expressions[0], reader)
            self.reading.context.time_windows[number] = time if time in TIMES else None
        return Field(number, name, kind), number

    def group_rows(self, record: Record, members: list[tuple[Field, int]], sets: tuple[Ids, ...] | None) -> Rows:
        """The rows, grouped."""
        sources = list(dict.fromkeys(source for _, source in members))
        outputs = {source: source if sets is None else self.reading.context.number() for source in sources}
        grouping_id = None if sets is None else self.reading.context.number()
        columns = [QualifiedColumn(replace(column, id=outputs[source])) for column, source in members]
        before = ir.Projection(self.rows.relation, tuple(self.definitions), self.rows.fields, self.rows.is_open)
        aggregates: list[ir.Definition] = []
        has_pivot = record.get("group_type") == "GROUP_TYPE_PIVOT"
        for expression in () if has_pivot else record.get("aggregate_expressions", ()):
            column = self._read_aggregate(expression, aggregates, outputs, sets, grouping_id)
            if column is None:
                return opaque_rows([self.rows], "an aggregate that makes rows")
            columns.append(column)
        pivoted = self._pivot_columns(record) if has_pivot else []
        for column in pivoted or ():
            columns.append(column)
            aggregates.append(ir.Definition(column.field.id, ir.Computed("", NONE, is_deterministic=False)))
        fields = tuple(column.field for column in columns)
        site = call_site(record.get("site"))
        relation = ir.Aggregate(
            before,
            tuple(Group(column, source) for source, column in outputs.items()),
            tuple(aggregates),
            fields,
            sets,
            grouping_id,
            is_open=pivoted is None,
            place=site,
            markers=tuple(self.markers.items()),
            measures=tuple(replace(each, place=each.place or site) for each in self.measures),
        )
        alive = frozenset(outputs.values()) | {definition.column for definition in aggregates} | self.markers.keys()
        return Rows(relation, tuple(columns), alive, self.rows.steps, has_guesses=self.has_guesses or has_pivot)

    def _pivot_columns(self, record: Record) -> list[QualifiedColumn] | None:
        """The columns of a pivot, by its values; None if the model does not name the values."""
        pivoted = self.writer.write(record["pivot"]["col"])
        chosen_by = ir.reads_of(self.writer.build_reader().read(pivoted))
        values = record["pivot"].get("values")
        if not values or any("value" not in value for value in values):
            for expression in record["aggregate_expressions"]:
                node = self.writer.write(expression)
                self._read_measures(node, self.reading.context.number(), expression, chosen_by)
            return None
        columns = []
        for value in values:
            for expression in record["aggregate_expressions"]:
                node = self.writer.write(expression)
                name = (
                    value["value"]
                    if len(record["aggregate_expressions"]) == 1
                    else f"{value['value']}_{_column_name(expression)}"
                )
                new = self.reading.context.new_field(name, type_of(node, self.writer.build_reader()))
                columns.append(QualifiedColumn(new))
                self._read_measures(node, new.id, expression, chosen_by)
        return columns

    def _read_aggregate(
        self,
        record: Record,
        aggregates: list[ir.Definition],
        outputs: dict[int, int],
        sets: tuple[Ids, ...] | None,
        grouping_id: int | None,
    ) -> QualifiedColumn | None:
        name = _column_name(record)
        self.has_guesses = self.has_guesses or name.endswith(")")
        node = self.writer.write(record)
        if makes_rows(node):
            return None
        reader = self.writer.build_reader()
        self.writer.note_mismatched_types(node, reader)
        value = reader.read(node)
        kind = type_of_result(node, reader)
        if isinstance(value, ir.Reference) and outputs.get(value.column) == value.column:
            return QualifiedColumn(Field(value.column, name, kind))
        if grouping_id is not None and reader.signature(node) == "groupingid()":
            return QualifiedColumn(Field(grouping_id, name, kind))
        marker = read_markers([node], sets, reader).get(reader.signature(node)) if sets is not None else None
        if marker is not None:
            self.markers[marker[0]] = marker[1]
            return QualifiedColumn(Field(marker[0], name, kind))
        if not isinstance(value, ir.Constant):
            value = ir.Computed("", ir.reads_of(value), is_deterministic=False, not_null=isinstance(node, exp.Count))
        new = self.reading.context.new_field(name, kind)
        aggregates.append(ir.Definition(new.id, value))
        self._read_measures(node, new.id, record)
        if sets is None:
            groups, rows = frozenset(outputs), self.rows.relation
            self.reading.context.suspicions += choices_of_groups(aggregates_in([node]), rows, groups, reader)
        return QualifiedColumn(new)

    def _read_measures(self, node: exp.Expr, column: int, record: Record, fixed: Ids = NONE) -> None:
        """Read the aggregates in the expression of a column."""
        reader = self.writer.build_reader()
        site = call_site(record.get("site"))
        for call in aggregates_in([node]):
            measure = read_measure(call, unwrap_window_function(call)[0], column, reader, site)
            self.measures += [replace(measure, fixed=fixed)] if measure is not None else []


def _column_name(record: Record) -> str:
    """The name of a column; a time window has that of its function."""
    if record["kind"] == "alias":
        return str(record["name"][-1])
    function = str(record.get("function_name", "")).lower()
    return function if function in NAMES else guess_name(record)


def read_deduplicate(record: Record, rows: Rows, reading: Reading) -> Rows:
    """``distinct`` and ``dropDuplicates``; of the rows that agree, an arbitrary one remains."""
    if record.get("within_watermark"):
        condition = ir.Condition(NONE, is_deterministic=False)
        return with_relation(rows, ir.Filter(rows.relation, (condition,), rows.fields, rows.is_open))
    if record.get("all_columns_as_keys"):
        relation = ir.Distinct(rows.relation, rows.fields, rows.is_open)
        return replace(rows, relation=relation, alive=frozenset(field.id for field in rows.fields), left_out=())
    names = record.get("column_names", ())
    columns = [column.field.id for name in names for column in rows.columns if column.name == name.lower()]
    reading.report_missing(names, rows)
    if not {column.name for column in rows.columns} >= {name.lower() for name in names} or not names:
        return opaque_rows([rows], "duplicates by columns that are not known", rows.columns, is_open=rows.is_open)
    choice = ArbitraryChoice(None, "dropDuplicates", rows.relation, frozenset(columns))
    reading.context.suspicions.append(choice)
    return with_relation(rows, ir.Distinct(rows.relation, rows.fields, rows.is_open, frozenset(columns)))


def read_set_operation(record: Record, left: Rows, right: Rows, reading: Reading) -> Rows:
    """``union``, ``unionByName``, ``intersect``, ``exceptAll`` and similar operations."""
    kind = _SET_KINDS.get(record.get("set_op_type", ""))
    is_all = bool(record.get("is_all"))
    if record.get("by_name"):
        both_sides = _align_by_name(left, right, reading, fills=bool(record.get("allow_missing_columns")))
        if both_sides is None:
            return opaque_rows([left, right], "a union by names that do not match")
        left, right = both_sides
    fits = len(left.columns) == len(right.columns) and not left.is_open and not right.is_open
    if kind is None or not fits:
        return opaque_rows([left, right], "a set operation whose columns are not known to fit")
    fields = tuple(
        reading.context.new_field(mine.name, united_type((mine.type, theirs.type)))
        for mine, theirs in zip(left.fields, right.fields, strict=True)
    )
    (first, second), is_cast = cast_set_columns((left.relation, right.relation), reading.context.new_field)
    before = (first,) if any(is_cast) else _union_branches(left, kind, is_all=is_all)
    inputs = (*before, second)
    relation = ir.SetOperation(kind, is_all, inputs, fields)
    return Rows(relation, tuple(QualifiedColumn(field) for field in fields), frozenset(field.id for field in fields))


def _union_branches(left: Rows, kind: ir.SetKind, *, is_all: bool) -> tuple[ir.Relation, ...]:
    """The branches of a union, nested unions included."""
    inner = left.relation
    is_union = isinstance(inner, ir.SetOperation) and inner.kind == "union" == kind and inner.is_all and is_all
    if (
        is_union
        and isinstance(inner, ir.SetOperation)
        and [field.id for field in inner.fields] == [field.id for field in left.fields]
    ):
        return inner.inputs
    return (inner,)


def _align_by_name(left: Rows, right: Rows, reading: Reading, *, fills: bool) -> tuple[Rows, Rows] | None:
    """Both sides with the same names in the same order; missing columns are NULL."""
    if left.is_open or right.is_open:
        return None
    names = list(dict.fromkeys(column.name for column in left.columns))
    missing = [column.name for column in right.columns if column.name not in names]
    if len(names) < len(left.columns) or len({column.name for column in right.columns}) < len(right.columns):
        return None
    lacking = [name for name in names if not isinstance(right.find(f"`{name}`"), FoundColumn)]
    if (missing or lacking) and not fills:
        return None
    spelled = {column.name: column.field for column in (*right.columns, *left.columns)}
    order = [spelled[name] for name in (*names, *missing)]
    return _select_by_name(left, order, reading), _select_by_name(right, order, reading)


def _select_by_name(rows: Rows, order: list[Field], reading: Reading) -> Rows:
    there = {column.name: column for column in rows.columns}
    definitions = []
    columns = []
    for wanted in order:
        if wanted.name.lower() in there:
            columns.append(there[wanted.name.lower()])
        else:
            new = reading.context.new_field(wanted.name, wanted.type)
            definitions.append(ir.Definition(new.id, ir.Constant(None)))
            columns.append(QualifiedColumn(new))
    fields = tuple(column.field for column in columns)
    return replace(rows, relation=ir.Projection(rows.relation, tuple(definitions), fields), columns=tuple(columns))
