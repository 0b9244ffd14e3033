"""Reads ``spark.sql`` with the front end for SQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from cbx.analysis.facts import Table, TableColumn
from cbx.analysis.from_sql import Query, read_query
from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.columns import Field
from cbx.analysis.relation.hazards import Hazard
from cbx.analysis.relation.relation_walks import highest_column, reads_stream
from cbx.analysis.relation.relations import Relation
from cbx.analysis.tracing.placeholders import MARK
from cbx.analysis.tracing.plan.reading import CallSiteRecord, Reading, Record, UnknownName, call_site
from cbx.analysis.tracing.plan.rows import QualifiedColumn, Rows, opaque_rows


def read_sql(record: Record, views: Mapping[str, Rows], reading: Reading, site: CallSiteRecord | None = None) -> Rows:
    """A query over frames of the model, by the names that ``spark.sql`` gives them.

    Args:
        record: The query.
        views: The frames that it names.
        reading: The state; what is noted of the query is added.
        site: Where ``spark.sql`` is called.
    """
    query = record["query"]
    if MARK in query or record.get("args") or record.get("pos_args"):
        return opaque_rows(views.values(), "a query with values that are not known")
    if record.get("named_arguments") or record.get("pos_arguments"):
        return opaque_rows(views.values(), "a query with parameters")
    tables = {name: _view_table(name, rows) for name, rows in views.items()}
    query_result = read_query(query, tables)
    offset = max(reading.context.next_number, highest_column(query_result.relation) + 1)
    reading.context.next_number = 2 * offset
    _pass_on(query_result, offset, site or record.get("site"), reading)
    renumbered_fields = tuple(
        Field(field.id + offset, field.name, field.type) for field in query_result.relation.fields
    )
    inner = _replace_view_scans(query_result.relation, views)
    relation = ir.Copy(inner, offset, renumbered_fields, query_result.relation.is_open)
    columns = tuple(QualifiedColumn(field) for field in renumbered_fields)
    return Rows(relation, columns, frozenset(field.id for field in renumbered_fields))


def read_with_relations(record: Record, read: Callable[[Record], Rows], reading: Reading) -> Rows:
    """A query and the frames that it names; other frames inside a step are not supported."""
    root = record["root"]
    references = record.get("references", [])
    named = [reference for reference in references if reference["kind"] == "subquery_alias"]
    if root["kind"] != "sql" or len(named) < len(references):
        return opaque_rows(_read_frames(record, read), "a frame inside an expression")
    views = {reference["alias"]: read(reference["input"]) for reference in named}
    return read_sql(root, views, reading, record.get("site"))


def _pass_on(query: Query, offset: int, site: CallSiteRecord | None, reading: Reading) -> None:
    """Pass on what was noted while a query was read: its place is the call, its columns are numbered as in the copy."""
    place = call_site(site)
    reading.context.mistakes += [replace(mistake, place=place) for mistake in query.mistakes]
    reading.context.suspicions += [
        replace(suspicion, columns=frozenset(column + offset for column in suspicion.columns))
        if isinstance(suspicion, Hazard)
        else suspicion
        for suspicion in query.suspicions
    ]
    reading.unknown_names += [
        UnknownName(unknown.name, place, unknown.candidates)
        for unknown in query.unknown_columns
        if not unknown.is_table
    ]


def _read_frames(record: Record, read: Callable[[Record], Rows]) -> list[Rows]:
    return [read(part) for part in (record["root"], *record.get("references", [])) if part["kind"] != "sql"]


def _view_table(name: str, rows: Rows) -> Table:
    if isinstance(rows.relation, ir.Scan):
        return rows.relation.table
    columns = None if rows.is_open else tuple(TableColumn(field.name, field.type) for field in rows.fields)
    return Table(name, columns, is_streaming=reads_stream(rows.relation))


def _replace_view_scans(relation: Relation, views: Mapping[str, Rows]) -> Relation:
    """Replace the scan of a frame that does more than read a table with opaque rows."""
    names = {name for name, rows in views.items() if not isinstance(rows.relation, ir.Scan)}

    def replace_scans(node: Any) -> Any:
        if isinstance(node, ir.Scan) and node.table.name in names:
            is_stream = reads_stream(views[node.table.name].relation)
            return ir.Opaque((), node.fields, node.is_open, "a frame inside a query", is_stream)
        if not is_dataclass(node) or isinstance(node, type):
            return node
        parts = {
            attribute.name: getattr(node, attribute.name)
            for attribute in fields(node)
            if attribute.name in {"input", "left", "right"}
        }
        renumbered_fields: dict[str, Any] = {name: replace_scans(part) for name, part in parts.items()}
        if hasattr(node, "inputs"):
            renumbered_fields["inputs"] = tuple(map(replace_scans, node.inputs))
        return replace(node, **renumbered_fields) if renumbered_fields else node

    return replace_scans(relation) if names else relation
