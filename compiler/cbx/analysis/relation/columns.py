"""The columns of results, which have numbers, and what grouping, joins and windows put into them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cbx.analysis.relation.places import Place

Ids = frozenset[int]
NONE: Ids = frozenset()


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a result.

    Attributes:
        id: Its number.
        name: Its name; empty where the query gives none and the engine generates one.
        type: Its type; None where it is not declared, `UNKNOWN_TYPE` where it is that of an expression and not known.
    """

    id: int
    name: str
    type: str | None = None


@dataclass(frozen=True, slots=True)
class Merge:
    """A column of a full join with USING: the left value, or the right one where the left is NULL."""

    column: int
    left: int
    right: int


@dataclass(frozen=True, slots=True)
class Group:
    """A column to group by, and that of the result that holds it: another one under grouping sets, which add NULLs."""

    column: int
    source: int


@dataclass(frozen=True, slots=True)
class Measure:
    """An aggregate whose result depends on how often each row is there, of a column or of several.

    Attributes:
        column: The column that holds it.
        function: The function, as it is written.
        values: The columns that its values come from; what only a condition inside it reads is not among them.
        not_null: The columns that are not NULL in the rows that count.
        place: Where it is.
        conditions: The columns that only conditions inside it read.
        makes_total: Whether it makes a total of its group's rows: a sum or a count.
        adds: Whether its values are sums of several columns, or choose one of several.
        is_mean: Whether it is that of one value if all values are equal: an average, a percentile.
        fixed: The columns that have one value in the rows that count, besides those of the group: FOR of a PIVOT.
    """

    column: int
    function: str
    values: Ids
    not_null: Ids = NONE
    place: Place = None
    conditions: Ids = NONE
    makes_total: bool = False
    adds: bool = False
    is_mean: bool = False
    fixed: Ids = NONE


@dataclass(frozen=True, slots=True)
class WindowColumn:
    """A window function's column.

    Attributes:
        column: The new column.
        function: ``row_number``, ``count_rows`` and ``rank`` are understood; anything else is ``other``.
        partition: The columns to partition by; None where one of them is not a deterministic value of the row.
        reads: All columns it reads.
        shows: Those of them whose values or parts of them it may have.
        is_whole_partition: Whether all rows of a partition have the same value.
        order: The columns that it orders by; what else it may order by is not among them.
    """

    column: int
    function: Literal["row_number", "count_rows", "rank", "other"]
    partition: Ids | None
    reads: Ids
    shows: Ids
    is_whole_partition: bool = False
    order: Ids = NONE
