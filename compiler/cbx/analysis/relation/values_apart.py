"""Whether columns of two relations can hold the same value, from what is known of all their values."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation

from cbx.analysis.relation.uniqueness import Grain, ValueFact

_HOLDS: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "<>": operator.ne,
}
_OPPOSITE = {("<", ">="), ("<", ">"), ("<=", ">")}
"""Operators that cannot both hold for one value and one literal."""


def facts_of(grain: Grain, column: int) -> list[ValueFact]:
    """What is known of all values of a column; ``not null`` says that none is NULL."""
    found = [one for one in grain.values if one.column == column]
    found += [ValueFact(column, "one of", frozenset({text})) for at, text in grain.constants if at == column]
    return [*found, ValueFact(column, "not null", frozenset())] if column in grain.not_null else found


def are_apart(ours: Iterable[ValueFact], theirs: Iterable[ValueFact]) -> bool:
    """Whether no value fulfils the facts of both columns."""
    mine, others = list(ours), list(theirs)
    is_never_null = any(one.kind == "not null" for one in (*mine, *others))
    if _exclude_each_literal(mine, others) or _exclude_each_literal(others, mine):
        return True
    return any(
        _are_other_beginnings(one, other) if one.kind == other.kind == "prefix" else _are_opposite(one, other)
        for first, second in ((mine, others), (others, mine))
        for one in first
        for other in second
        if one.kind != "prefix" or is_never_null
    )


def are_different(one: str | None, other: str | None) -> bool:
    """Whether two literals are different values: spelled differently, both strings, whole numbers or truths."""
    if one is None or other is None:
        return one is not other
    texts = (one, other)
    is_comparable = (
        all(text.startswith("'") for text in texts)
        or all(text.removeprefix("-").isdigit() for text in texts)
        or all(text in {"TRUE", "FALSE"} for text in texts)
    )
    return is_comparable and one != other


def _exclude_each_literal(ours: list[ValueFact], theirs: list[ValueFact]) -> bool:
    """Whether our column holds one of some literals, and theirs none of them."""
    return any(
        all(any(_excludes(other, text) for other in theirs) for text in one.texts)
        for one in ours
        if one.kind == "one of"
    )


def _are_other_beginnings(one: ValueFact, other: ValueFact) -> bool:
    (mine,), (theirs,) = one.texts, other.texts
    return not (mine or "").startswith(theirs or "") and not (theirs or "").startswith(mine or "")


def _excludes(fact: ValueFact, text: str | None) -> bool:
    """Whether a fact says that a literal is no value of a column."""
    if fact.kind == "one of":
        return all(are_different(text, one) for one in fact.texts)
    if text is None:
        return fact.kind != "prefix"
    (limit,) = fact.texts or (None,)
    if limit is None:
        return False
    if fact.kind == "prefix":
        return text.startswith("'") and not text[1:-1].startswith(limit)
    if fact.kind == "<>" and text == limit:
        return True
    value, bound = _number(text), _number(limit)
    return value is not None and bound is not None and not _HOLDS[fact.kind](value, bound)


def _are_opposite(one: ValueFact, other: ValueFact) -> bool:
    """Whether two comparisons with literals cannot hold for one value."""
    if not one.texts or not other.texts or (one.kind, other.kind) not in _OPPOSITE:
        return False
    (mine,), (theirs,) = one.texts, other.texts
    if mine == theirs:
        return True
    upper, lower = _number(mine), _number(theirs)
    return upper is not None and lower is not None and upper < lower


def _number(text: str | None) -> Decimal | None:
    if text is None or text.startswith("'"):
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return None
