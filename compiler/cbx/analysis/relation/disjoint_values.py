"""Whether columns of two relations can hold the same value, from what is known of all their values."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation

from cbx.analysis.relation.uniqueness import Grain, ValueFact

_COMPARISONS: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "<>": operator.ne,
}
_CONTRADICTORY = {("<", ">="), ("<", ">"), ("<=", ">")}
"""Operators that cannot both hold for one value and one literal."""


def value_facts(grain: Grain, column: int) -> list[ValueFact]:
    """The facts that hold for all values of a column; ``not null`` means that none is NULL."""
    facts = [fact for fact in grain.values if fact.column == column]
    facts += [ValueFact(column, "one of", frozenset({text})) for at, text in grain.constants if at == column]
    return [*facts, ValueFact(column, "not null", frozenset())] if column in grain.not_null else facts


def are_disjoint(ours: Iterable[ValueFact], theirs: Iterable[ValueFact]) -> bool:
    """Whether no value fulfils the facts of both columns."""
    mine, others = list(ours), list(theirs)
    is_never_null = any(fact.kind == "not null" for fact in (*mine, *others))
    if _exclude_each_literal(mine, others) or _exclude_each_literal(others, mine):
        return True
    return any(
        _are_different_prefixes(fact, other_fact)
        if fact.kind == other_fact.kind == "prefix"
        else _are_contradictory(fact, other_fact)
        for first, second in ((mine, others), (others, mine))
        for fact in first
        for other_fact in second
        if fact.kind != "prefix" or is_never_null
    )


def are_different(first: str | None, second: str | None) -> bool:
    """Whether two literals are different values: spelled differently, both strings, whole numbers or truths."""
    if first is None or second is None:
        return first is not second
    texts = (first, second)
    is_comparable = (
        all(text.startswith("'") for text in texts)
        or all(text.removeprefix("-").isdigit() for text in texts)
        or all(text in {"TRUE", "FALSE"} for text in texts)
    )
    return is_comparable and first != second


def _exclude_each_literal(ours: list[ValueFact], theirs: list[ValueFact]) -> bool:
    """Whether our column holds one of some literals, and theirs none of them."""
    return any(
        all(any(_excludes(their_fact, text) for their_fact in theirs) for text in fact.texts)
        for fact in ours
        if fact.kind == "one of"
    )


def _are_different_prefixes(first: ValueFact, second: ValueFact) -> bool:
    (mine,), (theirs,) = first.texts, second.texts
    return not (mine or "").startswith(theirs or "") and not (theirs or "").startswith(mine or "")


def _excludes(fact: ValueFact, text: str | None) -> bool:
    """Whether a fact excludes a literal from the values of a column."""
    if fact.kind == "one of":
        return all(are_different(text, literal) for literal in fact.texts)
    if text is None:
        return fact.kind != "prefix"
    (limit,) = fact.texts or (None,)
    if limit is None:
        return False
    if fact.kind == "prefix":
        return text.startswith("'") and not text[1:-1].startswith(limit)
    if fact.kind == "<>" and text == limit:
        return True
    value, bound = _as_number(text), _as_number(limit)
    return value is not None and bound is not None and not _COMPARISONS[fact.kind](value, bound)


def _are_contradictory(first: ValueFact, second: ValueFact) -> bool:
    """Whether two comparisons with literals cannot hold for one value."""
    if not first.texts or not second.texts or (first.kind, second.kind) not in _CONTRADICTORY:
        return False
    (mine,), (theirs,) = first.texts, second.texts
    if mine == theirs:
        return True
    upper, lower = _as_number(mine), _as_number(theirs)
    return upper is not None and lower is not None and upper < lower


def _as_number(text: str | None) -> Decimal | None:
    if text is None or text.startswith("'") or "E" in text.upper():
        return None  # a number with an exponent is a DOUBLE, to which others are rounded
    try:
        return Decimal(text)
    except InvalidOperation:
        return None
