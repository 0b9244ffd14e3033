"""Which columns of which tables the columns of a result are computed from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from cbx.analysis.facts import UNKNOWN_TYPE
from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.columns import NONE, Ids
from cbx.analysis.relation.relations import Relation

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
    return _origins_of_fields(relation, _Lineage())


def value_lineage(relation: Relation) -> tuple[tuple[str, tuple[Origin, ...]], ...]:
    """As `column_lineage`, but only the columns whose values, or parts of them, are in the column of the result.

    Example:
        ``SELECT length(email) AS size, lower(email) AS mail FROM customers`` gives ``size`` no origin.
    """
    return _origins_of_fields(relation, _Lineage(only_values=True))


def columns_passed_on(relation: Relation) -> frozenset[str]:
    """The names of the columns of a query's result that have the values of columns of tables as they are.

    Example:
        ``SELECT id, email AS mail, lower(name) AS name FROM customers`` passes on ``id`` and ``mail``.
    """
    passed = _passed_on(relation)
    return frozenset(field.name for field in relation.fields if field.id in passed)


def _passed_on(relation: Relation) -> set[int]:
    """The columns inside a query that have the values of columns of tables."""
    match relation:
        case ir.Scan():
            return {column.id for column in relation.fields}
        case ir.Copy(input=rows, offset=offset):
            return {column + offset for column in _passed_on(rows)}
        case ir.Join(left=left, right=right):
            passed = _passed_on(left) | _passed_on(right)
            return passed | {merge.column for merge in relation.merged if {merge.left, merge.right} <= passed}
        case ir.SetOperation(inputs=inputs):
            parts = [(child.fields, _passed_on(child)) for child in inputs]
            return {
                column.id
                for at, column in enumerate(relation.fields)
                if column.type not in {None, UNKNOWN_TYPE}
                and all(fields[at].id in passed and fields[at].type == column.type for fields, passed in parts)
            }
        case ir.Lateral(input=rows, query=query):
            return _passed_on(rows) | _passed_on(query)
        case ir.Opaque() | ir.Values():
            return set()
        case ir.Aggregate(input=rows, groups=groups):
            passed = _passed_on(rows)
            return {group.column for group in groups if group.source in passed}
        case ir.Projection(input=rows, definitions=definitions):
            passed = _passed_on(rows)
            references = (
                (definition.column, definition.expression.column)
                for definition in definitions
                if isinstance(definition.expression, ir.Reference)
            )
            return passed | {column for column, source in references if source in passed}
        case _:
            return _passed_on(relation.input)


def table_passed_on(relation: Relation) -> str | None:
    """The table whose further columns, which are not known, a result has under their own names; None if there is none.

    Example:
        ``SELECT *, upper(name) AS name_upper FROM landed WHERE id > 0`` passes on those of ``landed``.
    """
    match relation:
        case ir.Scan(table=table, is_open=True):
            return table.name
        case ir.Filter(input=rows) | ir.Limit(input=rows) | ir.Distinct(input=rows) | ir.Copy(input=rows):
            return table_passed_on(rows)
        case ir.Projection(input=rows, is_star=True):
            return table_passed_on(rows)
        case _:
            return None


def origins_of(columns: Ids, relation: Relation) -> frozenset[Origin]:
    """The columns of tables that columns inside a query are computed from."""
    lineage = _Lineage()
    lineage.collect(relation)
    return lineage.origins_of(columns)


def _origins_of_fields(relation: Relation, lineage: _Lineage) -> tuple[tuple[str, tuple[Origin, ...]], ...]:
    lineage.collect(relation)
    origins = lineage.by_column
    return tuple((field.name, tuple(sorted(origins.get(field.id, ())))) for field in relation.fields)


@dataclass
class _Lineage:
    """The origins of columns; with ``only_values`` only those whose values they have."""

    only_values: bool = False
    by_column: _OriginsByColumn = field(default_factory=dict)

    def collect(self, relation: Relation) -> None:
        """Add the columns of a relation."""
        match relation:
            case ir.Scan():
                self.by_column.update(
                    {column.id: frozenset({(relation.table.name, column.name)}) for column in relation.fields}
                )
            case ir.Join() | ir.SetOperation() | ir.Opaque():
                self._collect_from_inputs(relation)
            case ir.Copy():
                inner = _Lineage(self.only_values)
                inner.collect(relation.input)
                self.by_column.update({column + relation.offset: of for column, of in inner.by_column.items()})
            case ir.Lateral(input=rows, query=query):
                self.collect(rows)
                self.collect(query)
            case ir.Values():
                pass
            case _:
                self.collect(relation.input)
                self._collect_new_columns(relation)

    def origins_of(self, columns: Iterable[int]) -> frozenset[Origin]:
        """The origins of columns."""
        return frozenset(origin for column in columns for origin in self.by_column.get(column, ()))

    def _collect_from_inputs(self, relation: ir.Join | ir.SetOperation | ir.Opaque) -> None:
        inputs = (relation.left, relation.right) if isinstance(relation, ir.Join) else relation.inputs
        for child in inputs:
            self.collect(child)
        if isinstance(relation, ir.Join):
            for merge in relation.merged:
                self.by_column[merge.column] = self.origins_of((merge.left, merge.right))
        if isinstance(relation, ir.SetOperation):
            count = 1 if relation.kind == "except" else len(inputs)
            for at, column in enumerate(relation.fields):
                self.by_column[column.id] = self.origins_of(child.fields[at].id for child in inputs[:count])

    def _collect_new_columns(
        self,
        relation: ir.Projection | ir.Filter | ir.Aggregate | ir.Window | ir.Distinct | ir.Explode | ir.Limit,
    ) -> None:
        match relation:
            case ir.Projection(definitions=definitions):
                self._collect_definitions(definitions)
            case ir.Aggregate(groups=groups):
                self._collect_definitions(relation.aggregates)
                self.by_column.update({group.column: self.origins_of((group.source,)) for group in groups})
                grouped = NONE if self.only_values else frozenset(group.source for group in groups)
                markers = [marker for marker, _ in relation.markers]
                markers += [relation.grouping_id] if relation.grouping_id is not None else []
                self.by_column.update(dict.fromkeys(markers, self.origins_of(grouped)))
            case ir.Window(columns=columns):
                for column in columns:
                    self.by_column[column.column] = self.origins_of(column.shows if self.only_values else column.reads)
            case ir.Explode(columns=elements, position=position, reads=reads):
                self.by_column[position] = self.origins_of(NONE if self.only_values else reads)
                self.by_column.update(dict.fromkeys(elements, self.origins_of(reads)))
            case _:
                pass

    def _collect_definitions(self, definitions: Iterable[ir.Definition]) -> None:
        for definition in definitions:
            expression = definition.expression
            queries = expression.queries if isinstance(expression, ir.Computed) else ()
            for query in queries:
                self.collect(query)
            reads = ir.reads_of(expression)
            if self.only_values and isinstance(expression, ir.Computed) and expression.shows is not None:
                reads, queries = expression.shows, ()
            results = (column.id for query in queries for column in query.fields)
            self.by_column[definition.column] = self.origins_of((*reads, *results))
