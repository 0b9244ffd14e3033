"""Reads PIVOT, which aggregates, and UNPIVOT, which turns columns into rows."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from cbx.analysis.facts import UNKNOWN_TYPE
from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.columns import Field, Group, Ids, Measure
from cbx.analysis.relation.relations import Relation
from cbx.analysis.sql.expressions.column_names import item_name
from cbx.analysis.sql.expressions.expressions import ExpressionReader
from cbx.analysis.sql.expressions.measured import read_measure
from cbx.analysis.sql.expressions.type_rules.expression_types import type_of_result
from cbx.analysis.sql.scope import Context, FromItem, Scope
from cbx.analysis.sql.trees.query_spans import query_span
from cbx.analysis.sql.trees.window_functions import unwrap_window_function
from cbx.analysis.types.value_types import united_type

_UNKNOWN = "a pivot"


def read_pivot(pivot: exp.Expr, relation: Relation, scope: Scope, context: Context) -> Relation:
    """Read a PIVOT or UNPIVOT of rows.

    Args:
        pivot: The clause.
        relation: The input.
        scope: The names of the input's columns alone.
        context: What is shared while the query is read.

    Returns:
        The output; opaque where the clause is not supported.
    """
    opaque = ir.Opaque((relation,), (), reason=_UNKNOWN)
    fields = pivot.args.get("fields") or []
    if relation.is_open or len(fields) != 1 or not isinstance(fields[0], exp.In) or not isinstance(pivot, exp.Pivot):
        return opaque
    if pivot.args.get("using") or pivot.args.get("group"):
        return opaque
    reader = ExpressionReader(scope, context)
    rows = (_unpivot if pivot.args.get("unpivot") else _pivot)(pivot, fields[0], relation, reader)
    return rows or opaque


def scope_of_relation(relation: Relation, name: tuple[str, ...], outer: Scope) -> Scope:
    """A scope with the columns of one relation only."""
    certain = frozenset(field.name.lower() for field in relation.fields)
    source = FromItem(name, relation.fields, relation.is_open, certain)
    return Scope(from_items=[source], star=list(relation.fields), queries=outer.queries)


def _pivot(pivot: exp.Pivot, choice: exp.In, relation: Relation, reader: ExpressionReader) -> Relation | None:
    """Read a PIVOT: it groups by the columns that are neither in an aggregate nor in FOR."""
    chosen_by = _columns_in([choice.this], reader)
    aggregated = _columns_in(pivot.expressions, reader)
    if chosen_by is None or aggregated is None:
        return None
    used = chosen_by | aggregated
    groups = tuple(field for field in relation.fields if field.id not in used)
    if len({field.id for field in relation.fields}) < len(relation.fields):
        return None
    pivoted = _pivot_columns(pivot, choice, reader)
    values = tuple(ir.Definition(field.id, ir.Computed("", used, is_deterministic=False)) for field in pivoted)
    keys = tuple(Group(field.id, field.id) for field in groups)
    measures = _measures(pivot.expressions, pivoted, chosen_by, reader)
    return ir.Aggregate(relation, keys, values, (*groups, *pivoted), is_open=not pivoted, measures=measures)


def _columns_in(nodes: list[exp.Expr], reader: ExpressionReader) -> Ids | None:
    """The columns that expressions read; None where one of them is not known."""
    fields = [reader.field(column) for node in nodes for column in node.find_all(exp.Column)]
    known = frozenset(field.id for field in fields if field is not None)
    return None if None in fields else known


def _measures(
    calls: list[exp.Expr], pivoted: tuple[Field, ...], chosen_by: Ids, reader: ExpressionReader
) -> tuple[Measure, ...]:
    """The aggregates of a PIVOT, one for each column: it adds up the rows in which FOR has one value."""
    measures = []
    for number, field in enumerate(pivoted):
        call = calls[number % len(calls)].unalias()
        measure = read_measure(call, unwrap_window_function(call)[0], field.id, reader, query_span(call))
        measures += [replace(measure, fixed=chosen_by)] if measure is not None else []
    return tuple(measures)


def _pivot_columns(pivot: exp.Pivot, choice: exp.In, reader: ExpressionReader) -> tuple[Field, ...]:
    """A column for each value and aggregate; its name is empty where Spark's is not certain."""
    calls, fields = pivot.expressions, []
    for value in choice.expressions:
        name = value.alias if isinstance(value, exp.PivotAlias) else item_name(value, reader)
        for call in calls:
            ending = f"_{call.alias}" if len(calls) > 1 else ""
            full = f"{name}{ending}" if name and ending != "_" else ""
            fields.append(reader.context.new_field(full, type_of_result(call, reader)))
    return tuple(fields)


def _unpivot(pivot: exp.Pivot, choice: exp.In, relation: Relation, reader: ExpressionReader) -> Relation | None:
    """Read an UNPIVOT: a row for each column or tuple of columns, identified by the name column."""
    name_column = choice.this
    values = pivot.expressions[0] if len(pivot.expressions) == 1 else None
    value_names = values.expressions if isinstance(values, exp.Tuple) else [values]
    if not isinstance(name_column, (exp.Identifier, exp.Column)) or not all(
        isinstance(name, exp.Identifier) for name in value_names
    ):
        return None
    used: set[int] = set()
    used_names: set[str] = set()
    names: list[str] = []
    kinds: list[list[str | None]] = [[] for _ in value_names]
    for item in choice.expressions:
        bare = item.this if isinstance(item, exp.PivotAlias) else item
        columns = bare.expressions if isinstance(bare, exp.Tuple) else [bare]
        fields_read = [reader.field(column) for column in columns]
        names.append(item.alias if isinstance(item, exp.PivotAlias) else "_".join(column.name for column in columns))
        used.update(field.id for field in fields_read if field is not None)
        used_names.update(field.name.lower() for field in fields_read if field is not None)
        if None in fields_read or len(columns) != len(value_names):
            return None
        for of_value, field in zip(kinds, fields_read, strict=True):
            of_value.append(field.type if field is not None else UNKNOWN_TYPE)
    if len(set(names)) < len(names):
        return None
    other_fields = tuple(field for field in relation.fields if field.name.lower() not in used_names)
    position = reader.context.new_field(name_column.name, "STRING")
    value_fields = tuple(
        reader.context.new_field(name.name, united_type(of_value))
        for name, of_value in zip(value_names, kinds, strict=True)
    )
    fields: tuple[Field, ...] = (*other_fields, position, *value_fields)
    rows = ir.Explode(relation, position.id, tuple(field.id for field in value_fields), frozenset(used), False, fields)
    return ir.Projection(rows, (), fields)
