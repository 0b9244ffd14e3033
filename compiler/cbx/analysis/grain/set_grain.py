"""What is unique in a union, an intersection and a difference."""

from __future__ import annotations

from dataclasses import replace

from cbx.analysis.grain.disjoint_parts import keys_of_disjoint_parts
from cbx.analysis.grain.equal_values import columns_of
from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.columns import NONE, Ids
from cbx.analysis.relation.disjoint_values import are_disjoint, value_facts
from cbx.analysis.relation.row_counts import is_empty
from cbx.analysis.relation.uniqueness import FunctionalDependency, Grain, ValueFact, keys_among, minimal_keys

_MOST_CANDIDATES = 8


def set_grain(operation: ir.SetOperation, branches: list[Grain]) -> Grain:
    """What is unique in the result of a set operation, given what is in its inputs."""
    if any(branch.is_stream for branch in branches):
        branches = [branch if branch.is_stream else branch.keep_lasting_facts() for branch in branches]
    if operation.kind == "union":
        operation, branches = _drop_empty_inputs(operation, branches)
    everything = frozenset(field.id for field in operation.fields)
    grain = _union_grain(operation, branches) if operation.kind == "union" else _subset_grain(operation, branches)
    if operation.is_all:
        return grain
    columns = columns_of(operation.fields)
    distinct = grain.group_by(columns).with_keys([everything])
    return replace(distinct, columns=distinct.columns | columns)


def _drop_empty_inputs(operation: ir.SetOperation, branches: list[Grain]) -> tuple[ir.SetOperation, list[Grain]]:
    """A union without the inputs that have no rows."""
    pairs = [
        (relation, grain) for relation, grain in zip(operation.inputs, branches, strict=True) if not is_empty(relation)
    ]
    if not pairs or len(pairs) == len(branches):
        return operation, branches
    return replace(operation, inputs=tuple(relation for relation, _ in pairs)), [grain for _, grain in pairs]


def _subset_grain(operation: ir.SetOperation, branches: list[Grain]) -> Grain:
    """An intersection holds rows of all its inputs, a difference rows of the first: what was true of them stays."""
    count = len(branches) if operation.kind == "intersect" else 1
    combined = Grain(columns_of(operation.fields))
    for relation, grain in list(zip(operation.inputs, branches, strict=True))[:count]:
        pairs = tuple((new.id, old.id) for new, old in zip(operation.fields, relation.fields, strict=True))
        combined = Grain(
            combined.columns | grain.columns,
            (*combined.keys, *grain.keys),
            (*combined.dependencies, *grain.dependencies),
            (*combined.equal, *grain.equal, *pairs),
            combined.not_null | grain.not_null | {new for new, old in pairs if old in grain.not_null},
            combined.counters | grain.counters,
            (
                *combined.constants,
                *((new, value) for new, old in pairs for column, value in grain.constants if column == old),
            ),
        )
    return replace(combined, keys=minimal_keys(combined.keys))


def _union_grain(operation: ir.SetOperation, branches: list[Grain]) -> Grain:
    """Rows of different inputs may agree, unless literals distinguish the inputs."""
    if len(operation.inputs) == 1:
        return _subset_grain(operation, branches)
    constants = [
        _constants_by_position(relation, grain) for relation, grain in zip(operation.inputs, branches, strict=True)
    ]
    positions = range(len(operation.fields))
    facts = [
        [value_facts(grain, field.id) for field in relation.fields]
        for relation, grain in zip(operation.inputs, branches, strict=True)
    ]
    discriminators = _discriminating_positions(facts, _comparable_positions(operation))
    candidates = keys_of_disjoint_parts(operation.inputs)
    if discriminators is not None:
        candidates += [key | discriminators for key in _candidate_keys(operation, branches)]
    keys = [frozenset(operation.fields[position].id for position in key) for key in candidates]
    same = tuple(
        (operation.fields[position].id, constants[0][position])
        for position in positions
        if all(position in literals and literals[position] == constants[0][position] for literals in constants)
    )
    not_null = frozenset(
        operation.fields[position].id
        for position in positions
        if all(
            relation.fields[position].id in grain.not_null
            for relation, grain in zip(operation.inputs, branches, strict=True)
        )
    )
    dependencies = tuple(FunctionalDependency(NONE, frozenset({column}), is_lasting=True) for column, _ in same)
    values = tuple(
        ValueFact(field.id, "one of", texts)
        for at, field in enumerate(operation.fields)
        if (texts := _common_literals([of_columns[at] for of_columns in facts]))
    )
    columns = columns_of(operation.fields)
    return Grain(columns, minimal_keys(keys), dependencies, not_null=not_null, constants=same, values=values)


def _common_literals(facts: list[list[ValueFact]]) -> frozenset[str | None]:
    """The literals that columns may hold; empty where one of the columns may hold other values."""
    texts = [next((fact.texts for fact in of_one if fact.kind == "one of"), None) for of_one in facts]
    known_texts = [text for text in texts if text is not None]
    return frozenset[str | None]().union(*known_texts) if len(known_texts) == len(texts) else frozenset()


def _comparable_positions(operation: ir.SetOperation) -> list[int]:
    """The positions whose values compare in each input as they do in the result: all have the same known type there.

    Literals are compared whatever the types are; `_discriminating_positions` finds their positions.
    """
    columns = enumerate(zip(*(relation.fields for relation in operation.inputs), strict=True))
    return [at for at, fields in columns if len({field.type for field in fields}) == 1 and fields[0].type is not None]


def _constants_by_position(relation: ir.Relation, grain: Grain) -> dict[int, str | None]:
    constants = dict(grain.constants)
    return {position: constants[field.id] for position, field in enumerate(relation.fields) if field.id in constants}


def _discriminating_positions(facts: list[list[list[ValueFact]]], comparable: list[int]) -> Ids | None:
    """Positions whose values differ between any two inputs; None if there are none."""

    def differ(first: list[list[ValueFact]], second: list[list[ValueFact]], at: int) -> bool:
        if at in comparable:
            return are_disjoint(first[at], second[at])
        literals = [[fact for fact in side[at] if fact.kind == "one of"] for side in (first, second)]
        return are_disjoint(*literals)

    pairs = [(first, second) for number, first in enumerate(facts) for second in facts[number + 1 :]]
    positions = range(len(facts[0]))
    alone = next((at for at in positions if all(differ(*pair, at) for pair in pairs)), None)
    if alone is not None:
        return frozenset({alone})
    chosen = [next((at for at in positions if differ(*pair, at)), None) for pair in pairs]
    return frozenset(at for at in chosen if at is not None) if None not in chosen else None


def _candidate_keys(operation: ir.SetOperation, branches: list[Grain]) -> list[Ids]:
    """Positions that hold a key of each input."""
    candidates: list[Ids] = [frozenset()]
    for relation, grain in zip(operation.inputs, branches, strict=True):
        position_of = {field.id: position for position, field in reversed(list(enumerate(relation.fields)))}
        branch_keys = [
            frozenset(position_of[column] for column in key)
            for key in keys_among(grain, tuple(field.id for field in relation.fields))
        ]
        candidates = list(minimal_keys(positions | key for positions in candidates for key in branch_keys))[
            :_MOST_CANDIDATES
        ]
    return candidates
