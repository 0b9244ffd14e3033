"""Translates a traced plan to the relational IR: the front end of Python models.

The plan is that of Spark Connect, converted by `records`. A step that is not supported is `Opaque`. The names of the
result's columns are those that the engine returns. Their types follow from the plan, by the same rules as in SQL: the
engine's types are not always Spark's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from cbx.analysis.facts import UNKNOWN_TYPE, Table
from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.columns import NONE, Field
from cbx.analysis.relation.hazards import ArbitraryChoice, Hazard, Suspicion
from cbx.analysis.relation.places import PythonCallSite
from cbx.analysis.relation.query_mistakes import QueryMistake, is_grouped, is_stream
from cbx.analysis.relation.relation_walks import is_deep, stream_scans
from cbx.analysis.relation.relations import Relation
from cbx.analysis.sql.expressions.predicates import read_predicates
from cbx.analysis.sql.hazards.rejected_sides import rejected_sides
from cbx.analysis.sql.scope import Context
from cbx.analysis.tracing.plan.expressions import ExpressionWriter
from cbx.analysis.tracing.plan.groups import read_aggregate, read_deduplicate, read_set_operation
from cbx.analysis.tracing.plan.joins import read_join
from cbx.analysis.tracing.plan.na_functions import read_drop_na, read_fill_or_replace
from cbx.analysis.tracing.plan.projections import (
    read_drop,
    read_project,
    read_rename,
    read_to_df,
    read_with_columns,
)
from cbx.analysis.tracing.plan.queries import read_sql, read_with_relations
from cbx.analysis.tracing.plan.reading import CallSiteRecord, Reading, Record, UnknownName, call_site
from cbx.analysis.tracing.plan.rows import QualifiedColumn, Rows, opaque_rows, with_relation
from cbx.analysis.tracing.plan.unpivots import read_unpivot
from cbx.analysis.tracing.protocol import OPAQUE, is_drawn_seed
from cbx.analysis.tracing.requests import Traced

_SAME_ROWS = frozenset({
    "sort", "offset", "hint", "repartition", "repartition_by_expression", "with_watermark", "collect_metrics",
})  # fmt: skip
_KEEPS_ORDER = frozenset({
    "project", "with_columns", "with_columns_renamed", "drop", "filter", "to_df", "limit", "offset", "tail", "hint",
    "subquery_alias", "collect_metrics", "fill_na", "replace", "drop_na",
})  # fmt: skip
_BY_COLUMNS: dict[str, Callable[[Record, Rows, Reading], Rows]] = {
    "project": read_project,
    "with_columns": read_with_columns,
    "with_columns_renamed": read_rename,
    "to_df": read_to_df,
    "drop": read_drop,
    "aggregate": read_aggregate,
    "deduplicate": read_deduplicate,
    "fill_na": read_fill_or_replace,
    "replace": read_fill_or_replace,
    "drop_na": read_drop_na,
    "unpivot": read_unpivot,
}


@dataclass(frozen=True, slots=True)
class TracedPlan:
    """What a traced model does.

    Attributes:
        relation: Its relation.
        unknown_columns: The columns that none of its inputs has, and that the engine does not know either, in the order
            in which the model names them.
        expressions: Where the columns of the result are computed, by their names in lower case.
        mistakes: Other errors that make every run fail.
        suspicions: The hazards, and what may be one.
    """

    relation: Relation
    unknown_columns: tuple[UnknownName, ...]
    expressions: Mapping[str, PythonCallSite]
    mistakes: tuple[QueryMistake, ...] = ()
    suspicions: tuple[Suspicion, ...] = ()


def read_plan(traced: Traced, tables: Mapping[str, Table]) -> TracedPlan:
    """Read the plan of a model. Never fails: what is not supported is `Opaque`.

    Args:
        traced: The outcome of tracing the model.
        tables: The tables that its parameters read, by the parameter's name.

    Returns:
        The plan; the columns of its relation have the names that the engine returned.
    """
    reading = Reading(Context({}, (), lambda *_: ir.Opaque((), ())))
    try:
        rows = _PlanReader(tables, reading).read(traced.plan)
        if is_deep(rows.relation):
            rows = opaque_rows([], "its plan is nested too deeply")
    except (LookupError, TypeError, ValueError, RecursionError):
        rows = opaque_rows([], "its plan is not supported")
    relation = _match_engine_columns(rows, traced, reading)
    streams = {name for name in _input_names(traced.plan) if name in tables and tables[name].is_streaming}
    if streams and not {tables[name].name for name in streams} <= {scan.table.name for scan in stream_scans(relation)}:
        reason = "it reads a stream in a step that is not supported"
        relation = ir.Opaque((relation,), relation.fields, relation.is_open, reason, hides_stream=True)
    unknown = tuple(dict.fromkeys(reading.unknown_names)) if traced.columns is None else ()
    mistakes, suspicions = tuple(reading.context.mistakes), tuple(reading.context.suspicions)
    return TracedPlan(relation, unknown, _expression_sites(traced.plan), mistakes, suspicions)


def _input_names(record: object) -> set[str]:
    """The names of the inputs that a plan reads."""
    names: set[str] = set()
    pending = [record]
    while pending:
        at = pending.pop()
        if isinstance(at, Mapping):
            if at.get("kind") == "input":
                names.add(at["name"])
            pending.extend(at.values())
        elif isinstance(at, (list, tuple)):
            pending.extend(at)
    return names


def _expression_sites(step: Record) -> Mapping[str, PythonCallSite]:
    """Where each column of the result gets its name: the last step that names it."""
    sites: dict[str, PythonCallSite] = {}
    while True:
        items = [*step.get("aliases", ()), *step.get("expressions", ()), *step.get("aggregate_expressions", ())]
        site = call_site(step.get("site"))
        for name in (item["name"][0] for item in items if item.get("name")):
            if site is not None:
                sites.setdefault(name.lower(), site)
        if "input" not in step:
            return sites
        step = step["input"]


@dataclass
class _PlanReader:
    tables: Mapping[str, Table]
    reading: Reading

    def read(self, record: Record) -> Rows:
        """Read a step; its columns have the exact names and types that the plan has for them.

        Columns of a step with an unknown column are not checked further: that would report the mistake again.
        """
        count = len(self.reading.unknown_names)
        rows = self._read_step(record)
        self._place_suspicions(record.get("site") or record.get("root", {}).get("site"))
        if len(self.reading.unknown_names) > count:
            return opaque_rows([rows], "it reads a column that no input has")
        schema = record.get("schema")
        if schema and not rows.is_open and len(schema) == len(rows.columns):
            columns = tuple(
                QualifiedColumn(replace(column.field, name=name), column.qualifiers)
                for column, (name, _) in zip(rows.columns, schema, strict=True)
            )
            rows = replace(rows, relation=_project_to(rows, columns), columns=columns, has_guesses=False)
        return rows.with_step(record["id"])

    def _read_step(self, record: Record) -> Rows:
        kind = record["kind"]
        match kind:
            case "input":
                return self._read_input(record["name"])
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
                return self._read_opaque(record)
            case _:
                return self._read_step_on_rows(record, self.read(record["input"]))

    def _read_step_on_rows(self, record: Record, rows: Rows) -> Rows:
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
            self._read_names_of(record, rows)
            return rows
        match kind:
            case "filter":
                return self._read_filter(record, rows)
            case "limit" | "tail":
                count = record.get("limit", 0)
                if not _is_sorted(record["input"]):
                    self.reading.context.suspicions.append(ArbitraryChoice(None, "limit", rows.relation, count=count))
                return with_relation(rows, ir.Limit(rows.relation, count, rows.fields, rows.is_open))
            case "sample":
                return self._read_sample(record, rows)
            case "subquery_alias":
                alias = record["alias"].lower()
                return replace(rows, columns=tuple(QualifiedColumn(column.field, (alias,)) for column in rows.columns))
            case _:
                raise ValueError(kind)

    def _read_sample(self, record: Record, rows: Rows) -> Rows:
        if is_drawn_seed(record.get("seed", 0)):
            self.reading.context.suspicions.append(Hazard("changing_sample", None))
        if record.get("with_replacement"):
            return opaque_rows([rows], "a sample that repeats rows", rows.columns, is_open=rows.is_open)
        chance = ir.Condition(NONE, is_deterministic=False)
        return with_relation(rows, ir.Filter(rows.relation, (chance,), rows.fields, rows.is_open))

    def _place_suspicions(self, site: CallSiteRecord | None) -> None:
        """Place in a step those that no call of a function is at."""
        suspicions = self.reading.context.suspicions
        suspicions[:] = [
            replace(suspicion, place=call_site(site))
            if site and not isinstance(suspicion.place, PythonCallSite)
            else suspicion
            for suspicion in suspicions
        ]

    def _place_mistakes(self, first: int) -> None:
        """Place the mistakes from an index on, at a call or in the current step, since a plan has no query text."""
        mistakes = self.reading.context.mistakes
        site = call_site(self.reading.site)
        kinds = ("mismatched_types", "sort_on_stream", "window_on_stream")
        mistakes[first:] = dict.fromkeys(
            mistake if isinstance(mistake.place, PythonCallSite) else replace(mistake, place=site)
            for mistake in mistakes[first:]
            if mistake.kind in kinds
        )

    def _read_names_of(self, record: Record, rows: Rows) -> None:
        """Read the expressions of a step that changes nothing, for the names in them."""
        writer = ExpressionWriter(rows, self.reading, also_left_out=True)
        for expression in (*(part["child"] for part in record.get("order", ())), *record.get("partition_exprs", ())):
            writer.write(expression)

    def _read_filter(self, record: Record, rows: Rows) -> Rows:
        writer = ExpressionWriter(rows, self.reading, also_left_out=True)
        node = writer.write(record["condition"])
        reader = writer.build_reader()
        predicates = read_predicates(node, reader)
        self.reading.context.suspicions += rejected_sides(node, rows.relation, reader)
        writer.note_mismatched_types(node, reader)
        site = call_site(record.get("site"))
        return with_relation(rows, ir.Filter(rows.relation, predicates, rows.fields, rows.is_open, site))

    def _read_input(self, parameter: str) -> Rows:
        table = self.tables.get(parameter)
        if table is None or table.columns is None:
            return opaque_rows([], f"the columns of its input `{parameter}` are not known")
        fields = tuple(self.reading.context.new_field(column.name, column.type) for column in table.columns)
        columns = tuple(QualifiedColumn(field) for field in fields)
        return Rows(ir.Scan(table, fields, is_open=False), columns, frozenset(field.id for field in fields))

    def _read_opaque(self, record: Record) -> Rows:
        """A step that is not supported. Some of these steps declare their columns."""
        reason = f"a step of the plan that is not supported: {record['of'].replace('_', ' ')}"
        inputs = [self.read(part) for part in record["inputs"]]
        schema = record.get("schema")
        columns = tuple(
            QualifiedColumn(self.reading.context.new_field(name, kind or UNKNOWN_TYPE)) for name, kind in schema or ()
        )
        return opaque_rows(inputs, reason, columns, is_open=not schema, hides_stream=record.get("hides_stream", False))


def _is_sorted(record: Record) -> bool:
    """Whether rows are in an order that their model gave them."""
    while record["kind"] in _KEEPS_ORDER:
        record = record.get("input", {"kind": ""})
    return bool(record["kind"] == "sort")


def _project_to(rows: Rows, columns: tuple[QualifiedColumn, ...]) -> Relation:
    fields = tuple(column.field for column in columns)
    return rows.relation if fields == rows.fields else ir.Projection(rows.relation, (), fields, rows.is_open)


def _match_engine_columns(rows: Rows, traced: Traced, reading: Reading) -> Relation:
    """The rows with the columns that the engine returned."""
    engine_columns = traced.columns
    if engine_columns is None:
        return rows.relation
    if not rows.is_open and not _has_engine_names(rows, traced):
        return ir.Opaque(
            (rows.relation,), _engine_fields(traced, reading), is_open=False, reason="its columns are not known"
        )
    if not rows.is_open:
        pairs = zip(rows.columns, engine_columns, strict=True)
        columns = tuple(QualifiedColumn(replace(column.field, name=exact.name)) for column, exact in pairs)
        return _project_to(rows, columns)
    fields = []
    definitions = []
    names = [column.name.lower() for column in engine_columns]
    for exact in engine_columns:
        matching = [column.field for column in rows.columns if column.name == exact.name.lower()]
        if len(matching) == 1 == names.count(exact.name.lower()):
            fields.append(Field(matching[0].id, exact.name, matching[0].type))
        else:
            new = reading.context.new_field(exact.name, UNKNOWN_TYPE)
            definitions.append(ir.Definition(new.id, ir.Computed("", NONE, is_deterministic=False)))
            fields.append(new)
    return ir.Projection(rows.relation, tuple(definitions), tuple(fields))


def _has_engine_names(rows: Rows, traced: Traced) -> bool:
    names = [column.name for column in rows.columns]
    engine_names = [column.name.lower() for column in traced.columns or ()]
    return names == engine_names or (rows.has_guesses and len(names) == len(engine_names))


def _engine_fields(traced: Traced, reading: Reading) -> tuple[Field, ...]:
    return tuple(reading.context.new_field(column.name, UNKNOWN_TYPE) for column in traced.columns or ())
