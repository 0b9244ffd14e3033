"""Reads joins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.columns import Field, Merge
from cbx.analysis.relation.using_columns import merge_pair, using_predicates
from cbx.analysis.sql.expressions.mismatched_types import mismatched_columns
from cbx.analysis.sql.expressions.predicates import read_predicates
from cbx.analysis.sql.hazards.join_keys import join_key_hazards, using_hazards
from cbx.analysis.tracing.plan.expressions import ExpressionWriter
from cbx.analysis.tracing.plan.reading import Reading, Record, call_site
from cbx.analysis.tracing.plan.rows import FoundColumn, QualifiedColumn, Rows, merge_steps, opaque_rows
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
    predicates = (*using_predicates(sure), *_read_condition(record, left, right, both, reading))
    reading.context.suspicions += using_hazards(sure)
    site = call_site(record.get("site"))
    reading.context.mistakes += mismatched_columns(sure, [site] * len(sure))
    columns, merges = _join_columns(kind, sure, left, right, reading)
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


def _using_pair(name: str, left: Rows, right: Rows) -> tuple[Field, Field] | None:
    mine, theirs = left.find(quote_if_needed(name)), right.find(quote_if_needed(name))
    return (mine.field, theirs.field) if isinstance(mine, FoundColumn) and isinstance(theirs, FoundColumn) else None


def _join_columns(
    kind: ir.JoinKind, pairs: Sequence[tuple[Field, Field]], left: Rows, right: Rows, reading: Reading
) -> tuple[tuple[QualifiedColumn, ...], tuple[Merge, ...]]:
    """The result's columns: those of a join by name once and first, then those of the left, then of the right."""
    merges = []
    shown = []
    for pair in pairs:
        kept, merge = merge_pair(kind, pair, reading.context.new_field)
        merges += [merge] if merge is not None else []
        shown.append(QualifiedColumn(replace(kept, name=pair[0].name)))
    names = {column.name for column in shown}
    sides = left.columns if kind in {"semi", "anti"} else (*left.columns, *right.columns)
    return (*shown, *(column for column in sides if column.name not in names)), tuple(merges)
