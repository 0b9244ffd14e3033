"""Checks that every expectation is a condition on the columns of its model."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Cause, Related, Report, did_you_mean, listing
from cbx.parse.databricks_sql.dialect import DIALECT, read_sql, write_sql
from cbx.parse.databricks_sql.nesting import obstacle
from cbx.parse.databricks_sql.types import normal_type
from cbx.stages.resolved import Connected
from cbx.stages.resolved_model import Column, Expectation, ResolvedModel
from cbx.syntax.text import PLACEHOLDER, Text

if TYPE_CHECKING:
    from sqlglot.expressions import Expr

_ALWAYS_THERE = frozenset({"_rescued_data", "_metadata"})


def check_expectations(connected: Connected, report: Report) -> None:
    """Report CBX404 for a repeated name, CBX405 for an unknown column, CBX406 for a text that is not a condition.

    Before: ``expect("paid", "amout > 0")`` beside a column ``amount``. After: a diagnostic that suggests it.
    """
    for model in connected.models.values():
        columns = _columns_by_name(model, connected.columns[model.id])
        first: dict[str, Expectation] = {}
        for expectation in model.expectations:
            earlier = first.setdefault(expectation.name, expectation)
            if earlier is not expectation:
                message = f"`{model.id}` has two expectations named `{expectation.name}`"
                related = [Related("the first", earlier.name_span)]
                hint = "the event log counts by name: use different names"
                report.add(codes.DUPLICATE_EXPECTATION, message, expectation.name_span, hint=hint, related=related)
            _check_condition(model, expectation, columns, report)
        if model.cdc is not None:
            _check_change_condition(model, "apply_as_deletes", model.cdc.apply_as_deletes, report)
            _check_change_condition(model, "apply_as_truncates", model.cdc.apply_as_truncates, report)


def _check_change_condition(model: ResolvedModel, argument: str, condition: Text | None, report: Report) -> None:
    """Check a condition of AUTO CDC, which is evaluated for each change."""
    reason = analyse_condition(condition.placeholder())[0] if condition is not None else ""
    if reason:
        message = f"`{argument}` of `{model.id}` is not a condition: {reason}"
        hint = "write a SQL expression that is true or false for each change"
        report.add(codes.INVALID_EXPECTATION, message, model.spans.at(argument), label=reason, hint=hint)


def _check_condition(
    model: ResolvedModel, expectation: Expectation, columns: Mapping[str, Column] | None, report: Report
) -> None:
    condition = expectation.condition.placeholder()
    reason, names = analyse_condition(condition)
    if reason:
        message = f"the expectation `{expectation.name}` of `{model.id}` is not a condition: {reason}"
        hint = "write a SQL expression that is true or false for each row"
        causes = [Cause("macros/", f"what {macro} makes") for macro in expectation.macros]
        report.add(codes.INVALID_EXPECTATION, message, expectation.span, label=reason, hint=hint, causes=causes)
        return
    if columns is None:
        return
    bare = columns.get(condition.strip().strip("`").lower())
    if bare is not None and bare.type and normal_type(bare.type) != "BOOLEAN":
        message = f"the expectation `{expectation.name}` of `{model.id}` is not a condition: it is {bare.type}"
        hint = f"write a condition, for example `{bare.name} IS NOT NULL`"
        report.add(codes.INVALID_EXPECTATION, message, expectation.span, label="not true or false", hint=hint)
    for name in names:
        if name.lower() not in columns:
            message = (
                f"the expectation `{expectation.name}` of `{model.id}` needs a column `{name}`, which it does not have"
            )
            choices = [column.name for column in columns.values()]
            hint = did_you_mean(name, choices, f"its columns are {listing(choices)}")
            causes = [Cause(model.path, f"column {name.lower()}")]
            report.add(codes.UNKNOWN_COLUMN, message, expectation.span, label="not a column", hint=hint, causes=causes)


def _columns_by_name(model: ResolvedModel, columns: tuple[Column, ...] | None) -> dict[str, Column] | None:
    """The columns that expectations of a model may use, by their names in lower case; None if unknown.

    Expectations of an ``auto_cdc`` model are evaluated on its changes, which may have other columns than the table.
    """
    if columns is None or model.cdc is not None:
        return None
    return {column.name.lower(): column for column in columns}


@lru_cache(maxsize=65536)
def analyse_condition(condition: str) -> tuple[str, tuple[str, ...]]:
    """The reason why a text is not a condition, empty if it is one, and the columns that it uses."""
    from sqlglot.errors import SqlglotError

    if not condition.strip():
        return "it is empty", ()
    reason = obstacle(condition)
    if reason:
        return reason, ()
    try:
        statements = read_sql(condition)
    except (SqlglotError, RecursionError):
        return "it is not a SQL expression", ()
    if len(statements) != 1 or statements[0] is None:
        return "it is not one SQL expression", ()
    reason = "it ends with a semicolon" if condition.rstrip().endswith(";") else _why_not_a_condition(statements[0])
    return (reason, ()) if reason else ("", _columns_in(statements[0]))


def _why_not_a_condition(tree: Expr) -> str:
    from sqlglot import exp
    from sqlglot.optimizer.annotate_types import annotate_types

    calculations = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Neg, exp.DPipe)
    reasons = {
        "it has a comment, which would hide what follows it": any(node.comments for node in tree.walk()),
        "it is a query": isinstance(tree, exp.Query),
        "it has a subquery": tree.find(exp.Query, exp.Subquery) is not None,
        "it is not a SQL expression": not isinstance(tree, exp.Condition | exp.Func) or isinstance(tree, exp.Alias),
        "it aggregates rows": tree.find(exp.AggFunc) is not None,
        "it returns several rows": tree.find(exp.UDTF) is not None,
        "it has a parameter, for which there is no value": tree.find(exp.Parameter, exp.Placeholder) is not None,
        "it has a window function": tree.find(exp.Window) is not None,
        "it computes a value, not true or false": isinstance(tree.unnest(), calculations),
    }
    for reason, applies in reasons.items():
        if applies:
            return reason
    result_type = annotate_types(tree, dialect=DIALECT).type
    fitting = {exp.DataType.Type.BOOLEAN, exp.DataType.Type.UNKNOWN, exp.DataType.Type.NULL}
    if result_type is not None and result_type.this not in fitting:
        return f"it is {write_sql(result_type)}, not true or false"
    return ""


def _columns_in(tree: Expr) -> tuple[str, ...]:
    from sqlglot import exp

    lambda_parameters = {parameter.name for function in tree.find_all(exp.Lambda) for parameter in function.expressions}
    names = []
    for column in tree.find_all(exp.Column):
        parts = [part.name for part in column.parts]
        if (
            parts[0] not in lambda_parameters
            and not parts[0].startswith(PLACEHOLDER)
            and parts[0].lower() not in _ALWAYS_THERE
        ):
            names.append(parts[0])
    return tuple(dict.fromkeys(names))
