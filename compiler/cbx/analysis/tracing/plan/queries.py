"""Reads ``spark.sql``, by way of the front end for SQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from cbx.analysis.facts import Table, TableColumn
from cbx.analysis.from_sql import read_query
from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.relation_walks import reads_stream
from cbx.analysis.relation.relations import Field, Relation
from cbx.analysis.tracing.placeholders import MARK
from cbx.analysis.tracing.plan.expressions import Reading, Record
from cbx.analysis.tracing.plan.rows import QualifiedColumn, Rows, opaque


def read_sql(record: Record, views: Mapping[str, Rows], reading: Reading) -> Rows:
    """A query, whose tables are frames of the model's, by the names that ``spark.sql`` gave them."""
    query = record["query"]
    if MARK in query or record.get("args") or record.get("pos_args"):
        return opaque(views.values(), "a query with values that are not known")
    if record.get("named_arguments") or record.get("pos_arguments"):
        return opaque(views.values(), "a query with parameters")
    tables = {name: _table(name, rows) for name, rows in views.items()}
    found = read_query(query, tables)
    offset = max(reading.context.next_number, _highest(found.relation) + 1)
    reading.context.next_number = 2 * offset
    moved = tuple(Field(one.id + offset, one.name, one.type) for one in found.relation.fields)
    inner = _with_views(found.relation, views)
    relation = ir.Copy(inner, offset, moved, found.relation.is_open)
    columns = tuple(QualifiedColumn(one) for one in moved)
    return Rows(relation, columns, frozenset(one.id for one in moved))


def read_with_relations(record: Record, read: Callable[[Record], Rows], reading: Reading) -> Rows:
    """A query with the frames that it names; other uses of frames inside a step are not understood."""
    root = record["root"]
    references = record.get("references", [])
    named = [one for one in references if one["kind"] == "subquery_alias"]
    if root["kind"] != "sql" or len(named) < len(references):
        return opaque(_frames(record, read), "a frame inside an expression")
    views = {one["alias"]: read(one["input"]) for one in named}
    return read_sql(root, views, reading)


def _frames(record: Record, read: Callable[[Record], Rows]) -> list[Rows]:
    return [read(one) for one in (record["root"], *record.get("references", [])) if one["kind"] != "sql"]


def _table(name: str, rows: Rows) -> Table:
    if isinstance(rows.relation, ir.Scan):
        return rows.relation.table
    columns = None if rows.is_open else tuple(TableColumn(one.name, one.type) for one in rows.fields)
    return Table(name, columns, is_streaming=reads_stream(rows.relation))


def _with_views(relation: Relation, views: Mapping[str, Rows]) -> Relation:
    """A frame that does more than read a table is no table: its scan makes way for rows of which nothing is known."""
    names = {name for name, rows in views.items() if not isinstance(rows.relation, ir.Scan)}

    def changed(node: Any) -> Any:
        if isinstance(node, ir.Scan) and node.table.name in names:
            is_stream = reads_stream(views[node.table.name].relation)
            return ir.Opaque((), node.fields, node.is_open, "a frame inside a query", is_stream)
        if not is_dataclass(node) or isinstance(node, type):
            return node
        parts = {one.name: getattr(node, one.name) for one in fields(node) if one.name in {"input", "left", "right"}}
        moved: dict[str, Any] = {name: changed(part) for name, part in parts.items()}
        if hasattr(node, "inputs"):
            moved["inputs"] = tuple(map(changed, node.inputs))
        return replace(node, **moved) if moved else node

    return changed(relation) if names else relation


def _highest(relation: Any) -> int:
    """The highest number of a column anywhere in a relation."""
    highest = 0
    pending = [relation]
    while pending:
        node = pending.pop()
        if isinstance(node, bool):
            continue
        if isinstance(node, int):
            highest = max(highest, node)
        elif isinstance(node, (tuple, frozenset)):
            pending.extend(node)
        elif is_dataclass(node):
            pending.extend(getattr(node, one.name) for one in fields(node))
    return highest
