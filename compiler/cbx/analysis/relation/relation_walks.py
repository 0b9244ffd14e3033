"""Questions that take a whole relation to answer: what it is made of, what it reads, whether it reads a stream."""

from __future__ import annotations

from cbx.analysis.relation.relations import (
    NONE,
    Aggregate,
    Computed,
    Copy,
    Explode,
    Filter,
    Ids,
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


def is_closed(relation: Relation) -> bool:
    """Whether a relation reads no column of what is around it, as far as is known of it."""
    computed: set[int] = set()
    read: set[int] = set()
    pending = [relation]
    while pending:
        node = pending.pop()
        if isinstance(node, (Opaque, Copy, Lateral)):
            return False
        computed |= {field.id for field in node.fields}
        read |= columns_read(node)
        computed |= _columns_computed(node)
        pending.extend(inputs_of(node))
    return read <= computed


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


def _columns_computed(relation: Relation) -> set[int]:
    match relation:
        case Projection(definitions=definitions):
            return {definition.column for definition in definitions}
        case Aggregate(groups=groups, aggregates=aggregates, grouping_id=grouping_id, markers=markers):
            computed = (
                {group.column for group in groups}
                | {definition.column for definition in aggregates}
                | dict(markers).keys()
            )
            return computed | ({grouping_id} if grouping_id is not None else set())
        case Window(columns=columns):
            return {column.column for column in columns}
        case Join(merged=merged):
            return {merge.column for merge in merged}
        case Explode(position=position, columns=columns):
            return {position, *columns}
        case _:
            return set()


def nodes_of(relation: Relation, *, in_conditions: bool = False) -> list[Relation]:
    """The nodes of a relation, from the inside out, each once; with those of subqueries in conditions if wanted."""
    nodes: dict[int, Relation] = {}
    pending = [relation]
    while pending:
        node = pending.pop()
        if id(node) not in nodes:
            nodes[id(node)] = node
            pending.extend(inputs_of(node))
            pending.extend(node.queries if in_conditions and isinstance(node, (Filter, Join)) else ())
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
            return (left, right)
        case Lateral(input=rows, query=query):
            return (rows, query)
        case SetOperation(inputs=inputs) | Opaque(inputs=inputs):
            return inputs
        case Projection(input=below, definitions=new) | Aggregate(input=below, aggregates=new):
            return (
                below,
                *(
                    query
                    for definition in new
                    if isinstance(definition.expression, Computed)
                    for query in definition.expression.queries
                ),
            )
        case _:
            return (relation.input,)


def counts_rows(node: Aggregate) -> bool:
    """Whether the result of a grouping depends on how often a row is there: it adds rows up, or is ``count(*)``."""
    values = [aggregate.expression for aggregate in node.aggregates]
    counts = (isinstance(value, Computed) and value.not_null and not value.reads for value in values)
    return bool(node.measures) or any(counts)
