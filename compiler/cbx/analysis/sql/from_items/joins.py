"""Reads joins: their kind, their condition, and the columns of USING."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.columns import Field, Merge
from cbx.analysis.relation.relations import Relation
from cbx.analysis.relation.using_columns import merge_pair, using_predicates
from cbx.analysis.sql.expressions.expressions import ExpressionReader
from cbx.analysis.sql.expressions.mismatched_types import mismatched_columns, mismatched_types
from cbx.analysis.sql.expressions.predicates import read_predicates
from cbx.analysis.sql.hazards.join_keys import join_key_hazards, using_hazards
from cbx.analysis.sql.scope import Context, FromItem, ResolvedColumn, Scope, UnknownColumn, UnresolvedColumn
from cbx.analysis.sql.trees.query_spans import query_span

_KINDS: dict[tuple[str, str], ir.JoinKind] = {
    ("", ""): "inner",
    ("", "INNER"): "inner",
    ("", "CROSS"): "inner",
    ("LEFT", ""): "left",
    ("LEFT", "OUTER"): "left",
    ("RIGHT", ""): "right",
    ("RIGHT", "OUTER"): "right",
    ("FULL", ""): "full",
    ("FULL", "OUTER"): "full",
    ("LEFT", "SEMI"): "semi",
    ("", "SEMI"): "semi",
    ("LEFT", "ANTI"): "anti",
    ("", "ANTI"): "anti",
}


def read_join(
    join: exp.Join, left: Relation, right: Relation, scope: Scope, added: Scope, context: Context
) -> Relation:
    """Read a join, and add the names of its right side to the scope.

    Args:
        join: The join.
        left: The left side.
        right: The right side.
        scope: The names of the left side; those of the right side are added.
        added: The names of the right side.
        context: What is shared while the query is read.
    """
    kind = _KINDS.get((join.side or "", join.kind or ""))
    using = _using_names(join, scope, added)
    if kind is None or using is None:
        _add_names(scope, added)
        return ir.Opaque((left, right), tuple(scope.star), reason="a kind of join that is not supported")
    pairs = [_find_using_pair(name, scope, added) for name in using]
    sure = [pair for pair in pairs if pair is not None]
    if len(sure) < len(pairs):
        _report_missing_using(join, scope, added, context)
        _add_names(scope, added)
        return ir.Opaque((left, right), tuple(scope.star), reason="columns of USING that are not known on both sides")
    both = Scope(outer=scope.outer, queries=scope.queries)
    _add_names(both, scope)
    _add_names(both, added)
    reader = ExpressionReader(both, context)
    predicates = (*using_predicates(sure), *read_predicates(join.args.get("on"), reader))
    context.suspicions += join_key_hazards(join.args.get("on"), left, right, reader)
    context.mistakes += mismatched_types([join.args.get("on")], reader)
    places = [query_span(name) for name in join.args.get("using") or ()]
    context.suspicions += using_hazards(sure, places)
    context.mistakes += mismatched_columns(sure, places)
    merges: tuple[Merge, ...] = ()
    if kind in {"semi", "anti"}:
        first = [left for left, _ in sure]
        scope.star = [*first, *(field for field in scope.star if field not in first)]
        scope.from_items = [_order_star(from_item, scope.star, []) for from_item in scope.from_items]
    elif sure:
        merges = _merge_using_columns(kind, using, sure, scope, added, context)
    else:
        _add_names(scope, added)
    if kind == "full":
        merges = merges or _merge_compared_columns(predicates, {field.id for field in added.star}, context)
        scope.coalesced.update({frozenset({merge.left, merge.right}): merge.column for merge in merges})
    queries = reader.queries_in(join.args.get("on"))
    return ir.Join(kind, left, right, predicates, tuple(scope.star), merges, scope.is_open, query_span(join), queries)


def _using_names(join: exp.Join, scope: Scope, added: Scope) -> list[str] | None:
    if not join.method:
        return [column.name for column in join.args.get("using") or ()]
    if join.method != "NATURAL" or scope.is_open or added.is_open:
        return None
    names_on_the_right = {field.name.lower() for field in added.star}
    return [field.name for field in scope.star if field.name.lower() in names_on_the_right]


def _report_missing_using(join: exp.Join, scope: Scope, added: Scope, context: Context) -> None:
    """Report the names of USING that a side does not have."""
    for column in join.args.get("using") or ():
        sides = [side for side in (scope, added) if side.find((column.name.lower(),)) == UnresolvedColumn(is_sure=True)]
        if sides and "start" in column.meta:
            start, end = column.meta["start"], column.meta["end"] + 1
            context.unknown_columns.append(UnknownColumn(column.name, start, end, sides[0].column_names(), column.name))


def _find_using_pair(name: str, scope: Scope, added: Scope) -> tuple[Field, Field] | None:
    left, right = scope.find((name.lower(),)), added.find((name.lower(),))
    return (left.field, right.field) if isinstance(left, ResolvedColumn) and isinstance(right, ResolvedColumn) else None


def _merge_compared_columns(predicates: Sequence[ir.Predicate], added: set[int], context: Context) -> tuple[Merge, ...]:
    """The merged columns of a full join on equalities: their ``coalesce`` is a column as with USING."""
    merges = []
    for predicate in predicates:
        match predicate:
            case ir.Equal(ir.Reference(first), ir.Reference(second), False) if (first in added) != (second in added):
                left, right = (second, first) if first in added else (first, second)
                merges.append(Merge(context.number(), left, right))
            case _:
                return ()
    return tuple(merges)


def _add_names(scope: Scope, added: Scope) -> None:
    scope.from_items += added.from_items
    scope.using_columns |= added.using_columns
    scope.coalesced |= added.coalesced
    scope.star += added.star


def _merge_using_columns(
    kind: ir.JoinKind,
    using: list[str],
    pairs: Sequence[tuple[Field, Field]],
    scope: Scope,
    added: Scope,
    context: Context,
) -> tuple[Merge, ...]:
    """Merge each pair of columns of USING. ``*`` lists the merged columns first, and bare names mean them."""
    merges = []
    shown = []
    for name, pair in zip(using, pairs, strict=True):
        kept, merge = merge_pair(kind, pair, context.new_field)
        merges += [merge] if merge is not None else []
        shown.append(Field(kept.id, name, kept.type))
    joined = {field for pair in pairs for field in pair}
    rest = [field for field in (*scope.star, *added.star) if field not in joined]
    scope.from_items += added.from_items
    scope.using_columns |= {**added.using_columns, **{field.name.lower(): field for field in shown}}
    scope.star = [*shown, *rest]
    hidden = [left for left, _ in pairs] if kind in {"right", "full"} else []
    hidden += [right for _, right in pairs] if kind != "right" else []
    scope.from_items = [_order_star(from_item, scope.star, hidden) for from_item in scope.from_items]
    return tuple(merges)


def _order_star(from_item: FromItem, star: Sequence[Field], hidden: Sequence[Field]) -> FromItem:
    """Order the columns of a FROM item as Spark does for ``item.*`` after USING: hidden columns first.

    Args:
        from_item: The FROM item.
        star: The columns of ``*``.
        hidden: The columns that this join hides from ``*``; they precede those that earlier joins hid.
    """
    positions = {(field.id, field.name.lower()): at for at, field in enumerate(hidden)}
    positions |= {(field.id, field.name.lower()): len(hidden) + at for at, field in enumerate(star, start=1)}
    fields = sorted(from_item.fields, key=lambda field: positions.get((field.id, field.name.lower()), len(hidden)))
    return replace(from_item, fields=tuple(fields))
