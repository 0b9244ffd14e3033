"""Which columns are not NULL in the rows that a condition keeps, where it may be one or another."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from cbx.analysis.relation.columns import NONE, Ids

Needs = tuple[Ids, ...]
"""Sets of columns. In each row that is kept no column of at least one of them is NULL; without a set no row is kept."""

NOTHING: Needs = (NONE,)
NEVER: Needs = ()
_MOST_SETS = 8


def need_all(parts: Iterable[Needs]) -> Needs:
    """What rows need that fulfil several conditions.

    Example:
        ``{1}`` or ``{2}`` and ``{3}``: ``{1, 3}`` or ``{2, 3}``.
    """
    needs = NOTHING
    for part in parts:
        needs = _limit(first | second for first, second in itertools.product(needs, part))
    return needs


def need_any(parts: Iterable[Needs]) -> Needs:
    """What rows need that fulfil at least one of several conditions."""
    return _limit(itertools.chain.from_iterable(parts))


def needed_by_all(needs: Needs) -> Ids:
    """The columns that are not NULL in any row; none where no row is kept."""
    return needs[0].intersection(*needs[1:]) if needs else NONE


def is_some_needed(needs: Needs, columns: AbstractSet[int]) -> bool:
    """Whether no row is kept in which all of some columns are NULL."""
    return all(needed & columns for needed in needs)


def _limit(sets: Iterable[Ids]) -> Needs:
    """Sets without those that contain another one; if there are too many, what all of them share."""
    smallest: list[Ids] = []
    for columns in sorted(dict.fromkeys(sets), key=lambda each: (len(each), sorted(each))):
        if not any(other <= columns for other in smallest):
            smallest.append(columns)
    return tuple(smallest) if len(smallest) <= _MOST_SETS else (needed_by_all(tuple(smallest)),)
