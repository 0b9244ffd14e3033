"""The homes of columns and the verdicts on aggregates, as the manifest has them."""

from __future__ import annotations

from typing import Any

from cbx.analysis.facts import ColumnHome, TableRelationship
from cbx.parse.databricks_sql.types import is_number
from cbx.stages.measures import MeasureRepetition, MeasureResult
from cbx.stages.plan import Plan
from cbx.stages.resolved_model import Column, ResolvedModel

_HERE = ColumnHome()


def home_of_column(column: Column, model: ResolvedModel, plan: Plan) -> dict[str, Any]:
    """Where a numeric column is at home, whether it is repeated in its table, and what it is; empty for another one.

    A column whose home is not listed is at home in its own table, if its model is analysed.
    """
    home = column.home or _HERE
    if not (is_number(column.type) or (home.measure and not column.type)):
        return {}
    is_here = home.is_repeated is False and not home.table
    is_known = plan.project.settings.compile.reports_all and (column.lineage is not None or not model.model_inputs)
    tables, key = ((model.id,), model.key or ()) if is_here else (home.tables, home.key)
    is_at_home = is_known and bool(tables or key)
    return {
        "home": {"tables": list(tables), "key": list(dict.fromkeys(key))} if is_at_home else None,
        "repeated": home.is_repeated if is_known else None,
        "measure": home.measure or None,
    }


def lay_out_measure(measure: MeasureResult) -> dict[str, Any]:
    """An aggregate and its verdict."""
    return {
        "text": measure.text,
        "function": measure.function,
        "column": measure.column,
        "path": measure.span.path if measure.span else None,
        "line": measure.span.line if measure.span else None,
        "columns": list(measure.values),
        "homes": list(measure.homes),
        "measure": measure.measure or None,
        "verdict": measure.verdict,
        "repeated_by": None if measure.repeated_by is None else _repetition(measure.repeated_by),
    }


def _repetition(repetition: MeasureRepetition) -> dict[str, Any]:
    return {
        "reason": repetition.reason,
        "declared": repetition.is_declared,
        "table": repetition.table or None,
        "path": repetition.span.path if repetition.span else None,
        "line": repetition.span.line if repetition.span else None,
        "relationship": None if repetition.relationship is None else _relationship(repetition.relationship),
    }


def _relationship(relationship: TableRelationship) -> dict[str, Any]:
    return {
        "parent": relationship.parent,
        "child": relationship.child,
        "on": dict(relationship.on),
        "cardinality": relationship.cardinality,
    }
