"""Infers what is unique in a relation, from the bottom up, each node by one rule.

Conditions of the nodes above are passed down as assumptions: with ``WHERE __END_AT IS NULL`` above a join the current
key of a table below it is a key, and ``WHERE right.id IS NOT NULL`` makes a left join an inner one. This is sound
because every property here holds for each subset of the rows for which it holds.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from cbx.analysis.facts import Table
from cbx.analysis.grain.equal_values import columns_of, is_exact, may_hold_text
from cbx.analysis.grain.join_grain import input_assumptions, join_grain
from cbx.analysis.grain.set_grain import set_grain
from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.columns import NONE, Field, Ids
from cbx.analysis.relation.conditions import (
    Assumptions,
    apply_assumptions,
    apply_predicates,
    implied_assumptions,
    renumber_assumptions,
)
from cbx.analysis.relation.needs import needed_by_all
from cbx.analysis.relation.relation_walks import reads_stream
from cbx.analysis.relation.relations import Relation
from cbx.analysis.relation.uniqueness import (
    FunctionalDependency,
    Grain,
    ValueFact,
    Versions,
    exact_value_of,
    minimal_keys,
    with_every_exact_value,
    with_exact_values,
)

_NOTHING: Assumptions = frozenset()
_MOST_CHOICES = 64


def infer_grain(relation: Relation, *, trusts_hashes: bool = False, not_null: Ids = NONE) -> Grain:
    """What is unique in a relation, and which of its columns fix others.

    Args:
        relation: The relation; its scans carry what is known of the tables.
        trusts_hashes: Whether different texts are assumed to have different cryptographic hashes.
        not_null: Columns; only rows in which none of them is NULL count.

    Returns:
        The grain, in the numbers of the relation's columns.

    Example:
        ``SELECT a.id, b.name FROM a LEFT JOIN b ON b.id = a.b_id`` where ``id`` is the key of both tables has
        the key ``a.id``.
    """
    assumed: Assumptions = frozenset(ir.NotNull(column) for column in not_null)
    return _infer_once(relation, assumed, _Memo(trusts_hashes))


@dataclass(frozen=True, slots=True)
class _Memo:
    """What was inferred so far: grains, and which relations read a stream."""

    trusts_hashes: bool = False
    grains: dict[tuple[int, Assumptions], Grain] = dataclasses.field(default_factory=dict)
    streams: dict[int, bool] = dataclasses.field(default_factory=dict)


def _infer_once(relation: Relation, assumed: Assumptions, memo: _Memo) -> Grain:
    key = (id(relation), assumed)
    if key not in memo.grains:
        grain = _apply_rule(relation, assumed, memo)
        is_stream = reads_stream(relation, memo.streams)
        grain = grain if grain.is_stream is is_stream else replace(grain, is_stream=is_stream)
        memo.grains[key] = apply_assumptions(grain, assumed) if assumed else grain
    return memo.grains[key]


def _apply_rule(relation: Relation, assumed: Assumptions, memo: _Memo) -> Grain:  # noqa: C901, PLR0912 - a case for each node
    match relation:
        case ir.Scan():
            return _scan_grain(relation, assumed)
        case ir.Values():
            keys = (NONE,) if relation.row_count <= 1 else relation.keys
            return Grain(columns_of(relation.fields), keys)
        case ir.Projection():
            return _projection_grain(
                relation, _infer_once(relation.input, assumed, memo), trusts_hashes=memo.trusts_hashes
            )
        case ir.Filter():
            grain = _infer_once(relation.input, assumed | implied_assumptions(relation.predicates), memo)
            return apply_predicates(grain, relation.predicates)
        case ir.Join():
            of_left, of_right = input_assumptions(relation, assumed)
            left, right = _infer_once(relation.left, of_left, memo), _infer_once(relation.right, of_right, memo)
            return join_grain(relation, left, right, assumed)
        case ir.Aggregate():
            return _aggregate_grain(relation, _infer_once(relation.input, assumed, memo))
        case ir.Window():
            return _window_grain(relation, _infer_once(relation.input, assumed, memo), assumed)
        case ir.Distinct():
            return _distinct_grain(relation, _infer_once(relation.input, assumed, memo))
        case ir.SetOperation():
            branches = [
                _infer_once(branch, renumber_assumptions(assumed, _branch_ids(relation, branch)), memo)
                for branch in relation.inputs
            ]
            return set_grain(relation, branches)
        case ir.Explode():
            return _explode_grain(relation, _infer_once(relation.input, assumed, memo))
        case ir.Lateral():
            return _lateral_grain(
                _infer_once(relation.input, assumed, memo), _infer_once(relation.query, _NOTHING, memo)
            )
        case ir.Limit():
            grain = _infer_once(relation.input, assumed, memo)
            return grain.with_keys([NONE]) if relation.count is not None and relation.count <= 1 else grain
        case ir.Copy():
            return _copy_grain(
                relation, _infer_once(relation.input, _shift_assumptions(assumed, relation.offset), memo)
            )
        case ir.Opaque():
            return Grain(columns_of(relation.fields))


def _ids(relation: Relation) -> Ids:
    return frozenset(field.id for field in relation.fields)


def _scan_grain(scan: ir.Scan, assumed: Assumptions) -> Grain:
    """A table's declared keys hold; those of its current rows where the rows are known to be current."""
    ids = {field.name.lower(): field.id for field in scan.fields}
    declared = [_key_ids(key, ids) for key in scan.table.keys]
    declared += [
        _key_ids(current.columns, ids)
        for current in scan.table.current_keys
        if ir.IsNull(ids.get(current.null_column.lower(), -1)) in assumed
    ]
    keys = minimal_keys(key for key in declared if key is not None)
    not_null = _never_null_ids(scan.table, ids)
    versions = []
    for current in scan.table.current_keys:
        key, ends = _key_ids(current.columns, ids), (current.start or "", current.null_column)
        if key is not None and all(name.lower() in ids for name in ends):
            versions.append(Versions(key, *(ids[name.lower()] for name in ends)))
    return Grain(columns_of(scan.fields), keys, not_null=not_null, versions=tuple(versions))


def _key_ids(names: Iterable[str], ids: dict[str, int]) -> Ids | None:
    lowered = [name.lower() for name in names]
    return frozenset(ids[name] for name in lowered) if all(name in ids for name in lowered) else None


def _never_null_ids(table: Table, ids: dict[str, int]) -> Ids:
    names = (column.name.lower() for column in table.columns or () if column.not_null)
    return frozenset(ids[name] for name in names if name in ids)


def _projection_grain(project: ir.Projection, grain: Grain, *, trusts_hashes: bool) -> Grain:
    """A column passed on keeps its number, so keys stay; a new column depends on the values that it is made of."""
    grain = _apply_exact_types(grain, project.fields)
    if not project.definitions:
        return grain
    types = {field.id: field.type for field in project.fields}
    dependencies, constants, columns = list(grain.dependencies), list(grain.constants), set(grain.columns)
    not_null, values = set(grain.not_null), list(grain.values)
    for definition in project.definitions:
        column = definition.column
        new = frozenset({column})
        match definition.expression:
            case ir.Constant(text):
                dependencies.append(FunctionalDependency(NONE, new, is_lasting=True))
                constants.append((column, text))
                not_null |= new if text is not None else NONE
            case ir.Computed() as computed:
                kind = definition.type or types.get(column)
                reads = with_exact_values(computed.reads, columns)
                if not is_exact(kind) or (may_hold_text(kind) and reads != computed.reads):
                    new |= {exact_value_of(column)}
                if computed.is_deterministic or (computed.is_stable and not grain.is_stream):
                    dependencies.append(FunctionalDependency(reads, new, is_lasting=computed.is_deterministic))
                sources = _recoverable_columns(computed, not_null, trusts_hashes=trusts_hashes)
                if sources:
                    dependencies.append(FunctionalDependency(new, with_every_exact_value(sources), is_lasting=True))
                if computed.prefix:
                    values.append(ValueFact(column, "prefix", frozenset({computed.prefix})))
                not_null |= {column} if _is_never_null(computed, not_null) else NONE
        columns |= new
    return replace(
        grain,
        columns=frozenset(columns),
        dependencies=tuple(dependencies),
        constants=tuple(constants),
        not_null=frozenset(not_null),
        values=tuple(values),
    )


def _recoverable_columns(computed: ir.Computed, not_null: AbstractSet[int], *, trusts_hashes: bool) -> Ids:
    """The columns whose values follow from the value of an expression."""
    sources = [computed.fixes_if, computed.hashes_if] if trusts_hashes else [computed.fixes_if]
    return computed.fixes.union(*(columns for columns, never_null in sources if never_null <= not_null))


def _is_never_null(computed: ir.Computed, not_null: AbstractSet[int]) -> bool:
    return computed.not_null or any(columns <= not_null for columns in computed.not_null_if)


def _apply_exact_types(grain: Grain, fields: Iterable[Field]) -> Grain:
    """Use the known types of columns. A text may have a collation that its type does not show."""
    exact = {exact_value_of(field.id) for field in fields if is_exact(field.type) and not may_hold_text(field.type)}
    dropped = grain.columns & exact
    return replace(grain, columns=grain.columns - dropped) if dropped else grain


def _aggregate_grain(node: ir.Aggregate, grain: Grain) -> Grain:
    """One row for each group, so the columns grouped by are unique; what they fix keeps its value."""
    if node.sets is not None:
        return _grouping_sets_grain(node, grain, node.sets)
    groups = frozenset(group.source for group in node.groups)
    grouped = grain.group_by(groups).with_keys([groups])
    return replace(
        grouped,
        columns=grouped.columns | _with_known_exact_values(groups, grain) | _aggregate_columns(node),
        not_null=grouped.not_null | _never_null_aggregates(node),
    )


def _with_known_exact_values(columns: Ids, grain: Grain) -> Ids:
    """Columns with the numbers of their exact values, of which each group has one again."""
    return columns.union(exact_value_of(column) for column in columns if exact_value_of(column) in grain.columns)


def _aggregate_columns(node: ir.Aggregate) -> Ids:
    types = {field.id: field.type for field in node.fields}
    return columns_of(
        Field(definition.column, "", definition.type or types.get(definition.column)) for definition in node.aggregates
    )


def _never_null_aggregates(node: ir.Aggregate) -> Ids:
    """The columns of ``count``, which is 0 without rows."""
    return frozenset(
        definition.column
        for definition in node.aggregates
        if isinstance(definition.expression, ir.Computed) and definition.expression.not_null
    )


def _grouping_sets_grain(node: ir.Aggregate, grain: Grain, sets: tuple[Ids, ...]) -> Grain:
    """Each set brings its own groups, with NULL in the columns it does not group by.

    Only ``grouping_id()`` distinguishes a NULL of the data from such a NULL.
    """
    in_all = frozenset.intersection(*sets) if sets else NONE
    outputs = frozenset(group.column for group in node.groups)
    added = _aggregate_columns(node) | {
        exact_value_of(group.column) for group in node.groups if exact_value_of(group.source) in grain.columns
    }
    markers = dict(node.markers)
    if node.grouping_id is not None:
        added |= {node.grouping_id}
        markers[node.grouping_id] = _set_numbers(sets)
    not_null = frozenset(group.column for group in node.groups if group.source in in_all & grain.not_null)
    keys = [outputs | chosen for chosen in _distinguishing_markers(sets, markers, grain.not_null)]
    return Grain(outputs | added, minimal_keys(keys), not_null=not_null | markers.keys() | _never_null_aggregates(node))


def _set_numbers(sets: tuple[Ids, ...]) -> tuple[int, ...]:
    """A number for each grouping set, the same for two that are the same."""
    different = list(dict.fromkeys(sets))
    return tuple(different.index(columns) for columns in sets)


def _distinguishing_markers(sets: tuple[Ids, ...], markers: dict[int, tuple[int, ...]], not_null: Ids) -> list[Ids]:
    """The sets of markers that, with the NULLs that grouping sets make, distinguish the rows of any two sets.

    A column that only one of two sets groups by, and that is never NULL before, is NULL in the rows of the other one.
    """
    pairs = [
        (first, second)
        for first, second in itertools.combinations(range(len(sets)), 2)
        if not (sets[first] ^ sets[second]) & not_null
    ]

    def distinguish_all(chosen: Iterable[int]) -> bool:
        return all(
            any(markers[marker][first] != markers[marker][second] for marker in chosen) for first, second in pairs
        )

    choices = (chosen for count in range(len(markers) + 1) for chosen in itertools.combinations(sorted(markers), count))
    found: list[Ids] = []
    for chosen in itertools.islice(choices, _MOST_CHOICES):
        if not any(key <= set(chosen) for key in found) and distinguish_all(chosen):
            found.append(frozenset(chosen))
    return found


def _window_grain(node: ir.Window, grain: Grain, assumed: Assumptions) -> Grain:
    """A window adds columns: a row's number is unique in its partition, a whole partition's value is fixed by it."""
    keys, dependencies, counters = list(grain.keys), list(grain.dependencies), set(grain.counters)
    for column in node.columns:
        if column.partition is None:
            continue
        if column.function == "row_number":
            keys.append(column.partition | {column.column})
        if column.function == "count_rows" and ir.Equal(ir.Reference(column.column), ir.Constant("1")) in assumed:
            keys.append(column.partition)
        if column.function == "rank" and grain.is_key(column.partition | column.order):
            keys.append(column.partition | {column.column})
        if column.is_whole_partition:
            dependencies.append(FunctionalDependency(column.partition, with_every_exact_value([column.column])))
        if column.function != "other":
            counters.add(column.column)
    return replace(
        grain,
        columns=grain.columns
        | with_every_exact_value(column.column for column in node.columns) - with_every_exact_value(counters)
        | counters,
        keys=minimal_keys(keys),
        dependencies=tuple(dependencies),
        counters=frozenset(counters),
        not_null=grain.not_null | counters,
    )


def _distinct_grain(node: ir.Distinct, grain: Grain) -> Grain:
    """No two rows agree on all columns, if all are known, or on those by which they are compared."""
    if node.by is not None:
        return grain.with_keys([node.by])
    columns = _ids(node)
    distinct = grain.group_by(columns)
    distinct = replace(distinct, columns=distinct.columns | _with_known_exact_values(columns, grain))
    return distinct if node.is_open else distinct.with_keys([columns])


def _explode_grain(node: ir.Explode, grain: Grain) -> Grain:
    """A row becomes one row per element of its collection. The positions distinguish them."""
    return replace(
        grain,
        columns=grain.columns | {node.position} | columns_of(_element_fields(node)),
        keys=minimal_keys(
            key | {position} for key in grain.keys for position in (node.position, *sorted(node.distinct))
        ),
        dependencies=(*grain.dependencies, *grain.key_dependencies()),
        not_null=grain.not_null | needed_by_all(node.needs),
    )


def _lateral_grain(grain: Grain, query: Grain) -> Grain:
    """A row becomes as many rows as the query returns for it. For each row the outer columns are constants."""
    if query.is_stream and not grain.is_stream:
        grain = grain.keep_lasting_facts()
    keys = minimal_keys(key | query_key for key in grain.keys for query_key in query.keys)
    if query.is_key(grain.columns):
        keys = grain.keys
    return replace(
        grain,
        columns=grain.columns | query.columns,
        keys=keys,
        dependencies=(*grain.dependencies, *grain.key_dependencies()),
    )


def _element_fields(node: ir.Explode) -> list[Field]:
    types = {field.id: field.type for field in node.fields}
    return [Field(column, "", types.get(column)) for column in node.columns]


def _copy_grain(node: ir.Copy, grain: Grain) -> Grain:
    """The same facts, for the numbers of the copy."""

    def shift(columns: Ids) -> Ids:
        return frozenset(column + node.offset if column >= 0 else column - node.offset for column in columns)

    return Grain(
        shift(grain.columns),
        tuple(shift(key) for key in grain.keys),
        tuple(
            FunctionalDependency(shift(dependency.determinant), shift(dependency.dependent), dependency.is_lasting)
            for dependency in grain.dependencies
        ),
        tuple((a + node.offset, b + node.offset) for a, b in grain.equal),
        shift(grain.not_null),
        shift(grain.counters),
        tuple((column + node.offset, value) for column, value in grain.constants),
        values=tuple(fact._replace(column=fact.column + node.offset) for fact in grain.values),
        versions=tuple(
            Versions(shift(version.key), version.start + node.offset, version.end + node.offset)
            for version in grain.versions
        ),
    )


def _shift_assumptions(assumed: Assumptions, offset: int) -> Assumptions:
    columns = (column for predicate in assumed for column in ir.condition_reads(predicate))
    return renumber_assumptions(
        assumed, {column: column - offset for column in columns if offset <= column < 2 * offset}
    )


def _branch_ids(operation: ir.SetOperation, branch: Relation) -> dict[int, int]:
    return {new.id: old.id for new, old in zip(operation.fields, branch.fields, strict=True)}
