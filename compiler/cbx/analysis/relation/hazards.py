"""What in a query is legal, and probably not what was meant.

A hazard is certain. A suspicion depends on what the query does not say: keys, relationships and columns without NULL.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cbx.analysis.relation.columns import NONE, Ids
from cbx.analysis.relation.places import Place
from cbx.analysis.relation.relations import Join, Relation

HazardKind = Literal[
    "filter_on_outer_join",
    "join_on_outer_join",
    "group_of_unmatched_rows",
    "history_without_time",
    "coalesced_join_key",
    "arbitrary_rows",
    "changing_sample",
    "changing_values",
    "lossy_join",
    "not_in_nullable",
    "comparison_with_null",
    "union_drops_rows",
]


@dataclass(frozen=True, slots=True)
class Hazard:
    """Something that is legal and probably not meant.

    Attributes:
        kind: The kind.
        place: Where it is in the query or in the Python file.
        names: What the message names, such as the two types of a comparison, or a table.
        related: What else belongs to it: the outer join whose rows a condition drops.
        columns: The columns whose types are compared.
    """

    kind: HazardKind
    place: Place
    names: tuple[str, ...] = ()
    related: Place = None
    columns: Ids = NONE


@dataclass(frozen=True, slots=True, eq=False)
class RejectedSide:
    """A condition that no row of an outer join without a match fulfils, unless each row has a match."""

    place: Place
    join: Join
    side: Literal["left", "right"]


@dataclass(frozen=True, slots=True, eq=False)
class ArbitraryChoice:
    """A function or a LIMIT that takes some of the rows, in an order that may not say which.

    Attributes:
        place: Where it is.
        function: The function as it is written, in lower case; ``limit`` for LIMIT, and ``dropDuplicates``.
        rows: What it chooses from.
        partition: The columns in which the rows agree that it chooses among.
        order: All columns that its order depends on.
        values: The columns that it returns a value of; None where it numbers rows.
        count: How many rows a LIMIT takes; None where that is not known.
    """

    place: Place
    function: str
    rows: Relation
    partition: Ids = NONE
    order: Ids = NONE
    values: Ids | None = None
    count: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class NotInQuery:
    """A condition ``x NOT IN (SELECT ...)``, which no row fulfils if the query returns a NULL."""

    place: Place
    query: Relation


@dataclass(frozen=True, slots=True, eq=False)
class CoalescedKeys:
    """A key of a join whose keys all have a default on both sides, so that those that are NULL match each other.

    Attributes:
        place: Where it is compared.
        left: The left side.
        right: The right side.
        columns: The columns of the left and those of the right that each key reads.
    """

    place: Place
    left: Relation
    right: Relation
    columns: tuple[tuple[Ids, Ids], ...]


Suspicion = Hazard | RejectedSide | ArbitraryChoice | NotInQuery | CoalescedKeys
