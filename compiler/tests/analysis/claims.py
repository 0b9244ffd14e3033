"""What the analysis says of a query, in a form that can be held against names, types and rows."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from itertools import combinations

from local_spark import Result
from typed_schemas import TypedSchema

from cbx.analysis.facts import UNKNOWN_TYPE, TableRelationship
from cbx.analysis.from_sql import read_query
from cbx.analysis.grain.infer_grain import infer_grain
from cbx.analysis.relation.relations import Relation
from cbx.analysis.verdicts import KeyProven, KeyRefuted, judge_key, result_keys
from cbx.parse.databricks_sql.types import normal_type

_VERDICTS = {KeyProven: "proven", KeyRefuted: "refuted"}


@dataclass(frozen=True)
class Claims:
    """What is said of a query's result; columns of keys have names, others positions.

    Attributes:
        columns: Their names and types, as far as they are known; None where there may be others.
        verdicts: How many keys are proven, refuted and unproven.
        proven: Keys that do not repeat.
        refuted: Keys that can.
        not_null: Columns without NULL.
        fixed: Columns, and a column that has one value for each of theirs.
    """

    columns: tuple[tuple[str, str | None], ...] | None
    verdicts: dict[str, int]
    proven: tuple[tuple[str, ...], ...]
    refuted: tuple[tuple[str, ...], ...]
    not_null: tuple[int, ...] = ()
    fixed: tuple[tuple[tuple[int, ...], int], ...] = ()


def claims_of(text: str, schema: TypedSchema, chance: random.Random) -> Claims:
    """All that the analysis says of a query."""
    return claims_about(read_query(text, schema.by_name).relation, schema.relationships, chance)


def claims_about(relation: Relation, relationships: tuple[TableRelationship, ...], chance: random.Random) -> Claims:
    """All that the analysis says of a relation."""
    found = result_keys(relation)
    counts: Counter[str] = Counter()
    proven, refuted = [], []
    for key in candidate_keys(tuple(field.name for field in relation.fields), found, chance):
        verdict = judge_key(relation, key, relationships)
        counts[_VERDICTS.get(type(verdict), "unproven")] += 1
        proven += [key] if isinstance(verdict, KeyProven) else []
        refuted += [key] if isinstance(verdict, KeyRefuted) else []
        assert isinstance(verdict, KeyProven) or key not in found, key
    if relation.is_open:
        return Claims(None, dict(counts), tuple(proven), tuple(refuted))
    columns = tuple((field.name, None if field.type == UNKNOWN_TYPE else field.type) for field in relation.fields)
    grain = infer_grain(relation)
    ids = [field.id for field in relation.fields]
    not_null = tuple(number for number, column in enumerate(ids) if column in grain.not_null)
    fixed = []
    for size in (0, 1, 2):
        for some in combinations(range(min(len(ids), 7)), size):
            reached = grain.closure(frozenset(ids[number] for number in some))
            fixed += [(some, number) for number, column in enumerate(ids) if column in reached and number not in some]
    return Claims(columns, dict(counts), tuple(proven), tuple(refuted), not_null, tuple(fixed))


def candidate_keys(
    names: tuple[str, ...], found: tuple[tuple[str, ...], ...], chance: random.Random
) -> list[tuple[str, ...]]:
    """Keys that somebody might declare: those found, each with a column less, and some others."""
    usable = sorted({name for name in names if name})
    shorter = [key[:at] + key[at + 1 :] for key in found for at in range(len(key)) if len(key) > 1]
    others = [tuple(chance.sample(usable, size)) for size in (1, 1, 2) if len(usable) >= size]
    return list(dict.fromkeys([*found, *shorter, *others]))


def broken_claim(claims: Claims, result: Result) -> str | None:
    """A claim that rows disprove."""
    for key in claims.proven:
        if repeats(result, key):
            return f"proven, but repeats: {key}"
    for at in claims.not_null:
        if any(row[at] is None for row in result.rows):
            return f"never NULL, but is: column {at + 1}"
    for some, at in claims.fixed:
        groups = [tuple(row[number] for number in some) for row in result.rows]
        if len(set(zip(groups, (row[at] for row in result.rows), strict=True))) > len(set(groups)):
            return f"columns {[number + 1 for number in some]} fix column {at + 1}, but it has several values"
    return None


def repeats(result: Result, key: tuple[str, ...]) -> bool:
    """Whether two rows agree on a key."""
    places = [result.names.index(name.lower()) for name in key]
    seen = [tuple(row[at] for at in places) for row in result.rows]
    return len(set(seen)) < len(seen)


def wrong_column(claims: Claims, columns: list[tuple[str, str]]) -> str | None:
    """A name or a type that is not Spark's."""
    if claims.columns is None:
        return None
    if len(claims.columns) != len(columns):
        return f"{len(claims.columns)} columns, but Spark has {len(columns)}: {columns}"
    for (name, kind), (spark_name, spark_kind) in zip(claims.columns, columns, strict=True):
        if name and name.lower() != spark_name.lower():
            return f"column {name}, but Spark calls it {spark_name}"
        if kind and normal_type(kind) != normal_type(spark_kind):
            return f"column {name} is {kind}, but to Spark {spark_kind}"
    return None
