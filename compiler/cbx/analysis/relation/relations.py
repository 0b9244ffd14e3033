"""The relational IR: what a query does, in SQL or in Python.

Every column has a number, which identifies its value: a projection that passes a column on, under any name, keeps its
number. So a known equality or dependency stays true of the numbers, also after a projection that omits the column.
Only grouping, DISTINCT and set operations assign new numbers. Of what is not supported nothing is known: `Opaque`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cbx.analysis.facts import Table
from cbx.analysis.relation.columns import NONE, Field, Group, Ids, Measure, Merge, WindowColumn
from cbx.analysis.relation.places import Place

JoinKind = Literal["inner", "left", "right", "full", "semi", "anti"]
SetKind = Literal["union", "intersect", "except"]


@dataclass(frozen=True, slots=True)
class Reference:
    """The value of a column."""

    column: int


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal; ``text`` is None for NULL."""

    text: str | None


@dataclass(frozen=True, slots=True)
class Computed:
    """Any other expression.

    Attributes:
        signature: Equal for two expressions only if they compute the same from the same columns.
        reads: The columns it reads.
        is_deterministic: Whether equal columns always give an equal value.
        not_null: Whether it is never NULL.
        queries: The queries inside it.
        fixes: The columns that its value determines.
        is_stable: Whether equal columns give an equal value while one query runs, as `current_timestamp()` does.
        fixes_if: Columns that its value determines if the columns of the second set are never NULL.
        hashes_if: The same, apart from collisions of a cryptographic hash.
        not_null_if: It is never NULL if none of the columns of one of these sets is.
        prefix: The prefix of its text.
        needs: Sets of columns, of at least one of which none is NULL where its value is not NULL.
        shows: The columns, also of its queries, whose values or parts of them it may have; None: all.
    """

    signature: str
    reads: Ids
    is_deterministic: bool = True
    not_null: bool = False
    queries: tuple[Relation, ...] = ()
    fixes: Ids = NONE
    is_stable: bool = False
    fixes_if: tuple[Ids, Ids] = (NONE, NONE)
    hashes_if: tuple[Ids, Ids] = (NONE, NONE)
    not_null_if: tuple[Ids, ...] = ()
    prefix: str = ""
    needs: tuple[Ids, ...] = (NONE,)
    shows: Ids | None = None


Expression = Reference | Constant | Computed


@dataclass(frozen=True, slots=True)
class Equal:
    """Two expressions are equal; with ``is_null_safe`` (``<=>``) NULL equals NULL, else neither is NULL.

    A front end makes it only of sides whose types compare without loss, and that are deterministic or, as the result of
    a query that reads nothing from around it, stable.
    """

    left: Expression
    right: Expression
    is_null_safe: bool = False


@dataclass(frozen=True, slots=True)
class IsNull:
    """A column is NULL."""

    column: int


@dataclass(frozen=True, slots=True)
class NotNull:
    """A column is not NULL."""

    column: int


@dataclass(frozen=True, slots=True)
class AtMostOne:
    """A column is a number of at most 1."""

    column: int


@dataclass(frozen=True, slots=True)
class OneOfValues:
    """A column has one of some literals, none of them NULL."""

    column: int
    texts: frozenset[str]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A column compares with a number or a text that is written out: ``<``, ``<=``, ``>``, ``>=`` or ``<>``."""

    column: int
    operator: str
    text: str


@dataclass(frozen=True, slots=True)
class Within:
    """A deterministic value is at or after a column and before another one, or after it and not after the other one.

    Where the other column is NULL the condition may hold as well.
    """

    reads: Ids
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Never:
    """A condition that no row fulfils: ``FALSE``, ``1 = 0``."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Any other condition.

    Attributes:
        reads: The columns it reads.
        needs: Sets of columns, of at least one of which none is NULL where it holds; without a set it never holds.
        is_deterministic: Whether it gives the same result for rows with the same values.
        signature: Equal for two conditions only if they test the same columns in the same way; empty if unknown.
        is_negated: Whether it holds where the condition of the signature is false.
    """

    reads: Ids
    needs: tuple[Ids, ...] = (NONE,)
    is_deterministic: bool = True
    signature: str = ""
    is_negated: bool = False


Predicate = Equal | IsNull | NotNull | AtMostOne | OneOfValues | Comparison | Within | Never | Condition


@dataclass(frozen=True, slots=True)
class Definition:
    """A new column and the expression that it holds; a plain column is passed on and gets none.

    Attributes:
        column: The number of the column.
        expression: What it holds.
        type: Its type; None where that is not known, and then two values that are equal may still differ.
    """

    column: int
    expression: Expression
    type: str | None = None


@dataclass(frozen=True, slots=True)
class Scan:
    """The rows of a table; ``is_open`` where it may have columns besides those listed."""

    table: Table
    fields: tuple[Field, ...]
    is_open: bool
    place: Place = None


@dataclass(frozen=True, slots=True)
class Values:
    """Rows written out; in each of the ``keys`` no two of them agree."""

    row_count: int
    fields: tuple[Field, ...]
    is_open: bool = False
    keys: tuple[Ids, ...] = ()


@dataclass(frozen=True, slots=True)
class Projection:
    """A choice of columns, some of them new; ``is_star``: its other columns are all those of its input, as they are."""

    input: Relation
    definitions: tuple[Definition, ...]
    fields: tuple[Field, ...]
    is_open: bool = False
    is_star: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """The rows for which all predicates hold; ``queries`` are the subqueries in them."""

    input: Relation
    predicates: tuple[Predicate, ...]
    fields: tuple[Field, ...]
    is_open: bool = False
    place: Place = None
    queries: tuple[Relation, ...] = ()


@dataclass(frozen=True, slots=True)
class Join:
    """A join; without predicates and of kind inner it is a cross join; ``queries`` are the subqueries in predicates."""

    kind: JoinKind
    left: Relation
    right: Relation
    predicates: tuple[Predicate, ...]
    fields: tuple[Field, ...]
    merged: tuple[Merge, ...] = ()
    is_open: bool = False
    place: Place = None
    queries: tuple[Relation, ...] = ()


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One row for each group; without groups one row in all.

    Attributes:
        input: What is grouped.
        groups: The columns to group by.
        aggregates: The aggregates and other expressions of a group.
        fields: The result's columns.
        sets: Grouping sets, each the sources it groups by; None for plain grouping.
        grouping_id: The column that distinguishes the grouping sets.
        place: Where the grouping is asked for.
        markers: Columns that hold one number for each grouping set, as ``grouping(a)`` does, with these numbers.
        measures: Those of the aggregates that depend on how often a row is there.
    """

    input: Relation
    groups: tuple[Group, ...]
    aggregates: tuple[Definition, ...]
    fields: tuple[Field, ...]
    sets: tuple[Ids, ...] | None = None
    grouping_id: int | None = None
    is_open: bool = False
    place: Place = None
    markers: tuple[tuple[int, tuple[int, ...]], ...] = ()
    measures: tuple[Measure, ...] = ()


@dataclass(frozen=True, slots=True)
class Window:
    """The rows, with columns computed over windows; ``measures`` are the aggregates among these, as in `Aggregate`."""

    input: Relation
    columns: tuple[WindowColumn, ...]
    fields: tuple[Field, ...]
    is_open: bool = False
    measures: tuple[Measure, ...] = ()


@dataclass(frozen=True, slots=True)
class Distinct:
    """Each row once: one row remains of those that agree in the columns ``by``, or in all columns where it is None."""

    input: Relation
    fields: tuple[Field, ...]
    is_open: bool = False
    by: Ids | None = None


@dataclass(frozen=True, slots=True)
class SetOperation:
    """A set operation; columns go by position, and the result's are new."""

    kind: SetKind
    is_all: bool
    inputs: tuple[Relation, ...]
    fields: tuple[Field, ...]
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Explode:
    """A row for each element of a collection; ``position`` numbers the elements of a row.

    Attributes:
        position: A column that holds the element's position, named by the query or not.
        columns: The columns that hold the element.
        reads: The columns the collection is made of.
        is_outer: Whether a row without elements stays, with NULLs.
        fields: The result's columns.
        is_open: Whether there may be others.
        distinct: Columns in each of which no two elements of a row agree: the keys of a map, say.
        is_collection: Whether the elements are those of a column as it is, not of an expression that may choose some.
        needs: What the rows with elements need, as of a `Condition`.
    """

    input: Relation
    position: int
    columns: tuple[int, ...]
    reads: Ids
    is_outer: bool
    fields: tuple[Field, ...]
    is_open: bool = False
    distinct: Ids = NONE
    is_collection: bool = False
    needs: tuple[Ids, ...] = (NONE,)


@dataclass(frozen=True, slots=True)
class Lateral:
    """Rows, each joined with the rows of a query that reads it; ``is_outer`` keeps a row without any, with NULLs."""

    input: Relation
    query: Relation
    is_outer: bool
    fields: tuple[Field, ...]
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Limit:
    """Some of the rows; ``count`` is how many at most, where that is known."""

    input: Relation
    count: int | None
    fields: tuple[Field, ...]
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Copy:
    """The same rows again, with numbers of columns that are ``offset`` higher; those in the input are below it."""

    input: Relation
    offset: int
    fields: tuple[Field, ...]
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Opaque:
    """Rows of which at most the columns are known.

    Attributes:
        inputs: The relations that it is made of, as far as they were read.
        fields: Its columns.
        is_open: Whether there may be others.
        reason: Why nothing is known.
        hides_stream: Whether it reads a stream that is not among its inputs.
    """

    inputs: tuple[Relation, ...]
    fields: tuple[Field, ...]
    is_open: bool = True
    reason: str = "a part of it is not supported"
    hides_stream: bool = False


Relation = (
    Scan
    | Values
    | Projection
    | Filter
    | Join
    | Aggregate
    | Window
    | Distinct
    | SetOperation
    | Explode
    | Lateral
    | Limit
    | Copy
    | Opaque
)


def reads_of(expression: Expression) -> Ids:
    """The columns that an expression reads."""
    match expression:
        case Reference(column):
            return frozenset({column})
        case Computed(reads=reads):
            return reads
        case _:
            return NONE


def condition_reads(predicate: Predicate) -> Ids:
    """The columns that a predicate reads."""
    match predicate:
        case Equal(left, right):
            return reads_of(left) | reads_of(right)
        case Condition(reads=reads):
            return reads
        case Within(reads, start, end):
            return reads | {start, end}
        case Never():
            return NONE
        case _:
            return frozenset({predicate.column})
