"""Which columns of which tables the columns of a result are computed from."""

from __future__ import annotations

from collections.abc import Iterable

from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.relations import Ids, Relation

Origin = tuple[str, str]
"""A table and a column of it."""

_OriginsByColumn = dict[int, frozenset[Origin]]


def column_lineage(relation: Relation) -> tuple[tuple[str, tuple[Origin, ...]], ...]:
    """For each column of a query's result the columns of tables that its value is computed from, sorted.

    What only decides whether a row is there (a filter, a join's condition) does not count; what a window function
    partitions and orders by does.

    Example:
        ``SELECT o.id, o.price * o.quantity AS total FROM orders o`` gives ``total`` the origins
        ``("orders", "price")`` and ``("orders", "quantity")``.
    """
    origins_by_column: _OriginsByColumn = {}
    _collect_origins(relation, origins_by_column)
    return tuple((field.name, tuple(sorted(origins_by_column.get(field.id, frozenset())))) for field in relation.fields)


def origins_of(columns: Ids, relation: Relation) -> frozenset[Origin]:
    """The columns of tables that columns inside a query are computed from."""
    origins_by_column: _OriginsByColumn = {}
    _collect_origins(relation, origins_by_column)
    return _origins_of(columns, origins_by_column)


def _collect_origins(relation: Relation, origins_by_column: _OriginsByColumn) -> None:
    match relation:
        case ir.Scan():
            origins_by_column.update(
                {field.id: frozenset({(relation.table.name, field.name)}) for field in relation.fields}
            )
        case ir.Join() | ir.SetOperation() | ir.Opaque():
            _collect_from_inputs(relation, origins_by_column)
        case ir.Copy():
            inner: _OriginsByColumn = {}
            _collect_origins(relation.input, inner)
            origins_by_column.update({column + relation.offset: origins for column, origins in inner.items()})
        case ir.Lateral(input=rows, query=query):
            _collect_origins(rows, origins_by_column)
            _collect_origins(query, origins_by_column)
        case ir.Values():
            pass
        case _:
            _collect_origins(relation.input, origins_by_column)
            _collect_new_columns(relation, origins_by_column)


def _collect_from_inputs(relation: ir.Join | ir.SetOperation | ir.Opaque, origins_by_column: _OriginsByColumn) -> None:
    inputs = (relation.left, relation.right) if isinstance(relation, ir.Join) else relation.inputs
    for child in inputs:
        _collect_origins(child, origins_by_column)
    if isinstance(relation, ir.Join):
        for merge in relation.merged:
            origins_by_column[merge.column] = _origins_of((merge.left, merge.right), origins_by_column)
    if isinstance(relation, ir.SetOperation):
        count = 1 if relation.kind == "except" else len(inputs)
        for at, field in enumerate(relation.fields):
            origins_by_column[field.id] = _origins_of(
                (child.fields[at].id for child in inputs[:count]), origins_by_column
            )


def _collect_new_columns(
    relation: ir.Projection | ir.Filter | ir.Aggregate | ir.Window | ir.Distinct | ir.Explode | ir.Limit,
    origins_by_column: _OriginsByColumn,
) -> None:
    match relation:
        case ir.Projection(definitions=definitions):
            _collect_definitions(definitions, origins_by_column)
        case ir.Aggregate(groups=groups, aggregates=aggregates, grouping_id=grouping_id):
            _collect_definitions(aggregates, origins_by_column)
            origins_by_column.update(
                {group.column: _origins_of((group.source,), origins_by_column) for group in groups}
            )
            origins_by_column.update(
                {
                    marker: _origins_of((each.source for each in groups), origins_by_column)
                    for marker, _ in relation.markers
                }
            )
            if grouping_id is not None:
                origins_by_column[grouping_id] = _origins_of((group.source for group in groups), origins_by_column)
        case ir.Window(columns=columns):
            origins_by_column.update(
                {column.column: _origins_of(column.reads, origins_by_column) for column in columns}
            )
        case ir.Explode(columns=columns, position=position, reads=reads):
            origins_by_column.update({column: _origins_of(reads, origins_by_column) for column in (*columns, position)})
        case _:
            pass


def _collect_definitions(definitions: Iterable[ir.Definition], origins_by_column: _OriginsByColumn) -> None:
    for definition in definitions:
        origins = _origins_of(ir.reads_of(definition.expression), origins_by_column)
        if isinstance(definition.expression, ir.Computed):
            for query in definition.expression.queries:
                _collect_origins(query, origins_by_column)
                origins |= _origins_of((field.id for field in query.fields), origins_by_column)
        origins_by_column[definition.column] = origins


def _origins_of(columns: Iterable[int] | Ids, origins_by_column: _OriginsByColumn) -> frozenset[Origin]:
    return frozenset(origin for column in columns for origin in origins_by_column.get(column, ()))
