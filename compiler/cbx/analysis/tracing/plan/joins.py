"""Reads joins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.places import PythonCallSite
from cbx.analysis.relation.relations import Field
from cbx.analysis.sql.expressions.predicates import read_predicates
from cbx.analysis.sql.hazards.join_keys import join_key_hazards, using_hazards
from cbx.analysis.sql.mismatched_types import mismatched_columns
from cbx.analysis.tracing.plan.expressions import ExpressionWriter, Reading, Record
from cbx.analysis.tracing.plan.rows import FoundColumn, QualifiedColumn, Rows, merge_steps, opaque_rows
from cbx.analysis.types.type_rules import common_type
from cbx.analysis.types.value_types import compare_exactly
from cbx.spark_spelling import quote_if_needed

_KINDS: dict[str, ir.JoinKind] = {
    "JOIN_TYPE_INNER": "inner",
    "JOIN_TYPE_CROSS": "inner",
    "JOIN_TYPE_LEFT_OUTER": "left",
    "JOIN_TYPE_RIGHT_OUTER": "right",
    "JOIN_TYPE_FULL_OUTER": "full",
    "JOIN_TYPE_LEFT_SEMI": "semi",
    "JOIN_TYPE_LEFT_ANTI": "anti",
}


def read_join(record: Record, left: Rows, right: Rows, reading: Reading) -> Rows:
    """``join`` and ``crossJoin``: by names of columns, by a condition, or without one."""
    kind = _KINDS.get(record.get("join_type", ""))
    if kind is None:
        return opaque_rows([left, right], "a kind of join that is not supported")
    using = record.get("using_columns", [])
    pairs = [_using_pair(name, left, right) for name in using]
    sure = [pair for pair in pairs if pair is not None]
    if len(sure) < len(pairs):
        reading.report_missing(using, left)
        reading.report_missing(
            [name for name in using if isinstance(left.find(quote_if_needed(name)), FoundColumn)], right
        )
        return opaque_rows([left, right], "columns to join on that are not known on both sides")
    both = Rows(
        left.relation,
        (*left.columns, *right.columns),
        left.alive | right.alive,
        merge_steps(left, right),
        has_guesses=left.has_guesses or right.has_guesses or left.is_open or right.is_open,
    )
    predicates = (*_equalities(sure), *_read_condition(record, left, right, both, reading))
    reading.context.suspicions += using_hazards(sure)
    reading.context.mistakes += mismatched_columns(sure, [_site_of(record)] * len(sure))
    columns, merges = _join_columns(kind, sure, left, right, reading)
    site = _site_of(record)
    is_open = left.is_open or (right.is_open and kind not in {"semi", "anti"})
    fields = tuple(column.field for column in columns)
    relation = ir.Join(kind, left.relation, right.relation, predicates, fields, merges, is_open, site)
    if kind in {"semi", "anti"}:
        return replace(left, relation=relation, columns=columns)
    alive = both.alive | {merge.column for merge in merges}
    return replace(
        both, relation=relation, columns=columns, alive=alive, has_guesses=left.has_guesses or right.has_guesses
    )


def _read_condition(record: Record, left: Rows, right: Rows, both: Rows, reading: Reading) -> tuple[ir.Predicate, ...]:
    if "join_condition" not in record:
        return ()
    writer = ExpressionWriter(both, reading)
    node = writer.write(record["join_condition"])
    reader = writer.build_reader()
    reading.context.suspicions += join_key_hazards(node, left.relation, right.relation, reader)
    writer.note_mismatched_types(node, reader)
    return read_predicates(node, reader)


def _site_of(record: Record) -> PythonCallSite | None:
    return PythonCallSite(*record["site"]) if record.get("site") else None


def _using_pair(name: str, left: Rows, right: Rows) -> tuple[Field, Field] | None:
    mine, theirs = left.find(quote_if_needed(name)), right.find(quote_if_needed(name))
    return (mine.field, theirs.field) if isinstance(mine, FoundColumn) and isinstance(theirs, FoundColumn) else None


def _equalities(pairs: Sequence[tuple[Field, Field]]) -> list[ir.Predicate]:
    return [
        ir.Equal(ir.Reference(left.id), ir.Reference(right.id))
        if compare_exactly(left.type, right.type)
        else ir.Condition(frozenset({left.id, right.id}), (frozenset({left.id, right.id}),))
        for left, right in pairs
    ]


def _join_columns(
    kind: ir.JoinKind, pairs: Sequence[tuple[Field, Field]], left: Rows, right: Rows, reading: Reading
) -> tuple[tuple[QualifiedColumn, ...], tuple[ir.Merge, ...]]:
    """The result's columns: those of a join by name once and first, then those of the left, then of the right."""
    merges = []
    shown = []
    for mine, theirs in pairs:
        kept = theirs if kind == "right" else mine
        if kind == "full":
            kept = reading.context.new_field(mine.name, common_type((mine.type, theirs.type)))
            merges.append(ir.Merge(kept.id, mine.id, theirs.id))
        shown.append(QualifiedColumn(replace(kept, name=mine.name)))
    names = {column.name for column in shown}
    sides = left.columns if kind in {"semi", "anti"} else (*left.columns, *right.columns)
    return (*shown, *(column for column in sides if column.name not in names)), tuple(merges)
