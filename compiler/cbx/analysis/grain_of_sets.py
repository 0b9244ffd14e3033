"""What is unique in a union, an intersection and a difference."""

from __future__ import annotations

from dataclasses import replace

from cbx.analysis import relations as ir
from cbx.analysis.equal_values import columns_of
from cbx.analysis.relations import NONE, Ids
from cbx.analysis.uniqueness import Grain, Rule, keys_among, minimal

_MOST_CANDIDATES = 8


def set_grain(operation: ir.SetOperation, branches: list[Grain]) -> Grain:
    """What is unique in the result of a set operation, given what is in its inputs."""
    if any(one.is_stream for one in branches):
        branches = [one if one.is_stream else one.over_time() for one in branches]
    everything = frozenset(field.id for field in operation.fields)
    grain = _union(operation, branches) if operation.kind == "union" else _narrowed(operation, branches)
    if operation.is_all:
        return grain
    columns = columns_of(operation.fields)
    kept = grain.within(columns).with_keys([everything])
    return replace(kept, columns=kept.columns | columns)


def _narrowed(operation: ir.SetOperation, branches: list[Grain]) -> Grain:
    """An intersection holds rows of all its inputs, a difference rows of the first: what was true of them stays."""
    count = len(branches) if operation.kind == "intersect" else 1
    kept = Grain(columns_of(operation.fields))
    for relation, grain in list(zip(operation.inputs, branches, strict=True))[:count]:
        pairs = tuple((new.id, old.id) for new, old in zip(operation.fields, relation.fields, strict=True))
        kept = Grain(
            kept.columns | grain.columns,
            (*kept.keys, *grain.keys),
            (*kept.rules, *grain.rules),
            (*kept.equal, *grain.equal, *pairs),
            kept.not_null | grain.not_null | {new for new, old in pairs if old in grain.not_null},
            kept.counters | grain.counters,
            (
                *kept.constants,
                *((new, value) for new, old in pairs for column, value in grain.constants if column == old),
            ),
        )
    return replace(kept, keys=minimal(kept.keys))


def _union(operation: ir.SetOperation, branches: list[Grain]) -> Grain:
    """Rows of different inputs may agree, unless literals tell the inputs apart."""
    constants = [_by_position(one, grain) for one, grain in zip(operation.inputs, branches, strict=True)]
    positions = range(len(operation.fields))
    keys: list[Ids] = []
    tells_apart = _discriminators(constants, len(positions))
    if tells_apart is not None:
        candidates = [one | tells_apart for one in _candidates(operation, branches)]
        keys = [frozenset(operation.fields[position].id for position in one) for one in candidates]
    same = tuple(
        (operation.fields[position].id, constants[0][position])
        for position in positions
        if all(position in one and one[position] == constants[0][position] for one in constants)
    )
    not_null = frozenset(
        operation.fields[position].id
        for position in positions
        if all(one.fields[position].id in grain.not_null for one, grain in zip(operation.inputs, branches, strict=True))
    )
    rules = tuple(Rule(NONE, frozenset({column}), lasts=True) for column, _ in same)
    return Grain(columns_of(operation.fields), minimal(keys), rules, not_null=not_null, constants=same)


def _by_position(relation: ir.Relation, grain: Grain) -> dict[int, str | None]:
    known = dict(grain.constants)
    return {position: known[field.id] for position, field in enumerate(relation.fields) if field.id in known}


def _discriminators(constants: list[dict[int, str | None]], count: int) -> Ids | None:
    """Positions of literals that differ between any two inputs; None if there are none."""
    alone = [
        position
        for position in range(count)
        if all(position in one for one in constants)
        and len({one[position] for one in constants}) == len(constants)
        and _comparable([one[position] for one in constants])
    ]
    if alone:
        return frozenset(alone[:1])
    chosen: set[int] = set()
    for number, one in enumerate(constants):
        for other in constants[number + 1 :]:
            apart = next(
                (at for at in one if at in other and one[at] != other[at] and _comparable([one[at], other[at]])), None
            )
            if apart is None:
                return None
            chosen.add(apart)
    return frozenset(chosen)


def _comparable(texts: list[str | None]) -> bool:
    """Whether literals that are spelled differently are different: all strings, all whole numbers, or all truths."""
    values = [text for text in texts if text is not None]
    return (
        all(text.startswith("'") for text in values)
        or all(text.lstrip("-").isdigit() for text in values)
        or all(text in {"TRUE", "FALSE"} for text in values)
    )


def _candidates(operation: ir.SetOperation, branches: list[Grain]) -> list[Ids]:
    """Positions that hold a key of each input."""
    found: list[Ids] = [frozenset()]
    for relation, grain in zip(operation.inputs, branches, strict=True):
        position_of = {field.id: position for position, field in reversed(list(enumerate(relation.fields)))}
        own = [
            frozenset(position_of[column] for column in key)
            for key in keys_among(grain, tuple(field.id for field in relation.fields))
        ]
        found = list(minimal(one | key for one in found for key in own))[:_MOST_CANDIDATES]
    return found
