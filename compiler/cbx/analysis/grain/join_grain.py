"""What is unique in a join."""

from __future__ import annotations

from dataclasses import replace

from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.columns import NONE, Ids
from cbx.analysis.relation.conditions import Assumptions, apply_predicates, implied_assumptions
from cbx.analysis.relation.uniqueness import (
    FunctionalDependency,
    Grain,
    exact_value_of,
    minimal_keys,
    with_every_exact_value,
)


def input_assumptions(join: ir.Join, assumed: Assumptions) -> tuple[Assumptions, Assumptions]:
    """What may be assumed about the rows of the left and of the right input.

    The join's own condition counts for a side whose rows are only seen where it holds.
    """
    inner = assumed | implied_assumptions(join.predicates)
    match join.kind:
        case "inner" | "semi":
            return inner, inner
        case "left":
            return assumed, inner
        case "right":
            return inner, assumed
        case "anti":
            return assumed, frozenset()
        case "full":
            return assumed, assumed


def join_grain(join: ir.Join, left: Grain, right: Grain, assumed: Assumptions) -> Grain:
    """What is unique in a join, given what is in its inputs.

    Args:
        join: The join.
        left: The grain of the left input.
        right: The grain of the right input.
        assumed: What the nodes above assume about the join's rows.
    """
    match _effective_kind(join, left, right, assumed):
        case "inner":
            return _inner_join_grain(join, left, right)
        case "left":
            return _outer_join_grain(join, left, right, assumed)
        case "right":
            return _outer_join_grain(join, right, left, assumed)
        case "semi":
            seen = replace(_keep_facts_seen_by(left, right), is_stream=left.is_stream or right.is_stream)
            return apply_predicates(
                seen, [predicate for predicate in join.predicates if ir.condition_reads(predicate) <= left.columns]
            )
        case "anti":
            return _keep_facts_seen_by(left, right)
        case "full":
            return _full_join_grain(join, left, right)


def _effective_kind(join: ir.Join, left: Grain, right: Grain, assumed: Assumptions) -> ir.JoinKind:
    """The kind of join that gives the rows which the nodes above keep.

    Where a column of the right side must not be NULL, the rows that found no partner there are gone.
    """
    wanted = {predicate.column for predicate in assumed if isinstance(predicate, ir.NotNull)}
    keeps_left = join.kind in {"left", "full"} and not wanted & right.columns
    keeps_right = join.kind in {"right", "full"} and not wanted & left.columns
    if join.kind not in {"left", "right", "full"}:
        return join.kind
    if keeps_left and keeps_right:
        return "full"
    return "left" if keeps_left else "right" if keeps_right else "inner"


def _inner_join_grain(join: ir.Join, left: Grain, right: Grain) -> Grain:
    """Rows pair up: keys combine, unless each row of a side finds at most one partner."""
    keys: list[Ids] = []
    if matches_at_most_one(join, right) and not _changes_during_stream(left, right):
        keys += left.keys
    if matches_at_most_one(join, left) and not _changes_during_stream(right, left):
        keys += right.keys
    both = Grain(
        left.columns | right.columns,
        minimal_keys(keys or _combine_keys(left, right)),
        (*_side_dependencies(left, right), *_side_dependencies(right, left)),
        (*left.equal, *right.equal),
        left.not_null | right.not_null,
        left.counters | right.counters,
        (*left.constants, *right.constants),
        left.is_stream or right.is_stream,
        values=(*left.values, *right.values),
        versions=(*left.versions, *right.versions),
    )
    return apply_predicates(both, join.predicates)


def _outer_join_grain(join: ir.Join, kept: Grain, optional: Grain, assumed: Assumptions) -> Grain:
    """Rows of the kept side stay, with NULLs where they find no partner.

    The kept side's keys stay if no row finds two partners. The optional side's do not: rows without a partner all
    have NULLs there. A dependency of the optional side stays where it needs a column that is never NULL, since such a
    column distinguishes real rows from those NULLs.
    """
    partners = apply_predicates(optional, join.predicates)
    seen_null = {predicate.column for predicate in assumed if isinstance(predicate, ir.IsNull)}
    if seen_null & partners.not_null & optional.columns:
        return _unmatched_rows_grain(_keep_facts_seen_by(kept, optional), optional)
    unique = matches_at_most_one(join, optional)
    dependencies = _side_dependencies(kept, optional)
    dependencies += [
        dependency for dependency in _side_dependencies(optional, kept) if dependency.determinant & partners.not_null
    ]
    if not kept.is_stream and not optional.is_stream:
        dependencies += _partner_dependencies(join, kept, optional, unique)
    keys = kept.keys if unique else _combine_keys(kept, optional)
    return Grain(
        kept.columns | optional.columns,
        () if _changes_during_stream(kept, optional) else minimal_keys(keys),
        tuple(dependencies),
        (*kept.equal, *optional.equal),
        kept.not_null,
        kept.counters,
        kept.constants,
        values=kept.values,
        versions=kept.versions,
    )


def _unmatched_rows_grain(kept: Grain, optional: Grain) -> Grain:
    """Only rows without a partner remain: all columns of the other side are NULL."""
    nulls = tuple((column, None) for column in sorted(optional.columns))
    return replace(
        kept,
        columns=kept.columns | optional.columns,
        dependencies=(*kept.dependencies, FunctionalDependency(NONE, optional.columns, is_lasting=True)),
        constants=(*kept.constants, *nulls),
    )


def _partner_dependencies(join: ir.Join, kept: Grain, optional: Grain, unique: bool) -> list[FunctionalDependency]:  # noqa: FBT001 - private, named at its call
    """The columns of the kept side that the condition reads fix which partner is found, if there is only one."""
    if not all(_is_deterministic(predicate) for predicate in join.predicates):
        return []
    reads: Ids = frozenset().union(*(ir.condition_reads(predicate) for predicate in join.predicates))
    if not reads <= kept.columns | optional.columns:
        return []
    compared = frozenset(
        side.column
        for predicate in join.predicates
        if isinstance(predicate, ir.Equal)
        for side, opposite in ((predicate.left, predicate.right), (predicate.right, predicate.left))
        if isinstance(side, ir.Reference) and side.column in optional.columns and ir.reads_of(opposite) <= kept.columns
    )
    return [FunctionalDependency(_deciding_columns(join, kept), optional.columns if unique else compared)]


def _deciding_columns(join: ir.Join, kept: Grain) -> Ids:
    """What the rows of the kept side have to agree in to find the same partner.

    A column that is only compared for equality finds the same one with any equal value.
    """
    columns: set[int] = set()
    for predicate in join.predicates:
        match predicate:
            case ir.Equal(ir.Reference(), ir.Reference()) | ir.IsNull() | ir.NotNull():
                columns |= ir.condition_reads(predicate) & kept.columns
            case _:
                columns |= kept.with_exact_values(ir.condition_reads(predicate) & kept.columns)
    return frozenset(columns)


def _full_join_grain(join: ir.Join, left: Grain, right: Grain) -> Grain:
    """Rows of both sides stay: keys combine, if a row without a left and one without a right partner differ."""
    sides = ((left, right), (right, left))
    dependencies = [
        dependency
        for side, other in sides
        for dependency in _side_dependencies(side, other)
        if dependency.determinant & side.not_null
    ]
    for merge in join.merged:
        compared, values = (frozenset({merge.left, merge.right}), with_every_exact_value([merge.left, merge.right]))
        dependencies += [
            FunctionalDependency(compared, frozenset({merge.column}), is_lasting=True),
            FunctionalDependency(values, with_every_exact_value([merge.column]), is_lasting=True),
        ]
    never_null = left.not_null | right.not_null
    keys = [key for key in _combine_keys(left, right) if key & never_null]
    merged = frozenset(merge.column for merge in join.merged)
    values = frozenset(
        exact_value_of(merge.column)
        for merge in join.merged
        if exact_value_of(merge.left) in left.columns or exact_value_of(merge.right) in right.columns
    )
    not_null = frozenset(
        merge.column for merge in join.merged if merge.left in left.not_null and merge.right in right.not_null
    )
    if merged and _are_merged_columns_key(join, left, right):
        keys.append(merged)
    if left.is_stream != right.is_stream:
        keys = []
    columns = left.columns | right.columns | merged | values
    return Grain(columns, minimal_keys(keys), tuple(dependencies), (*left.equal, *right.equal), not_null)


def _are_merged_columns_key(join: ir.Join, left: Grain, right: Grain) -> bool:
    """Whether the columns of USING are unique: they are on both sides, and no NULL of one meets a NULL of the other."""
    return (
        left.is_key(frozenset(merge.left for merge in join.merged))
        and right.is_key(frozenset(merge.right for merge in join.merged))
        and all(merge.left in left.not_null or merge.right in right.not_null for merge in join.merged)
    )


def matches_at_most_one(join: ir.Join, side: Grain) -> bool:
    """Whether no row of the other side finds two partners on this one: the condition fixes a key of it."""
    own_predicates = [predicate for predicate in join.predicates if ir.condition_reads(predicate) <= side.columns]
    fixed = frozenset(
        side_expression.column
        for predicate in join.predicates
        if isinstance(predicate, ir.Equal)
        for side_expression, opposite in ((predicate.left, predicate.right), (predicate.right, predicate.left))
        if isinstance(side_expression, ir.Reference)
        and side_expression.column in side.columns
        and not ir.reads_of(opposite) & side.columns
    )
    candidate_rows = apply_predicates(side, own_predicates)
    return candidate_rows.is_key(fixed | _fixed_version_starts(join, candidate_rows, fixed))


def _fixed_version_starts(join: ir.Join, side: Grain, fixed: Ids) -> Ids:
    """The start columns of the versions that are valid at a time of the other side, for keys that it fixes."""
    return frozenset(
        version.start
        for within in join.predicates
        if isinstance(within, ir.Within) and not within.reads & side.columns
        for version in side.versions
        if (version.start, version.end) == (within.start, within.end) and version.key <= side.closure(fixed)
    )


def _changes_during_stream(side: Grain, other: Grain) -> bool:
    """Whether a side may change while the other one is a stream, whose rows join it at different times."""
    return other.is_stream and not side.is_stream


def _keep_facts_seen_by(side: Grain, other: Grain) -> Grain:
    """The facts about a side that hold for the other one, which joins it at different times if it is a stream."""
    return side.keep_lasting_facts() if _changes_during_stream(side, other) else side


def _side_dependencies(side: Grain, other: Grain) -> list[FunctionalDependency]:
    """The dependencies of the join's rows that follow from a side's dependencies and keys."""
    seen = _keep_facts_seen_by(side, other)
    return [*seen.dependencies, *seen.key_dependencies()]


def _combine_keys(left: Grain, right: Grain) -> list[Ids]:
    return [left_key | right_key for left_key in left.keys for right_key in right.keys]


def _is_deterministic(predicate: ir.Predicate) -> bool:
    return not isinstance(predicate, ir.Condition) or predicate.is_deterministic
