"""Settles which columns each model's table has, and reads what queries do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from cbx import codes
from cbx.analysis.facts import CurrentKey, Table, TableColumn
from cbx.analysis.from_sql import read_query
from cbx.analysis.lineage import column_lineage
from cbx.analysis.relations import Relation
from cbx.analysis.verdicts import result_keys
from cbx.diagnostics import Report, did_you_mean, listing
from cbx.graph import cycles, in_order
from cbx.ir.resolved import Column, FileInput, Input, Linked, ModelInput, ResolvedModel, SqlCode, Typed
from cbx.ir.text import PLACEHOLDER
from cbx.parse.queries import parseable
from cbx.parse.types import normal_type

START_AT, END_AT = "__START_AT", "__END_AT"


def type_columns(linked: Linked, report: Report) -> Typed:
    """From declarations and queries to the columns of tables.

    Before: an ``auto_cdc`` model of type 2 that declares ``id`` and ``city``. After: these, and the two columns
    that tell since when and until when a version held. A query tells its columns where its inputs do. CBX405 for
    a column that no input has, CBX310 to CBX312 where a declaration and a query disagree.
    """
    typing = _Typing(linked, report)
    for name in in_order(linked.graph) if not cycles(linked.graph) else sorted(linked.models):
        typing.add(linked.models[name])
    return Typed(
        linked.project,
        linked.models,
        linked.graph,
        typing.columns,
        typing.relations,
        frozenset(typing.partly_declared),
    )


@dataclass
class _Typing:
    linked: Linked
    report: Report
    columns: dict[str, tuple[Column, ...] | None] = field(default_factory=dict)
    relations: dict[str, Relation] = field(default_factory=dict)
    partly_declared: set[str] = field(default_factory=set)

    def add(self, model: ResolvedModel) -> None:
        """Settle the columns of a model; what it reads is settled already."""
        inferred = self._inferred(model) if self._is_analysed(model) else None
        if inferred is not None and model.columns is not None and model.cdc is None:
            _compare(model, model.columns, inferred, self.report)
            if {one.name.lower() for one in inferred} - {one.name.lower() for one in model.columns}:
                self.partly_declared.add(model.id)
        columns = model.columns if model.columns is not None else inferred
        origins = {one.name.lower(): one.lineage for one in inferred or ()}
        if columns is not None:
            columns = tuple(replace(one, lineage=origins.get(one.name.lower())) for one in columns)
        self.columns[model.id] = table_columns(model, columns)

    def _is_analysed(self, model: ResolvedModel) -> bool:
        in_sql = isinstance(model.code, SqlCode) and model.code.places is not None
        return self.linked.project.settings.compile.analysis and in_sql and not model.unread

    def _inferred(self, model: ResolvedModel) -> tuple[Column, ...] | None:
        """The columns of a query's result; None where they are not known."""
        assert isinstance(model.code, SqlCode)  # noqa: S101 - only queries are analysed
        tables = {f"{PLACEHOLDER}input_{number}": self._table(one) for number, one in enumerate(model.inputs)}
        query = read_query(parseable(model.code.query.placeholder()), tables)
        self.relations[model.id] = query.relation
        found = len(self.report)
        for one in query.unknown_columns:
            if not one.name.startswith(PLACEHOLDER) and model.code.places is not None:
                span = model.code.places.span(one.start, one.end)
                known = listing(sorted(set(one.candidates)))
                hint = did_you_mean(one.name, one.candidates, f"known here: {known}" if known else "none is known here")
                message = f"the query of `{model.id}` reads `{one.name}`, which no input has"
                self.report.add(codes.UNKNOWN_COLUMN, message, span, label="not a column", hint=hint)
        if query.relation.is_open or len(self.report) > found:
            return None
        origins = dict(column_lineage(query.relation))
        fields = query.relation.fields
        return tuple(Column(one.name, one.type or "", lineage=origins.get(one.name)) for one in fields)

    def _table(self, one: Input) -> Table:
        """What is known of an input. An unproven key of a model counts as true: it is checked on the data."""
        if isinstance(one, ModelInput) and one.model in self.columns:
            return table_facts(
                self.linked.models[one.model], self.columns, self.relations, is_streaming=one.is_streaming
            )
        name = one.path if isinstance(one, FileInput) else one.table if not isinstance(one, ModelInput) else None
        return Table(name.placeholder() if name is not None else "", is_streaming=one.is_streaming)


def table_facts(
    model: ResolvedModel,
    columns: Mapping[str, tuple[Column, ...] | None],
    relations: Mapping[str, Relation],
    *,
    is_streaming: bool,
) -> Table:
    """What a model's readers may take as true of its table."""
    known = columns[model.id]
    typed = None
    if known is not None:
        typed = tuple(TableColumn(one.name, normal_type(one.type) if one.type else None) for one in known)
    keys: tuple[tuple[str, ...], ...] = (model.key,) if model.key else ()
    current: tuple[CurrentKey, ...] = ()
    if model.cdc is not None and model.cdc.scd_type == 2 and model.key:
        keys, current = ((*model.key, START_AT),), (CurrentKey(model.key, END_AT),)
    elif not keys and model.cdc is None and model.id in relations:
        keys = result_keys(relations[model.id])
    return Table(model.id, typed, keys, current, is_streaming)


def table_columns(model: ResolvedModel, columns: tuple[Column, ...] | None) -> tuple[Column, ...] | None:
    """The columns of a table, given those of its rows: AUTO CDC leaves some out and adds those of history."""
    if columns is None or model.cdc is None:
        return columns
    left_out = {name.lower() for name in model.cdc.except_columns}
    kept = tuple(column for column in columns if column.name.lower() not in left_out)
    if model.cdc.scd_type == 1:
        return kept
    names = {column.name.upper() for column in kept}
    own = [column.type for column in columns if (column.name,) == model.cdc.sequence_by]
    history = [Column(name, own[0] if own else "TIMESTAMP") for name in (START_AT, END_AT) if name not in names]
    return (*kept, *history)


def _compare(model: ResolvedModel, declared: tuple[Column, ...], inferred: tuple[Column, ...], report: Report) -> None:
    """Report where the declared columns and those of the query differ."""
    produced = {column.name.lower(): column for column in inferred}
    named = {column.name.lower() for column in declared}
    meant: set[str] = set()
    for column in declared:
        found = produced.get(column.name.lower())
        if found is None:
            message = f"`{model.id}` declares the column `{column.name}`, which its query does not produce"
            near = [one.name for one in inferred if one.name.lower() not in named]
            hint = did_you_mean(column.name, near)
            meant.update(name.lower() for name in near if hint is not None and f"`{name}`" in hint)
            span = model.places.at("columns", column.name, "key")
            report.add(
                codes.MISSING_COLUMN, message, span, label="not produced", hint=hint or "select it, or take it out"
            )
        elif found.type and normal_type(found.type) != normal_type(column.type):
            message = (
                f"`{column.name}` of `{model.id}` is declared as {column.type}, but its query produces {found.type}"
            )
            span = model.places.at("columns", column.name, "type")
            hint = f"cast it in the query, or declare {found.type}"
            report.add(codes.COLUMN_TYPE_MISMATCH, message, span, label="types differ", hint=hint)
    for column in inferred:
        if column.name.lower() not in named | meant:
            message = f"the query of `{model.id}` produces the column `{column.name}`, which is not declared"
            hint = "declare it, or leave it out of the query: declared columns are all of a table's columns"
            span = model.places.at("columns")
            report.add(codes.UNDECLARED_COLUMN, message, span, label="incomplete", hint=hint)
