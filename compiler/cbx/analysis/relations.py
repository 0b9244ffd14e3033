"""The relational IR: what a query does, whichever language it was written in.

Every column has a number of its own for as long as its value lives: a projection that passes a column on, under
whatever name, keeps its number. So an equality or a dependency that was once learned stays true of the numbers,
also where the projection left the column out; only grouping, DISTINCT and set operations end a column's life.
What a front end does not understand it makes `Opaque`, and nothing is known of the result.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal as OneOf

from cbx.analysis.facts import Table

JoinKind = OneOf["inner", "left", "right", "full", "semi", "anti"]
SetKind = OneOf["union", "intersect", "except"]
Ids = frozenset[int]
NONE: Ids = frozenset()


@dataclass(frozen=True, slots=True)
class TextRange:
    """Where in the text of a query something stands: the offsets of its first character and of the one after."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class CallSite:
    """Where in a Python file something is called."""

    file: str
    line: int


Place = TextRange | CallSite | None


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a result.

    Attributes:
        id: Its number.
        name: Its name there; empty where the query gives none, so that the engine makes one up.
        type: Its type; None where nobody declared it, `DOUBTFUL` where it is that of an expression and not known.
    """

    id: int
    name: str
    type: str | None = None


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
        signature: The same for two expressions only if they say the same of the same columns.
        reads: The columns it reads.
        is_deterministic: Whether equal columns always give an equal value.
        not_null: Whether it is never NULL.
        queries: The queries inside it.
        fixes: The columns whose values can be told from its own.
        is_steady: Whether equal columns give an equal value while one query runs: the time of day is then one.
        fixes_if: Columns whose values can be told from its own where some columns, given second, are never NULL.
        hashes_if: The same, but for collisions of a cryptographic hash.
        not_null_if: It is never NULL if none of the columns of one of these sets is.
        prefix: What its text begins with.
    """

    signature: str
    reads: Ids
    is_deterministic: bool = True
    not_null: bool = False
    queries: tuple[Relation, ...] = ()
    fixes: Ids = NONE
    is_steady: bool = False
    fixes_if: tuple[Ids, Ids] = (NONE, NONE)
    hashes_if: tuple[Ids, Ids] = (NONE, NONE)
    not_null_if: tuple[Ids, ...] = ()
    prefix: str = ""


Expression = Reference | Constant | Computed


@dataclass(frozen=True, slots=True)
class Equal:
    """Two expressions are equal; with ``is_null_safe`` (``<=>``) NULL equals NULL, else neither is NULL.

    A front end makes it only of sides whose types compare without loss, and that are deterministic or, as the result of
    a query that reads nothing from around it, steady.
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
class Compared:
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
    """What no row fulfils: ``FALSE``, ``1 = 0``."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Any other condition.

    Attributes:
        reads: The columns it reads.
        not_null: Columns that are not NULL where it holds.
        is_deterministic: Whether it says the same of rows with the same values.
        signature: The same for two conditions only if they say the same of the same columns; empty where not known.
        is_negated: Whether it holds where what the signature says is false.
    """

    reads: Ids
    not_null: Ids = NONE
    is_deterministic: bool = True
    signature: str = ""
    is_negated: bool = False


Predicate = Equal | IsNull | NotNull | AtMostOne | OneOfValues | Compared | Within | Never | Condition


@dataclass(frozen=True, slots=True)
class Definition:
    """A new column and the expression that it holds; what is but a column is passed on as it is and makes none.

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
class Project:
    """A choice of columns, some of them new."""

    input: Relation
    definitions: tuple[Definition, ...]
    fields: tuple[Field, ...]
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """The rows for which all predicates hold."""

    input: Relation
    predicates: tuple[Predicate, ...]
    fields: tuple[Field, ...]
    is_open: bool = False
    place: Place = None


@dataclass(frozen=True, slots=True)
class Merge:
    """A column of a full join with USING: the left value, or the right one where the left is NULL."""

    column: int
    left: int
    right: int


@dataclass(frozen=True, slots=True)
class Join:
    """A join; without predicates and of kind inner it is a cross join."""

    kind: JoinKind
    left: Relation
    right: Relation
    predicates: tuple[Predicate, ...]
    fields: tuple[Field, ...]
    merged: tuple[Merge, ...] = ()
    is_open: bool = False
    place: Place = None


@dataclass(frozen=True, slots=True)
class Group:
    """A column to group by, and the column of the result that holds it.

    The two are one, save under grouping sets, which make NULLs of their own.
    """

    column: int
    source: int


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One row for each group; without groups one row in all.

    Attributes:
        input: What is grouped.
        groups: The columns to group by.
        aggregates: The aggregates and what else is said of a group.
        fields: The result's columns.
        sets: Grouping sets, each the sources it groups by; None for plain grouping.
        grouping_id: The column that tells the grouping sets apart.
        place: Where the grouping is asked for.
        markers: Columns that hold one number for each grouping set, as ``grouping(a)`` does, with these numbers.
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


@dataclass(frozen=True, slots=True)
class WindowColumn:
    """A window function's column.

    Attributes:
        column: The new column.
        function: ``row_number``, ``count_rows`` and ``rank`` are understood; anything else is ``other``.
        partition: The columns to partition by; None where one of them is not a deterministic value of the row.
        reads: All columns it reads.
        is_whole_partition: Whether it says the same of all rows of a partition.
        order: The columns that it orders by; what else it may order by is not among them.
    """

    column: int
    function: OneOf["row_number", "count_rows", "rank", "other"]
    partition: Ids | None
    reads: Ids
    is_whole_partition: bool = False
    order: Ids = NONE


@dataclass(frozen=True, slots=True)
class Window:
    """The rows, with columns computed over windows."""

    input: Relation
    columns: tuple[WindowColumn, ...]
    fields: tuple[Field, ...]
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Distinct:
    """Each row once.

    Attributes:
        input: The rows.
        fields: The result's columns.
        is_open: Whether there may be others.
        by: The columns in which rows are compared, so that one row remains of those that agree; None for all columns.
    """

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
        input: The rows.
        position: A column that holds the element's position, named by the query or not.
        columns: The columns that hold the element.
        reads: The columns the collection is made of.
        is_outer: Whether a row without elements stays, with NULLs.
        fields: The result's columns.
        is_open: Whether there may be others.
        distinct: Columns in each of which no two elements of a row agree: the keys of a map, say.
    """

    input: Relation
    position: int
    columns: tuple[int, ...]
    reads: Ids
    is_outer: bool
    fields: tuple[Field, ...]
    is_open: bool = False
    distinct: Ids = NONE


@dataclass(frozen=True, slots=True)
class Lateral:
    """The rows, each with those that a query makes of it; ``is_outer`` where a row without any stays, with NULLs."""

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
    """The same rows once more: every column has a number that is ``offset`` higher than in the input.

    All numbers in the input are below the offset, so that none is given twice.
    """

    input: Relation
    offset: int
    fields: tuple[Field, ...]
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Opaque:
    """Rows of which nothing is known but, at times, their columns.

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
    reason: str = "a part of it is not understood"
    hides_stream: bool = False


Relation = (
    Scan
    | Values
    | Project
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


def reads_stream(relation: Relation, known: dict[int, bool] | None = None) -> bool:
    """Whether a relation reads a stream anywhere, so that its rows come at different times.

    Args:
        relation: The relation.
        known: What was found so far, by the identity of a relation; this adds to it.
    """
    known = {} if known is None else known
    if id(relation) not in known:
        is_stream = (isinstance(relation, Scan) and relation.table.is_streaming) or (
            isinstance(relation, Opaque) and relation.hides_stream
        )
        # All are asked, so that all are known.
        inputs = [reads_stream(one, known) for one in inputs_of(relation)]
        known[id(relation)] = is_stream or any(inputs)
    return known[id(relation)]


def is_closed(relation: Relation) -> bool:
    """Whether a relation reads no column of what is around it, as far as is known of it."""
    made: set[int] = set()
    read: set[int] = set()
    pending = [relation]
    while pending:
        at = pending.pop()
        if isinstance(at, (Opaque, Copy, Lateral)):
            return False
        made |= {one.id for one in at.fields}
        read |= _reads_in(at)
        made |= _made_in(at)
        pending.extend(inputs_of(at))
    return read <= made


def _reads_in(relation: Relation) -> Ids:
    match relation:
        case Project(definitions=definitions) | Aggregate(aggregates=definitions):
            grouped = {one.source for one in relation.groups} if isinstance(relation, Aggregate) else NONE
            return NONE.union(*(reads_of(one.expression) for one in definitions), grouped)
        case Filter(predicates=predicates) | Join(predicates=predicates):
            return NONE.union(*(condition_reads(one) for one in predicates))
        case Window(columns=columns):
            return NONE.union(*(one.reads for one in columns))
        case Explode(reads=reads):
            return reads
        case _:
            return NONE


def _made_in(relation: Relation) -> set[int]:
    match relation:
        case Project(definitions=definitions):
            return {one.column for one in definitions}
        case Aggregate(groups=groups, aggregates=aggregates, grouping_id=grouping_id, markers=markers):
            made = {one.column for one in groups} | {one.column for one in aggregates} | dict(markers).keys()
            return made | ({grouping_id} if grouping_id is not None else set())
        case Window(columns=columns):
            return {one.column for one in columns}
        case Join(merged=merged):
            return {one.column for one in merged}
        case Explode(position=position, columns=columns):
            return {position, *columns}
        case _:
            return set()


def streams_read(relation: Relation) -> list[Scan]:
    """The scans of streams in a relation, wherever they are."""
    found: list[Scan] = []
    seen: set[int] = set()
    pending = [relation]
    while pending:
        at = pending.pop()
        if id(at) not in seen:
            seen.add(id(at))
            pending.extend(inputs_of(at))
            if isinstance(at, Scan) and at.table.is_streaming:
                found.append(at)
    return found


_DEEPEST = 300


def is_deep(relation: Relation) -> bool:
    """Whether a relation has too many levels for rules that call themselves to go through it."""
    level, depth = {id(relation): relation}, 0
    while level and depth <= _DEEPEST:
        level = {id(one): one for above in level.values() for one in inputs_of(above)}
        depth += 1
    return bool(level)


def inputs_of(relation: Relation) -> tuple[Relation, ...]:
    """The relations that a relation is made of, those of the queries inside its expressions included."""
    match relation:
        case Scan() | Values():
            return ()
        case Join(left=left, right=right):
            return (left, right)
        case Lateral(input=rows, query=query):
            return (rows, query)
        case SetOperation(inputs=inputs) | Opaque(inputs=inputs):
            return inputs
        case Project(input=below, definitions=new) | Aggregate(input=below, aggregates=new):
            return (
                below,
                *(one for made in new if isinstance(made.expression, Computed) for one in made.expression.queries),
            )
        case _:
            return (relation.input,)
