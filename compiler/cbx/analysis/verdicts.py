"""Whether a declared key is proven, refuted, or neither."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from cbx.analysis.facts import CurrentKey, TableRelationship
from cbx.analysis.fan_out import find_fan_out
from cbx.analysis.grain.infer_grain import infer_grain
from cbx.analysis.relation.columns import Ids
from cbx.analysis.relation.places import Place
from cbx.analysis.relation.relations import Opaque, Relation
from cbx.analysis.relation.uniqueness import Grain, keys_among


@dataclass(frozen=True, slots=True)
class KeyProven:
    """No two rows of the result can agree on the key."""


@dataclass(frozen=True, slots=True)
class KeyProvenButForCollisions:
    """Rows of the result can agree on the key only if two texts have the same cryptographic hash."""

    known_key: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class KeyRefuted:
    """By the declarations, rows of the result repeat.

    Attributes:
        place: The join that multiplies rows, or the read of a table that holds several rows for each key.
        cause: The relationship that implies it, or the key that holds among current rows only.
        table: The table with several rows for one row.
        true_key: A key that the result does have; None where none is known.
    """

    place: Place
    cause: TableRelationship | CurrentKey
    table: str
    true_key: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class KeyUnproven:
    """The key is neither proven nor refuted; ``reason`` is why, and ``known_key`` is a key that does hold."""

    reason: str
    known_key: tuple[str, ...] | None


Verdict = KeyProven | KeyProvenButForCollisions | KeyRefuted | KeyUnproven


def judge_key(
    relation: Relation, key: tuple[str, ...], relationships: tuple[TableRelationship, ...], grain: Grain | None = None
) -> Verdict:
    """The verdict on a key that is declared for a query's result.

    Args:
        relation: The query; its scans carry what is known of the tables.
        key: The names of the key's columns.
        relationships: All declared relationships.
        grain: The grain of the relation, if it was inferred before.

    Returns:
        `KeyProven`, `KeyProvenButForCollisions`, `KeyRefuted` or `KeyUnproven`. Names are compared without regard to
        case.
    """
    columns = _column_ids(relation, key)
    if columns is None:
        if isinstance(relation, Opaque) and relation.reason:
            return KeyUnproven(relation.reason, None)
        return KeyUnproven(
            "the columns of the result are not known"
            if relation.is_open
            else "the result has no such columns, or several of one name",
            None,
        )
    grain = grain or infer_grain(relation)
    if grain.is_key(columns):
        return KeyProven()
    keys = result_keys(relation, grain)
    best = keys[0] if keys else None
    if infer_grain(relation, trusts_hashes=True).is_key(columns):
        return KeyProvenButForCollisions(best)
    fan_out = find_fan_out(relation, columns, relationships)
    if fan_out is not None:
        return KeyRefuted(fan_out.place, fan_out.cause, fan_out.table, best)
    return KeyUnproven(_why_unproven(keys), best)


def result_keys(relation: Relation, grain: Grain | None = None) -> tuple[tuple[str, ...], ...]:
    """The keys of a query's result, by the names of its columns, in their order, shortest first."""
    grain = grain or infer_grain(relation)
    names = Counter(field.name.lower() for field in relation.fields)
    named = [field for field in relation.fields if field.name and names[field.name.lower()] == 1]
    fields = tuple({field.id: field for field in reversed(named)}.values())[::-1]
    keys = keys_among(grain, tuple(field.id for field in fields))
    return tuple(tuple(field.name for field in fields if field.id in key) for key in keys)


def _column_ids(relation: Relation, key: tuple[str, ...]) -> Ids | None:
    ids: dict[str, set[int]] = {}
    for field in relation.fields:
        ids.setdefault(field.name.lower(), set()).add(field.id)
    ids_by_name = [ids.get(name.lower(), set()) for name in key]
    return frozenset().union(*ids_by_name) if all(len(numbers) == 1 for numbers in ids_by_name) else None


def _why_unproven(keys: tuple[tuple[str, ...], ...]) -> str:
    if not keys:
        return "no key of the result is known"
    return f"the result is known to be unique on {', '.join(keys[0]) or 'nothing: it has one row'}"
