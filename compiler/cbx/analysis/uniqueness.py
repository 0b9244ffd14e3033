"""Which columns of a relation are unique, and which columns fix the value of others.

All of it takes NULLs as equal, as GROUP BY does: a key is a set of columns in which no two rows agree, a rule says
that rows which agree in some columns agree in others.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from cbx.analysis.relations import NONE, Ids

Rule = tuple[Ids, Ids]
"""Rows that agree in the first columns agree in the second."""

_MOST_KEYS = 12


@dataclass(frozen=True, slots=True)
class Grain:
    """What is known of a relation's rows.

    Attributes:
        columns: The columns that have a value in each row, those included that a projection left out.
        keys: Column sets in which no two rows agree. The empty set says that there is at most one row.
        rules: Which columns fix which others.
        equal: Pairs of columns that hold the same value, or both NULL.
        not_null: Columns that are never NULL.
        counters: Columns that are whole numbers of at least 1.
        constants: Columns that hold one literal in all rows, with the literal; None is NULL.
        is_stream: Whether the rows come one after the other, each met by other tables as they were then.
    """

    columns: Ids
    keys: tuple[Ids, ...] = ()
    rules: tuple[Rule, ...] = ()
    equal: tuple[tuple[int, int], ...] = ()
    not_null: Ids = NONE
    counters: Ids = NONE
    constants: tuple[tuple[int, str | None], ...] = ()
    is_stream: bool = False

    def closure(self, columns: Ids) -> Ids:
        """The columns on which rows agree that agree on some."""
        known = set(columns)
        pending = [*self.rules, *((key, self.columns) for key in self.keys)]
        pending += [pair for a, b in self.equal for pair in ((frozenset({a}), {b}), (frozenset({b}), {a}))]  # type: ignore[misc]
        while True:
            left = [rule for rule in pending if not rule[0] <= known]
            if len(left) == len(pending):
                return frozenset(known)
            for condition, fixed in pending:
                if condition <= known:
                    known |= fixed
            pending = left

    def is_key(self, columns: Ids) -> bool:
        """Whether no two rows agree on columns."""
        reached = self.closure(columns)
        return any(key <= reached for key in self.keys)

    def within(self, columns: Ids) -> Grain:
        """What remains known when rows that agree on columns become one: what those columns fix keeps its value."""
        alive = self.closure(columns) & self.columns
        return Grain(
            alive,
            minimal(key for key in self.keys if key <= alive),
            tuple((condition, fixed & alive) for condition, fixed in self.rules if condition <= alive),
            tuple(pair for pair in self.equal if alive.issuperset(pair)),
            self.not_null & alive,
            self.counters & alive,
            tuple(one for one in self.constants if one[0] in alive),
            self.is_stream,
        )

    def with_keys(self, keys: Iterable[Ids]) -> Grain:
        """The same with further keys."""
        return replace(self, keys=minimal((*self.keys, *keys)))

    def keys_as_rules(self) -> tuple[Rule, ...]:
        """What the keys say of the columns, for where rows may repeat."""
        return tuple((key, self.columns) for key in self.keys)


def minimal(keys: Iterable[Ids]) -> tuple[Ids, ...]:
    """Keys without those that hold another, shortest first, not more than can be worked with."""
    chosen: list[Ids] = []
    for key in sorted(dict.fromkeys(keys), key=lambda one: (len(one), sorted(one))):
        if not any(other <= key for other in chosen):
            chosen.append(key)
    return tuple(chosen[:_MOST_KEYS])


def keys_among(grain: Grain, columns: tuple[int, ...]) -> tuple[Ids, ...]:
    """The keys that can be put together from some columns, each without a column it does not need."""
    allowed = frozenset(columns)
    reached = grain.closure(allowed)
    within_reach = [key for key in grain.keys if key <= reached]
    return minimal(_reduced(grain, _replaced(grain, key, columns, allowed)) for key in within_reach)


def _replaced(grain: Grain, key: Ids, columns: tuple[int, ...], allowed: Ids) -> list[int]:
    """A superset of columns that fixes a key: its own columns where allowed, else columns that fix them."""
    chosen = [column for column in columns if column in key]
    if not key <= grain.closure(frozenset(chosen)):
        for column in sorted(key - allowed):
            stand_in = next((one for one in columns if column in grain.closure(frozenset({one}))), None)
            if stand_in is None:
                return list(dict.fromkeys((*chosen, *columns)))
            chosen.append(stand_in)
    return list(dict.fromkeys(chosen))


def _reduced(grain: Grain, columns: list[int]) -> Ids:
    kept = frozenset(columns)
    for column in reversed(columns):
        if grain.is_key(kept - {column}):
            kept -= {column}
    return kept
