"""Which columns of which tables the columns of a result are made of."""

from __future__ import annotations

from collections.abc import Iterable

from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.relations import Ids, Relation

Origin = tuple[str, str]
"""A table and a column of it."""

_OriginsByColumn = dict[int, frozenset[Origin]]


def column_lineage(relation: Relation) -> tuple[tuple[str, tuple[Origin, ...]], ...]:
    """For each column of a query's result the columns of tables that its value is made of, sorted.

    What only decides whether a row is there (a filter, a join's condition) does not count; what a window function
    partitions and orders by does.

    Example:
        ``SELECT o.id, o.price * o.quantity AS total FROM orders o`` gives ``total`` the origins
        ``("orders", "price")`` and ``("orders", "quantity")``.
    """
    origins_by_column: _OriginsByColumn = {}
    _learn(relation, origins_by_column)
    return tuple((field.name, tuple(sorted(origins_by_column.get(field.id, frozenset())))) for field in relation.fields)


def _learn(relation: Relation, origins_by_column: _OriginsByColumn) -> None:
    match relation:
        case ir.Scan():
            origins_by_column.update(
                {field.id: frozenset({(relation.table.name, field.name)}) for field in relation.fields}
            )
        case ir.Join() | ir.SetOperation() | ir.Opaque():
            _learn_many(relation, origins_by_column)
        case ir.Copy():
            inner: _OriginsByColumn = {}
            _learn(relation.input, inner)
            origins_by_column.update({column + relation.offset: origins for column, origins in inner.items()})
        case ir.Lateral(input=rows, query=query):
            _learn(rows, origins_by_column)
            _learn(query, origins_by_column)
        case ir.Values():
            pass
        case _:
            _learn(relation.input, origins_by_column)
            _learn_new(relation, origins_by_column)


def _learn_many(relation: ir.Join | ir.SetOperation | ir.Opaque, origins_by_column: _OriginsByColumn) -> None:
    inputs = (relation.left, relation.right) if isinstance(relation, ir.Join) else relation.inputs
    for child in inputs:
        _learn(child, origins_by_column)
    if isinstance(relation, ir.Join):
        for merge in relation.merged:
            origins_by_column[merge.column] = _origins((merge.left, merge.right), origins_by_column)
    if isinstance(relation, ir.SetOperation):
        count = 1 if relation.kind == "except" else len(inputs)
        for at, field in enumerate(relation.fields):
            origins_by_column[field.id] = _origins((child.fields[at].id for child in inputs[:count]), origins_by_column)


def _learn_new(
    relation: ir.Projection | ir.Filter | ir.Aggregate | ir.Window | ir.Distinct | ir.Explode | ir.Limit,
    origins_by_column: _OriginsByColumn,
) -> None:
    match relation:
        case ir.Projection(definitions=definitions):
            _define(definitions, origins_by_column)
        case ir.Aggregate(groups=groups, aggregates=aggregates, grouping_id=grouping_id):
            _define(aggregates, origins_by_column)
            origins_by_column.update({group.column: _origins((group.source,), origins_by_column) for group in groups})
            origins_by_column.update(
                {
                    marker: _origins((each.source for each in groups), origins_by_column)
                    for marker, _ in relation.markers
                }
            )
            if grouping_id is not None:
                origins_by_column[grouping_id] = _origins((group.source for group in groups), origins_by_column)
        case ir.Window(columns=columns):
            origins_by_column.update({column.column: _origins(column.reads, origins_by_column) for column in columns})
        case ir.Explode(columns=columns, position=position, reads=reads):
            origins_by_column.update({column: _origins(reads, origins_by_column) for column in (*columns, position)})
        case _:
            pass


def _define(definitions: Iterable[ir.Definition], origins_by_column: _OriginsByColumn) -> None:
    for definition in definitions:
        origins = _origins(ir.reads_of(definition.expression), origins_by_column)
        if isinstance(definition.expression, ir.Computed):
            for query in definition.expression.queries:
                _learn(query, origins_by_column)
                origins |= _origins((field.id for field in query.fields), origins_by_column)
        origins_by_column[definition.column] = origins


def _origins(columns: Iterable[int] | Ids, origins_by_column: _OriginsByColumn) -> frozenset[Origin]:
    return frozenset(origin for column in columns for origin in origins_by_column.get(column, ()))
