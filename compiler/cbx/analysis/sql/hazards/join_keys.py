"""Finds comparisons of join keys that match more rows than those with the same key."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from sqlglot import exp

from cbx.analysis.relation.columns import Field, Ids
from cbx.analysis.relation.hazards import CoalescedKeys, Hazard, Suspicion
from cbx.analysis.relation.places import Place
from cbx.analysis.relation.relations import Relation, reads_of
from cbx.analysis.sql.expressions.expressions import ExpressionReader, literal
from cbx.analysis.sql.expressions.predicates import split_conjuncts
from cbx.analysis.sql.expressions.rewrite_as_coalesce import rewrite_as_coalesce
from cbx.analysis.sql.expressions.type_rules.expression_types import type_of
from cbx.analysis.sql.trees.query_spans import place_of
from cbx.analysis.types.value_types import compare_with_loss


def join_key_hazards(
    condition: exp.Expr | None, left: Relation, right: Relation, reader: ExpressionReader
) -> list[Suspicion]:
    """The hazards of the equalities of a join's condition, each between a value of the left and one of the right.

    Example:
        ``coalesce(a.id, 0) = coalesce(b.id, 0)`` joins each row without an id with all others, and with those of id 0;
        so `CoalescedKeys`. Beside another key it is how people compare a part that may be NULL, and it is not
        reported. ``a.number = b.text`` holds for the texts '1' and '01'; so ``lossy_join``.
    """
    sides = _ids(left), _ids(right)
    keys = [conjunct for conjunct in split_conjuncts(condition) if _joins(conjunct, sides, reader)]
    if keys and all(_has_default(key.this) and _has_default(key.expression) for key in keys):
        reads = [(reads_of(reader.read(key.this)), reads_of(reader.read(key.expression))) for key in keys]
        pairs = tuple((first, second) if first <= sides[0] else (second, first) for first, second in reads)
        return [CoalescedKeys(place_of(key), left, right, pairs) for key in keys]
    hazards: list[Suspicion] = []
    for key in keys:
        first, second = type_of(key.this, reader), type_of(key.expression, reader)
        if compare_with_loss(first, second):
            columns = reads_of(reader.read(key.this)) | reads_of(reader.read(key.expression))
            hazards.append(Hazard("lossy_join", place_of(key), (first or "", second or ""), columns=columns))
    return hazards


def using_hazards(pairs: Iterable[tuple[Field, Field]], places: Iterable[Place] = ()) -> list[Hazard]:
    """The hazards of a join on columns of the same name, each at its place."""
    return [
        Hazard("lossy_join", place, (left.type or "", right.type or ""), columns=frozenset({left.id, right.id}))
        for (left, right), place in itertools.zip_longest(pairs, places)
        if compare_with_loss(left.type, right.type)
    ]


def _joins(conjunct: exp.Expr, sides: tuple[Ids, Ids], reader: ExpressionReader) -> bool:
    """Whether a condition is an equality of columns of the left and columns of the right."""
    if not isinstance(conjunct, (exp.EQ, exp.NullSafeEQ)):
        return False
    first, second = reads_of(reader.read(conjunct.this)), reads_of(reader.read(conjunct.expression))
    if not first or not second:
        return False
    return (first <= sides[0] and second <= sides[1]) or (first <= sides[1] and second <= sides[0])


def _has_default(node: exp.Expr) -> bool:
    """Whether a value is ``coalesce(.., literal)``, in whatever spelling."""
    bare = node.unnest()
    choice = bare if isinstance(bare, exp.Coalesce) else rewrite_as_coalesce(bare)
    if choice is None or not choice.expressions:
        return False
    default = literal(choice.expressions[-1])
    return default is not None and default.text is not None


def _ids(relation: Relation) -> Ids:
    return frozenset(field.id for field in relation.fields)
