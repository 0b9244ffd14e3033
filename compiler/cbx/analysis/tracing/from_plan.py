"""From a traced plan to the relational IR: the front end of Python models.

The plan is that of Spark Connect, as `records` has it. A step that is not understood is `Opaque`. The names of the
result's columns are those that the engine found; their types are not the engine's, which are not always Spark's, but
follow from the plan by the rules that the front end for SQL has too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from cbx.analysis.facts import UNKNOWN_TYPE, Table
from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.query_mistakes import QueryMistake, is_grouped, is_stream
from cbx.analysis.relation.relation_walks import is_deep, stream_scans
from cbx.analysis.relation.relations import NONE, Field, PythonCallSite, Relation
from cbx.analysis.sql.expressions.predicates import read_predicates
from cbx.analysis.sql.scope import Context
from cbx.analysis.tracing.plan.expressions import Expressions, Reading, Record, UnknownName
from cbx.analysis.tracing.plan.groups import read_aggregate, read_deduplicate, read_set_operation
from cbx.analysis.tracing.plan.joins import read_join
from cbx.analysis.tracing.plan.na_functions import read_fill, read_without_nulls
from cbx.analysis.tracing.plan.projections import (
    read_drop,
    read_project,
    read_rename,
    read_to_df,
    read_with_columns,
)
from cbx.analysis.tracing.plan.queries import read_sql, read_with_relations
from cbx.analysis.tracing.plan.rows import QualifiedColumn, Rows, after, opaque
from cbx.analysis.tracing.plan.unpivots import read_unpivot
from cbx.analysis.tracing.protocol import OPAQUE
from cbx.analysis.tracing.requests import Traced

_SAME_ROWS = frozenset({
    "sort", "offset", "hint", "repartition", "repartition_by_expression", "with_watermark", "collect_metrics",
})  # fmt: skip
_BY_COLUMNS: dict[str, Callable[[Record, Rows, Reading], Rows]] = {
    "project": read_project,
    "with_columns": read_with_columns,
    "with_columns_renamed": read_rename,
    "to_df": read_to_df,
    "drop": read_drop,
    "aggregate": read_aggregate,
    "deduplicate": read_deduplicate,
    "fill_na": read_fill,
    "replace": read_fill,
    "drop_na": read_without_nulls,
    "unpivot": read_unpivot,
}


@dataclass(frozen=True, slots=True)
class TracedPlan:
    """A traced model, read.

    Attributes:
        relation: What it does.
        unknown_columns: The columns that none of its inputs has, in the order in which the model names them. Only
            those of which the engine, too, made nothing.
        expressions: Where the columns of the result are made, by their names in lower case, as far as they get one.
        mistakes: What else in it fails in every run.
    """

    relation: Relation
    unknown_columns: tuple[UnknownName, ...]
    expressions: Mapping[str, PythonCallSite]
    mistakes: tuple[QueryMistake, ...] = ()


def read_plan(traced: Traced, tables: Mapping[str, Table]) -> TracedPlan:
    """Read the plan of a model. Never fails: what is not understood is `Opaque`.

    Args:
        traced: What tracing the model gave.
        tables: What is known of the tables that its parameters read, by the parameter's name.

    Returns:
        The plan; the columns of its relation have the names that the engine found.
    """
    reading = Reading(Context({}, (), lambda *_: ir.Opaque((), ())))
    try:
        rows = _PlanReader(tables, reading).read(traced.plan)
        if is_deep(rows.relation):
            rows = opaque([], "its plan is nested too deeply")
    except (LookupError, TypeError, ValueError, RecursionError):
        rows = opaque([], "its plan is not understood")
    relation = _as_found(rows, traced, reading)
    streams = {name for name in _inputs_read(traced.plan) if name in tables and tables[name].is_streaming}
    if streams and not {tables[name].name for name in streams} <= {one.table.name for one in stream_scans(relation)}:
        reason = "it reads a stream in a step that is not understood"
        relation = ir.Opaque((relation,), relation.fields, relation.is_open, reason, hides_stream=True)
    unknown = tuple(dict.fromkeys(reading.unknown)) if traced.columns is None else ()
    return TracedPlan(relation, unknown, _expressions(traced.plan), tuple(reading.context.mistakes))


def _inputs_read(record: object) -> set[str]:
    """The names of the inputs that a plan reads, wherever in it."""
    found: set[str] = set()
    pending = [record]
    while pending:
        at = pending.pop()
        if isinstance(at, Mapping):
            if at.get("kind") == "input":
                found.add(at["name"])
            pending.extend(at.values())
        elif isinstance(at, (list, tuple)):
            pending.extend(at)
    return found


def _expressions(step: Record) -> Mapping[str, PythonCallSite]:
    """Where the columns of the result get their names: in the last step that gives it, for each."""
    found: dict[str, PythonCallSite] = {}
    while True:
        made = [*step.get("aliases", ()), *step.get("expressions", ()), *step.get("aggregate_expressions", ())]
        for name in (one["name"][0] for one in made if one.get("name") and step.get("site")):
            found.setdefault(name.lower(), PythonCallSite(*step["site"]))
        if "input" not in step:
            return found
        step = step["input"]


@dataclass
class _PlanReader:
    tables: Mapping[str, Table]
    reading: Reading

    def read(self, record: Record) -> Rows:
        """A step, with the exact names and types of its columns where the plan has them.

        What reads a step with an unknown column is not judged by its columns: that would report the mistake again.
        """
        found = len(self.reading.unknown)
        rows = self._read(record)
        if len(self.reading.unknown) > found:
            return opaque([rows], "it reads a column that no input has")
        schema = record.get("schema")
        if schema and not rows.is_open and len(schema) == len(rows.columns):
            columns = tuple(
                QualifiedColumn(replace(one.field, name=name), one.qualifiers)
                for one, (name, _) in zip(rows.columns, schema, strict=True)
            )
            rows = replace(rows, relation=_with_fields(rows, columns), columns=columns, has_guesses=False)
        return rows.with_step(record["id"])

    def _read(self, record: Record) -> Rows:
        kind = record["kind"]
        match kind:
            case "input":
                return self._scan(record["name"])
            case "join":
                left, right = self.read(record["left"]), self.read(record["right"])
                self.reading.site = record.get("site")
                return read_join(record, left, right, self.reading)
            case "set_op":
                left, right = self.read(record["left_input"]), self.read(record["right_input"])
                return read_set_operation(record, left, right, self.reading)
            case "sql":
                return read_sql(record, {}, self.reading)
            case "with_relations":
                return read_with_relations(record, self.read, self.reading)
            case "project" if "input" not in record:
                return read_project(record, Rows(ir.Values(1, ()), (), NONE), self.reading)
            case _ if kind == OPAQUE:
                return self._opaque(record)
            case _:
                return self._step(record, self.read(record["input"]))

    def _step(self, record: Record, rows: Rows) -> Rows:
        """A step with one input."""
        kind = record["kind"]
        self.reading.site = record.get("site")
        if kind in _BY_COLUMNS:
            found = len(self.reading.context.mistakes)
            read = _BY_COLUMNS[kind](record, rows, self.reading)
            self._place_mistakes(found)
            return read
        if kind == "sort" and is_stream(rows.relation) and not is_grouped(rows.relation):
            found = len(self.reading.context.mistakes)
            self.reading.context.mistakes.append(QueryMistake("sort_on_stream", "", None))
            self._place_mistakes(found)
        if kind in _SAME_ROWS:
            self._look_at(record, rows)
            return rows
        match kind:
            case "filter":
                return self._filter(record, rows)
            case "limit" | "tail":
                count = record.get("limit", 0)
                return after(rows, ir.Limit(rows.relation, count, rows.fields, rows.is_open))
            case "sample":
                if record.get("with_replacement"):
                    return opaque([rows], "a sample that repeats rows", rows.columns, is_open=rows.is_open)
                chance = ir.Condition(NONE, is_deterministic=False)
                return after(rows, ir.Filter(rows.relation, (chance,), rows.fields, rows.is_open))
            case "subquery_alias":
                alias = record["alias"].lower()
                return replace(rows, columns=tuple(QualifiedColumn(one.field, (alias,)) for one in rows.columns))
            case _:
                raise ValueError(kind)

    def _place_mistakes(self, found: int) -> None:
        """Say of the mistakes found since that they are in the step that is read: what is traced has no text."""
        mistakes = self.reading.context.mistakes
        site = PythonCallSite(*self.reading.site) if self.reading.site else None
        kinds = ("sort_on_stream", "window_on_stream")
        mistakes[found:] = dict.fromkeys(replace(one, place=site) for one in mistakes[found:] if one.kind in kinds)

    def _look_at(self, record: Record, rows: Rows) -> None:
        """Read the expressions of a step that changes nothing, for the names in them."""
        writer = Expressions(rows, self.reading, also_left_out=True)
        for one in (*(part["child"] for part in record.get("order", ())), *record.get("partition_exprs", ())):
            writer.write(one)

    def _filter(self, record: Record, rows: Rows) -> Rows:
        writer = Expressions(rows, self.reading, also_left_out=True)
        node = writer.write(record["condition"])
        predicates = read_predicates(node, writer.reader())
        site = PythonCallSite(*record["site"]) if record.get("site") else None
        return after(rows, ir.Filter(rows.relation, predicates, rows.fields, rows.is_open, site))

    def _scan(self, parameter: str) -> Rows:
        table = self.tables.get(parameter)
        if table is None or table.columns is None:
            return opaque([], f"the columns of its input `{parameter}` are not known")
        fields = tuple(self.reading.context.new_field(one.name, one.type) for one in table.columns)
        columns = tuple(QualifiedColumn(one) for one in fields)
        return Rows(ir.Scan(table, fields, is_open=False), columns, frozenset(one.id for one in fields))

    def _opaque(self, record: Record) -> Rows:
        """A step that is not understood; some of these say which columns they make."""
        reason = f"a step of the plan that is not understood: {record['of'].replace('_', ' ')}"
        inputs = [self.read(one) for one in record["inputs"]]
        schema = record.get("schema")
        columns = tuple(
            QualifiedColumn(self.reading.context.new_field(name, kind or UNKNOWN_TYPE)) for name, kind in schema or ()
        )
        return opaque(inputs, reason, columns, is_open=not schema, hides_stream=record.get("hides_stream", False))


def _with_fields(rows: Rows, columns: tuple[QualifiedColumn, ...]) -> Relation:
    fields = tuple(one.field for one in columns)
    return rows.relation if fields == rows.fields else ir.Projection(rows.relation, (), fields, rows.is_open)


def _as_found(rows: Rows, traced: Traced, reading: Reading) -> Relation:
    """The rows with the columns that the engine found."""
    found = traced.columns
    if found is None:
        return rows.relation
    if not rows.is_open and not _agree(rows, traced):
        return ir.Opaque(
            (rows.relation,), _new_fields(traced, reading), is_open=False, reason="its columns are not known"
        )
    if not rows.is_open:
        pairs = zip(rows.columns, found, strict=True)
        columns = tuple(QualifiedColumn(replace(one.field, name=exact.name)) for one, exact in pairs)
        return _with_fields(rows, columns)
    fields = []
    definitions = []
    names = [one.name.lower() for one in found]
    for exact in found:
        matching = [one.field for one in rows.columns if one.name == exact.name.lower()]
        if len(matching) == 1 == names.count(exact.name.lower()):
            fields.append(Field(matching[0].id, exact.name, matching[0].type))
        else:
            new = reading.context.new_field(exact.name, UNKNOWN_TYPE)
            definitions.append(ir.Definition(new.id, ir.Computed("", NONE, is_deterministic=False)))
            fields.append(new)
    return ir.Projection(rows.relation, tuple(definitions), tuple(fields))


def _agree(rows: Rows, traced: Traced) -> bool:
    names = [one.name for one in rows.columns]
    found = [one.name.lower() for one in traced.columns or ()]
    return names == found or (rows.has_guesses and len(names) == len(found))


def _new_fields(traced: Traced, reading: Reading) -> tuple[Field, ...]:
    return tuple(reading.context.new_field(one.name, UNKNOWN_TYPE) for one in traced.columns or ())
