"""What the analysis says of a query, in a form that can be held against names, types and rows."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from itertools import combinations

from typed_schemas import TypedSchema

from cbx.analysis.facts import DOUBTFUL
from cbx.analysis.from_sql import read_query
from cbx.analysis.grain import infer_grain
from cbx.analysis.relations import Relation
from cbx.analysis.verdicts import Proven, Refuted, judge_key, result_keys
from cbx.parse.types import normal_type


@dataclass(frozen=True)
class Claims:
    """What is said of a query's result; columns are named by their positions."""

    relation: Relation
    verdicts: dict[str, int]
    proven: tuple[tuple[int, ...], ...]
    refuted: tuple[tuple[int, ...], ...]
    not_null: tuple[int, ...]
    fixed: tuple[tuple[tuple[int, ...], int], ...]

    def names(self, key: tuple[int, ...]) -> list[str]:
        return [self.relation.fields[at].name for at in key]


def claims_of(text: str, schema: TypedSchema, chance: random.Random) -> Claims:
    """All that the analysis says of a query."""
    relation = read_query(text, schema.by_name).relation
    at = {field.name: number for number, field in enumerate(relation.fields)}
    found = result_keys(relation)
    counts: Counter[str] = Counter()
    proven, refuted = [], []
    for key in candidate_keys(tuple(at), found, chance):
        verdict = judge_key(relation, key, schema.relationships)
        counts[type(verdict).__name__.lower()] += 1
        places = tuple(at[name] for name in key)
        proven += [places] if isinstance(verdict, Proven) else []
        refuted += [places] if isinstance(verdict, Refuted) else []
        assert isinstance(verdict, Proven) or key not in found, (key, text)
    if relation.is_open:
        return Claims(relation, counts, tuple(proven), tuple(refuted), (), ())
    grain = infer_grain(relation)
    ids = [field.id for field in relation.fields]
    not_null = tuple(number for number, column in enumerate(ids) if column in grain.not_null)
    fixed = []
    for size in (0, 1, 2):
        for some in combinations(range(min(len(ids), 7)), size):
            reached = grain.closure(frozenset(ids[number] for number in some))
            fixed += [(some, number) for number, column in enumerate(ids) if column in reached and number not in some]
    return Claims(relation, counts, tuple(proven), tuple(refuted), not_null, tuple(fixed))


def candidate_keys(
    names: tuple[str, ...], found: tuple[tuple[str, ...], ...], chance: random.Random
) -> list[tuple[str, ...]]:
    """Keys that somebody might declare: those found, each with a column less, and some others."""
    usable = sorted(name for name in names if name)
    shorter = [key[:at] + key[at + 1 :] for key in found for at in range(len(key)) if len(key) > 1]
    others = [tuple(chance.sample(usable, size)) for size in (1, 1, 2) if len(usable) >= size]
    return list(dict.fromkeys([*found, *shorter, *others]))


def broken_claim(claims: Claims, rows: list[tuple[object, ...]]) -> str | None:
    """A claim that rows disprove."""
    for key in claims.proven:
        if repeats(rows, key):
            return f"proven, but repeats: {claims.names(key)}"
    for at in claims.not_null:
        if any(row[at] is None for row in rows):
            return f"never NULL, but is: column {at + 1}"
    for some, at in claims.fixed:
        if len({(tuple(row[one] for one in some), row[at]) for row in rows}) > len(
            {tuple(row[one] for one in some) for row in rows}
        ):
            return f"columns {[one + 1 for one in some]} fix column {at + 1}, but it has several values"
    return None


def repeats(rows: list[tuple[object, ...]], key: tuple[int, ...]) -> bool:
    seen = [tuple(row[at] for at in key) for row in rows]
    return len(set(seen)) < len(seen)


def wrong_column(claims: Claims, columns: list[tuple[str, str]]) -> str | None:
    """A name or a type that is not Spark's."""
    if claims.relation.is_open:
        return None
    fields = claims.relation.fields
    if len(fields) != len(columns):
        return f"{len(fields)} columns, but Spark has {len(columns)}: {columns}"
    for field, (name, kind) in zip(fields, columns, strict=True):
        if field.name and field.name.lower() != name.lower():
            return f"column {field.name}, but Spark calls it {name}"
        if field.type not in {None, DOUBTFUL} and normal_type(str(field.type)) != normal_type(kind):
            return f"column {name} is {field.type}, but to Spark {kind}"
    return None
