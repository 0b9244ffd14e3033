"""Which columns of a relation are unique, and which columns fix the value of others.

NULLs are equal here, as in GROUP BY. A key is a set of columns in which no two rows agree. A functional dependency
means that rows which agree in some columns agree in others. Equal values are not always identical: 0.0 and -0.0 are
equal, and their texts are not. So a column of such a type has two numbers: its own, and the one of `exact_value_of`.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import NamedTuple

from cbx.analysis.relation.columns import NONE, Ids


class FunctionalDependency(NamedTuple):
    """Rows that agree in some columns agree in others.

    Attributes:
        determinant: The columns to agree in.
        dependent: The columns in which they then agree.
        is_lasting: Whether it also holds between rows that were read at different times, as it does for a deterministic
            function of the row's own columns. What follows from a key, a window or a scalar subquery holds only among
            rows that were read at one time.
    """

    determinant: Ids
    dependent: Ids
    is_lasting: bool = False


class ValueFact(NamedTuple):
    """What is known of the values of a column in all rows.

    Attributes:
        column: The column.
        kind: ``one of`` (the texts), ``prefix`` (the text), or an operator that compares with the text.
        texts: Literals as the query spells them; None among them is NULL.
    """

    column: int
    kind: str
    texts: frozenset[str | None]


class Versions(NamedTuple):
    """The key of a table that keeps each version of a row, and the start and end columns of its validity."""

    key: Ids
    start: int
    end: int


def exact_value_of(column: int) -> int:
    """The number of the exact value of a column whose equal values may differ, as 0.0 and -0.0 do.

    Two rows agree in the column if its values are equal; they agree in this number if the values are the same. Only
    then does a function of the column give the same for both.
    """
    return ~column


def with_every_exact_value(columns: Iterable[int]) -> Ids:
    """The columns, and the numbers of their exact values."""
    return frozenset(number for column in columns for number in (column, exact_value_of(column)))


_MOST_KEYS = 12


def with_exact_values(columns: Ids, alive: AbstractSet[int]) -> Ids:
    """Columns with the numbers of their exact values, as far as equal values may differ.

    Args:
        columns: The columns.
        alive: The numbers of all that is known of the rows; what else is read may be of any type.
    """
    return columns.union(
        exact_value_of(column) for column in columns if column not in alive or exact_value_of(column) in alive
    )


@dataclass(frozen=True, slots=True)
class Grain:
    """What is known of a relation's rows.

    Attributes:
        columns: The columns that have a value in each row, including those that a projection omitted. With a column
            whose equal values may differ also the number of its exact value.
        keys: Column sets in which no two rows agree. The empty set says that there is at most one row.
        rules: Which columns fix which others.
        equal: Pairs of columns that hold the same value, or both NULL.
        not_null: Columns that are never NULL.
        counters: Columns that are whole numbers of at least 1.
        constants: Columns that hold one literal in all rows, at all times, with the literal; None is NULL.
        values: Other conditions that each row fulfils by itself: from which literals on, with which text at the
            beginning.
        versions: Keys of tables of whose rows no two of a key hold at one time, with the start and the end of a row.
        is_stream: Whether the rows come one after the other, each met by other tables as they were then. It is
            computed of the whole relation, never passed on from rule to rule.
    """

    columns: Ids
    keys: tuple[Ids, ...] = ()
    dependencies: tuple[FunctionalDependency, ...] = ()
    equal: tuple[tuple[int, int], ...] = ()
    not_null: Ids = NONE
    counters: Ids = NONE
    constants: tuple[tuple[int, str | None], ...] = ()
    is_stream: bool = False
    values: tuple[ValueFact, ...] = ()
    versions: tuple[Versions, ...] = ()

    def closure(self, columns: Ids) -> Ids:
        """The columns on which rows agree that agree on some."""
        reached = set(columns)
        pending = [(dependency.determinant, dependency.dependent) for dependency in self.dependencies]
        pending += [(key, self.columns) for key in self.keys]
        pending += [
            (frozenset({first}), frozenset({second})) for a, b in self.equal for first, second in ((a, b), (b, a))
        ]
        while True:
            left = [dependency for dependency in pending if not dependency[0] <= reached]
            if len(left) == len(pending):
                return frozenset(reached)
            for determinant, dependent in pending:
                if determinant <= reached:
                    reached |= dependent
            pending = left

    def with_exact_values(self, columns: Ids) -> Ids:
        """The columns that rows must agree on so that functions of some columns are equal for them."""
        return with_exact_values(columns, self.columns)

    def is_key(self, columns: Ids) -> bool:
        """Whether no two rows agree on columns."""
        reached = self.closure(columns)
        return any(key <= reached for key in self.keys)

    def group_by(self, columns: Ids) -> Grain:
        """The facts that remain when rows that agree on columns become one row. Columns that those fix keep a value."""
        alive = self.closure(columns) & self.columns
        return Grain(
            alive,
            minimal_keys(key for key in self.keys if key <= alive),
            tuple(
                dependency._replace(dependent=dependency.dependent & alive)
                for dependency in self.dependencies
                if dependency.determinant <= alive
            ),
            tuple(pair for pair in self.equal if alive.issuperset(pair)),
            self.not_null & alive,
            self.counters & alive,
            tuple(constant for constant in self.constants if constant[0] in alive),
            self.is_stream,
            tuple(fact for fact in self.values if fact.column in alive),
        )

    def with_keys(self, keys: Iterable[Ids]) -> Grain:
        """The same with further keys."""
        return replace(self, keys=minimal_keys((*self.keys, *keys)))

    def key_dependencies(self) -> tuple[FunctionalDependency, ...]:
        """The keys as dependencies, for relations in which rows may repeat."""
        return tuple(FunctionalDependency(key, self.columns) for key in self.keys)

    def keep_lasting_facts(self) -> Grain:
        """The facts that hold between rows of a table that were read at different times."""
        return replace(
            self, keys=(), dependencies=tuple(dependency for dependency in self.dependencies if dependency.is_lasting)
        )


def minimal_keys(keys: Iterable[Ids]) -> tuple[Ids, ...]:
    """Keys without those that hold another, shortest first, not more than can be worked with."""
    chosen: list[Ids] = []
    for key in sorted(dict.fromkeys(keys), key=lambda key: (len(key), sorted(key))):
        if not any(subset <= key for subset in chosen):
            chosen.append(key)
    return tuple(chosen[:_MOST_KEYS])


def keys_among(grain: Grain, columns: tuple[int, ...]) -> tuple[Ids, ...]:
    """The keys that can be put together from some columns, each without a column it does not need."""
    allowed = frozenset(columns)
    reached = grain.closure(allowed)
    within_reach = [key for key in grain.keys if key <= reached]
    return minimal_keys(
        _drop_redundant_columns(grain, _columns_determining_key(grain, key, columns, allowed)) for key in within_reach
    )


def _columns_determining_key(grain: Grain, key: Ids, columns: tuple[int, ...], allowed: Ids) -> list[int]:
    """A superset of columns that fixes a key: its own columns where allowed, else columns that fix them."""
    chosen = [column for column in columns if column in key]
    if not key <= grain.closure(frozenset(chosen)):
        for column in sorted(key - allowed):
            substitute = next(
                (candidate for candidate in columns if column in grain.closure(frozenset({candidate}))), None
            )
            if substitute is None:
                return list(dict.fromkeys((*chosen, *columns)))
            chosen.append(substitute)
    return list(dict.fromkeys(chosen))


def _drop_redundant_columns(grain: Grain, columns: list[int]) -> Ids:
    reduced = frozenset(columns)
    for column in reversed(columns):
        if grain.is_key(reduced - {column}):
            reduced -= {column}
    return reduced
