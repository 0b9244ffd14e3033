"""Reads PIVOT, which groups, and UNPIVOT, which makes a row of each of some columns."""

from __future__ import annotations

from sqlglot import exp

from cbx.analysis.facts import DOUBTFUL
from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.relations import Field, Relation
from cbx.analysis.sql.expressions.column_names import item_name
from cbx.analysis.sql.expressions.expression_types import type_of
from cbx.analysis.sql.expressions.expressions import ExpressionReader
from cbx.analysis.sql.scope import Context, FromItem, Scope

_UNKNOWN = "a pivot"


def read_pivot(pivot: exp.Expr, relation: Relation, scope: Scope, context: Context) -> Relation:
    """Read a PIVOT or UNPIVOT of rows.

    Args:
        pivot: The clause.
        relation: The rows.
        scope: The names of the rows' columns alone.
        context: What is shared while the query is read.

    Returns:
        The rows that it makes; opaque where it is not understood.
    """
    opaque = ir.Opaque((relation,), (), reason=_UNKNOWN)
    fields = pivot.args.get("fields") or []
    if relation.is_open or len(fields) != 1 or not isinstance(fields[0], exp.In) or not isinstance(pivot, exp.Pivot):
        return opaque
    if pivot.args.get("using") or pivot.args.get("group"):
        return opaque
    reader = ExpressionReader(scope, context)
    made = (_unpivot if pivot.args.get("unpivot") else _pivot)(pivot, fields[0], relation, reader)
    return made or opaque


def scope_of_relation(relation: Relation, name: tuple[str, ...], around: Scope) -> Scope:
    """A scope in which the rows' own columns alone can be named."""
    certain = frozenset(one.name.lower() for one in relation.fields)
    source = FromItem(name, relation.fields, relation.is_open, certain)
    return Scope(from_items=[source], star=list(relation.fields), queries=around.queries)


def _pivot(pivot: exp.Pivot, choice: exp.In, relation: Relation, reader: ExpressionReader) -> Relation | None:
    """The columns that neither an aggregate nor FOR names are grouped by; each value in IN makes columns."""
    used: set[int] = set()
    for column in [
        *choice.this.find_all(exp.Column),
        *(one for call in pivot.expressions for one in call.find_all(exp.Column)),
    ]:
        field = reader.field(column)
        if field is None:
            return None
        used.add(field.id)
    groups = tuple(one for one in relation.fields if one.id not in used)
    if len({one.id for one in relation.fields}) < len(relation.fields):
        return None
    made = _pivot_columns(pivot, choice, reader)
    reads = frozenset(used)
    values = tuple(ir.Definition(one.id, ir.Computed("", reads, is_deterministic=False)) for one in made)
    keys = tuple(ir.Group(one.id, one.id) for one in groups)
    return ir.Aggregate(relation, keys, values, (*groups, *made), is_open=not made)


def _pivot_columns(pivot: exp.Pivot, choice: exp.In, reader: ExpressionReader) -> tuple[Field, ...]:
    """A column for each value and aggregate; where Spark's name of one is not certain, it has none."""
    calls, fields = pivot.expressions, []
    for value in choice.expressions:
        name = value.alias if isinstance(value, exp.PivotAlias) else item_name(value, reader)
        for call in calls:
            ending = f"_{call.alias}" if len(calls) > 1 else ""
            full = f"{name}{ending}" if name and ending != "_" else ""
            fields.append(reader.context.new_field(full, type_of(call, reader)))
    return tuple(fields)


def _unpivot(pivot: exp.Pivot, choice: exp.In, relation: Relation, reader: ExpressionReader) -> Relation | None:
    """A row for each of some columns, or groups of columns; their names tell the rows of one row apart."""
    name_column = choice.this
    values = pivot.expressions[0] if len(pivot.expressions) == 1 else None
    wanted = values.expressions if isinstance(values, exp.Tuple) else [values]
    if not isinstance(name_column, (exp.Identifier, exp.Column)) or not all(
        isinstance(one, exp.Identifier) for one in wanted
    ):
        return None
    used: set[int] = set()
    used_names: set[str] = set()
    names: list[str] = []
    for item in choice.expressions:
        bare = item.this if isinstance(item, exp.PivotAlias) else item
        columns = bare.expressions if isinstance(bare, exp.Tuple) else [bare]
        found = [reader.field(one) for one in columns]
        names.append(item.alias if isinstance(item, exp.PivotAlias) else "_".join(one.name for one in columns))
        used.update(one.id for one in found if one is not None)
        used_names.update(one.name.lower() for one in found if one is not None)
        if None in found or len(columns) != len(wanted):
            return None
    if len(set(names)) < len(names):
        return None
    kept = tuple(one for one in relation.fields if one.name.lower() not in used_names)
    position = reader.context.new_field(name_column.name, "STRING")
    made = tuple(reader.context.new_field(one.name, DOUBTFUL) for one in wanted)  # type: ignore[union-attr]
    fields: tuple[Field, ...] = (*kept, position, *made)
    rows = ir.Explode(relation, position.id, tuple(one.id for one in made), frozenset(used), False, fields)
    return ir.Projection(rows, (), fields)
