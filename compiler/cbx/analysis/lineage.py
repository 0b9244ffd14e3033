"""Which columns of which tables the columns of a result are made of."""

from __future__ import annotations

from collections.abc import Iterable

from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.relations import Ids, Relation

Origin = tuple[str, str]
"""A table and a column of it."""

_Known = dict[int, frozenset[Origin]]


def column_lineage(relation: Relation) -> tuple[tuple[str, tuple[Origin, ...]], ...]:
    """For each column of a query's result the columns of tables that its value is made of, sorted.

    What only decides whether a row is there (a filter, a join's condition) does not count; what a window function
    partitions and orders by does.

    Example:
        ``SELECT o.id, o.price * o.quantity AS total FROM orders o`` gives ``total`` the origins
        ``("orders", "price")`` and ``("orders", "quantity")``.
    """
    known: _Known = {}
    _learn(relation, known)
    return tuple((field.name, tuple(sorted(known.get(field.id, frozenset())))) for field in relation.fields)


def _learn(relation: Relation, known: _Known) -> None:
    match relation:
        case ir.Scan():
            known.update({one.id: frozenset({(relation.table.name, one.name)}) for one in relation.fields})
        case ir.Join() | ir.SetOperation() | ir.Opaque():
            _learn_many(relation, known)
        case ir.Copy():
            inner: _Known = {}
            _learn(relation.input, inner)
            known.update({column + relation.offset: origins for column, origins in inner.items()})
        case ir.Lateral(input=rows, query=query):
            _learn(rows, known)
            _learn(query, known)
        case ir.Values():
            pass
        case _:
            _learn(relation.input, known)
            _learn_new(relation, known)


def _learn_many(relation: ir.Join | ir.SetOperation | ir.Opaque, known: _Known) -> None:
    inputs = (relation.left, relation.right) if isinstance(relation, ir.Join) else relation.inputs
    for one in inputs:
        _learn(one, known)
    if isinstance(relation, ir.Join):
        for merge in relation.merged:
            known[merge.column] = _origins((merge.left, merge.right), known)
    if isinstance(relation, ir.SetOperation):
        count = 1 if relation.kind == "except" else len(inputs)
        for at, field in enumerate(relation.fields):
            known[field.id] = _origins((one.fields[at].id for one in inputs[:count]), known)


def _learn_new(
    relation: ir.Projection | ir.Filter | ir.Aggregate | ir.Window | ir.Distinct | ir.Explode | ir.Limit, known: _Known
) -> None:
    match relation:
        case ir.Projection(definitions=definitions):
            _define(definitions, known)
        case ir.Aggregate(groups=groups, aggregates=aggregates, grouping_id=grouping_id):
            _define(aggregates, known)
            known.update({one.column: _origins((one.source,), known) for one in groups})
            known.update({one: _origins((each.source for each in groups), known) for one, _ in relation.markers})
            if grouping_id is not None:
                known[grouping_id] = _origins((one.source for one in groups), known)
        case ir.Window(columns=columns):
            known.update({one.column: _origins(one.reads, known) for one in columns})
        case ir.Explode(columns=columns, position=position, reads=reads):
            known.update({one: _origins(reads, known) for one in (*columns, position)})
        case _:
            pass


def _define(definitions: Iterable[ir.Definition], known: _Known) -> None:
    for one in definitions:
        origins = _origins(ir.reads_of(one.expression), known)
        if isinstance(one.expression, ir.Computed):
            for query in one.expression.queries:
                _learn(query, known)
                origins |= _origins((field.id for field in query.fields), known)
        known[one.column] = origins


def _origins(columns: Iterable[int] | Ids, known: _Known) -> frozenset[Origin]:
    return frozenset(origin for column in columns for origin in known.get(column, ()))
