"""What readers of a model may rely on: columns, keys, and columns without NULL."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from cbx.declare.outside_systems import HEADERS, STREAMING_SERVICES, ServiceColumn
from cbx.parse.databricks_sql.types import normal_type, parts_of_type
from cbx.project.settings import Project
from cbx.spark_spelling import quote_if_needed
from cbx.stages.constraints import has_primary_key
from cbx.stages.inputs import ReaderInput, SnapshotInput
from cbx.stages.resolved import KnownTable, Proven
from cbx.stages.resolved_model import Column, ResolvedModel
from cbx.syntax.text import Text, text_in_words

if TYPE_CHECKING:
    from cbx.analysis.facts import CurrentKey, Table

NOT_NULL = re.compile(r"\s*`?(\w+)`?\s+is\s+not\s+null\s*", re.IGNORECASE)


START_AT, END_AT = "__START_AT", "__END_AT"


def holds_key(columns: Iterable[str], keys: Iterable[tuple[str, ...]]) -> bool:
    """Whether columns include all columns of one of the keys, so that no two rows agree on them."""
    names = {name.lower() for name in columns}
    return any(names.issuperset(name.lower() for name in key) for key in keys)


def table_facts(
    model: ResolvedModel,
    columns: tuple[Column, ...] | None,
    proven: tuple[tuple[str, ...], ...],
    *,
    is_streaming: bool,
    has_schema: bool,
) -> Table:
    """What readers of a model may rely on, given its columns and proven keys.

    A declared key counts as true: if it is not proven, it is checked on the data.
    """
    from cbx.analysis.facts import UNKNOWN_TYPE, Table, TableColumn

    typed = None
    if columns is not None:
        never = _never_null_columns(model, has_schema=has_schema)
        typed = tuple(
            TableColumn(
                column.name,
                normal_type(column.type) if column.type else UNKNOWN_TYPE if column.is_computed else None,
                column.name.lower() in never,
            )
            for column in columns
        )
    keys = tuple(dict.fromkeys([*model.declared_keys, *proven]))
    current: tuple[CurrentKey, ...] = ()
    if model.cdc is not None and model.cdc.scd_type == 2 and model.key:
        keys = ((*model.key, START_AT),)
        current = current_keys(model.key, model.further_keys, model.cdc.sequence_by)
    return Table(model.id, typed, keys, current, is_streaming)


def current_keys(
    key: tuple[str, ...], further: Iterable[tuple[str, ...]], sequence: tuple[str, ...]
) -> tuple[CurrentKey, ...]:
    """The keys of a table with versions: further keys are checked among the current rows only."""
    from cbx.analysis.facts import CurrentKey

    return (
        CurrentKey(key, END_AT, START_AT, sequence),
        *(CurrentKey(columns, END_AT, sequence=sequence) for columns in further),
    )


def reader_facts(source: ReaderInput) -> Table:
    """What is known of what a reader delivers: the columns of the messages of a streaming service."""
    from cbx.analysis.facts import Table, TableColumn

    columns = message_columns(source)
    typed = [TableColumn(name, normal_type(kind), never) for name, kind, never in columns or ()]
    return Table(source.place, tuple(typed) or None, is_streaming=source.is_streaming)


def snapshot_facts(source: SnapshotInput) -> Table:
    """What is known of snapshots: the columns with which their files are read, if they are declared."""
    from cbx.analysis.facts import Table, TableColumn

    is_rescued = any(name.lower() == "rescueddatacolumn" for name, _ in source.options)
    fields = parts_of_type(f"STRUCT<{source.schema}>", "STRUCT") if source.schema and not is_rescued else None
    columns = tuple(TableColumn(name, normal_type(kind)) for name, kind in fields or ())
    return Table(source.function or text_in_words(source.path or Text.of("")), columns or None)


def message_columns(source: ReaderInput) -> tuple[ServiceColumn, ...] | None:
    """The columns that a reader delivers; None if they are unknown."""
    service = STREAMING_SERVICES.get(source.format.lower())
    if service is None or service.columns is None:
        return None
    headers = next((value for name, value in source.options if name.lower() == "includeheaders"), Text.of("false"))
    if headers.constant is None:
        return None
    return (*service.columns, HEADERS) if headers.constant.lower() == "true" else service.columns


def has_emitted_schema(model: ResolvedModel, project: Project, *, is_partly_declared: bool) -> bool:
    """Whether a model's table is created with a schema, which enforces NOT NULL columns."""
    wanted = project.settings.compile.constraints != "none"
    return wanted and model.is_published and has_primary_key(model) and not is_partly_declared


def _never_null_columns(model: ResolvedModel, *, has_schema: bool) -> frozenset[str]:
    """The columns without NULL, in lower case, by the table's schema or by an expectation that drops or fails.

    An expectation counts if it applies to all rows: a streaming table may have rows from before it was added.
    """
    declared = {column.name.lower() for column in model.columns or () if column.not_null}
    declared = declared if has_schema or model.kind == "seed" else set()
    rules = model.expectations if model.kind in {"materialized_view", "view", "seed"} else ()
    texts = [rule.condition.placeholder() for rule in rules if rule.on_violation in {"drop", "fail"}]
    tested = [NOT_NULL.fullmatch(text) for text in texts]
    return frozenset(declared | {match[1].lower() for match in tested if match is not None})


def known_tables(proven: Proven) -> dict[str, KnownTable]:
    """The columns and keys of each model's table, by the model's id."""
    return {name: known_table(model, proven) for name, model in proven.models.items()}


def known_table(model: ResolvedModel, proven: Proven) -> KnownTable:
    """The columns and keys of a model's table."""
    columns, keys = proven.columns[model.id], proven.proven_keys[model.id]
    is_partly_declared = model.id in proven.partly_declared
    has_schema = has_emitted_schema(model, proven.project, is_partly_declared=is_partly_declared)
    return KnownTable(columns, keys, is_partly_declared, _never_null_columns(model, has_schema=has_schema))


def table_columns(
    model: ResolvedModel, columns: tuple[Column, ...] | None, produced: tuple[Column, ...]
) -> tuple[Column, ...] | None:
    """The columns of a table, given those of its query: AUTO CDC omits some and adds those of SCD type 2.

    Args:
        model: The model.
        columns: The declared columns, else the produced ones.
        produced: The columns that its code produces, as far as they are known: changes may be ordered by one of these.
    """
    if columns is None or model.cdc is None:
        return columns
    if model.unread & {"scd_type", "except_columns"}:
        return None
    left_out = {name.lower() for name in model.cdc.except_columns}
    kept = tuple(column for column in columns if column.name.lower() not in left_out)
    if model.cdc.scd_type == 1:
        return kept
    names = {column.name.upper() for column in kept}
    snapshots = model.snapshots
    sequence = (
        _sequence_column(model.cdc.sequence_by, (*produced, *columns))
        if snapshots is None
        else Column("", snapshots.version)
    )
    history = [
        Column(name, sequence.type, lineage=sequence.lineage) for name in (START_AT, END_AT) if name not in names
    ]
    return (*kept, *history)


def _sequence_column(names: tuple[str, ...], columns: tuple[Column, ...]) -> Column:
    """The column that orders changes, or the struct of several columns."""
    by_name = {column.name.lower(): column for column in columns}
    parts = [by_name[name.lower()] for name in names if name.lower() in by_name]
    if len(parts) < len(names) or not names:
        return Column("", "")
    if len(parts) == 1:
        return parts[0]
    types = [f"{quote_if_needed(column.name)}: {column.type}" for column in parts]
    origins = [column.lineage for column in parts if column.lineage is not None]
    lineage = (
        tuple(dict.fromkeys(column for origin in origins for column in origin)) if len(origins) == len(parts) else None
    )
    is_typed = all(column.type for column in parts)
    return Column("", f"STRUCT<{', '.join(types)}>" if is_typed else "", lineage=lineage)
