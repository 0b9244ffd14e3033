"""Questions that take a whole relation to answer: what it is made of, what it reads, whether it reads a stream."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

from cbx.analysis.relation.columns import NONE, Ids
from cbx.analysis.relation.relations import (
    Aggregate,
    Computed,
    Explode,
    Filter,
    Join,
    Lateral,
    Opaque,
    Projection,
    Relation,
    Scan,
    SetOperation,
    Values,
    Window,
    condition_reads,
    reads_of,
)


def reads_stream(relation: Relation, cache: dict[int, bool] | None = None) -> bool:
    """Whether a relation reads a stream anywhere, so that its rows come at different times.

    Args:
        relation: The relation.
        cache: Earlier answers by the id() of a relation; this adds to it.
    """
    cache = {} if cache is None else cache
    if id(relation) not in cache:
        is_stream = (isinstance(relation, Scan) and relation.table.is_streaming) or (
            isinstance(relation, Opaque) and relation.hides_stream
        )
        # All are asked, so that all are known.
        inputs = [reads_stream(child, cache) for child in inputs_of(relation)]
        cache[id(relation)] = is_stream or any(inputs)
    return cache[id(relation)]


def is_partly_unread(relation: Relation) -> bool:
    """Whether a relation has steps of which not every expression is read."""
    return any(isinstance(node, Opaque) for node in nodes_of(relation))


def may_be_drawn_for_each_row(relation: Relation) -> bool:
    """Whether a subquery may have another value for each row around it: it draws one, and reads no table.

    Spark replaces such a query by its expression, ``(SELECT rand())`` by ``rand()``.

    Source: the rule `OptimizeOneRowRelationSubquery` of Spark's optimizer.
    """
    nodes = nodes_of(relation)
    values = [
        definition.expression for node in nodes if isinstance(node, Projection) for definition in node.definitions
    ]
    is_drawn = any(isinstance(value, Computed) and not (value.is_deterministic or value.is_stable) for value in values)
    return is_drawn and not any(isinstance(node, Scan) for node in nodes)


def columns_read(relation: Relation) -> Ids:
    """The columns that the expressions and conditions of a node read."""
    match relation:
        case Projection(definitions=definitions) | Aggregate(aggregates=definitions):
            grouped = {group.source for group in relation.groups} if isinstance(relation, Aggregate) else NONE
            return NONE.union(*(reads_of(definition.expression) for definition in definitions), grouped)
        case Filter(predicates=predicates) | Join(predicates=predicates):
            return NONE.union(*(condition_reads(predicate) for predicate in predicates))
        case Window(columns=columns):
            return NONE.union(*(column.reads | column.order for column in columns))
        case Explode(reads=reads):
            return reads
        case _:
            return NONE


def nodes_of(relation: Relation) -> list[Relation]:
    """The nodes of a relation and of the subqueries in it, from the inside out, each once."""
    nodes: dict[int, Relation] = {}
    pending = [relation]
    while pending:
        node = pending.pop()
        if id(node) not in nodes:
            nodes[id(node)] = node
            pending.extend(inputs_of(node))
    return list(nodes.values())[::-1]


def stream_scans(relation: Relation) -> list[Scan]:
    """The scans of streams in a relation, wherever they are."""
    return [node for node in nodes_of(relation)[::-1] if isinstance(node, Scan) and node.table.is_streaming]


_DEEPEST = 300


def is_deep(relation: Relation) -> bool:
    """Whether a relation has too many levels for rules that call themselves to go through it."""
    level, depth = {id(relation): relation}, 0
    while level and depth <= _DEEPEST:
        level = {id(child): child for above in level.values() for child in inputs_of(above)}
        depth += 1
    return bool(level)


def inputs_of(relation: Relation) -> tuple[Relation, ...]:
    """The relations that a relation is made of, those of the queries inside its expressions included."""
    match relation:
        case Scan() | Values():
            return ()
        case Join(left=left, right=right):
            return (left, right, *queries_of(relation))
        case Lateral(input=rows, query=query):
            return (rows, query)
        case SetOperation(inputs=inputs) | Opaque(inputs=inputs):
            return inputs
        case _:
            return (relation.input, *queries_of(relation))


def queries_of(relation: Relation) -> tuple[Relation, ...]:
    """The queries inside the expressions of a node."""
    match relation:
        case Filter(queries=queries) | Join(queries=queries):
            return queries
        case Projection(definitions=definitions) | Aggregate(aggregates=definitions):
            expressions = [definition.expression for definition in definitions]
            return tuple(query for value in expressions if isinstance(value, Computed) for query in value.queries)
        case _:
            return ()


def counts_rows(node: Aggregate) -> bool:
    """Whether the result of a grouping depends on how often a row is there: it adds rows up, or is ``count(*)``."""
    values = [aggregate.expression for aggregate in node.aggregates]
    counts = (isinstance(value, Computed) and value.not_null and not value.reads for value in values)
    return bool(node.measures) or any(counts)


def highest_column(relation: Relation) -> int:
    """The highest number of a column in a relation."""
    highest = 0
    pending: list[Any] = [relation]
    while pending:
        node = pending.pop()
        if isinstance(node, bool):
            continue
        if isinstance(node, int):
            highest = max(highest, node)
        elif isinstance(node, (tuple, frozenset)):
            pending.extend(node)
        elif is_dataclass(node):
            pending.extend(getattr(node, attribute.name) for attribute in fields(node))
    return highest
