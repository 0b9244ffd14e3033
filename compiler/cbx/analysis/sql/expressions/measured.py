"""Reads what an aggregate adds up: the columns that its values come from."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqlglot import exp

from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.columns import NONE, Ids, Measure
from cbx.analysis.relation.needs import needed_by_all
from cbx.analysis.relation.places import Place
from cbx.analysis.sql.expressions.expressions import ExpressionReader, literal
from cbx.analysis.sql.expressions.null_rejection import needed_columns
from cbx.analysis.sql.trees.closed_world import UNKNOWN

_TOTALS = (exp.Sum, exp.Count)
_COUNTING = (
    *_TOTALS, exp.Avg, exp.Stddev, exp.StddevPop, exp.StddevSamp, exp.Variance, exp.VariancePop, exp.ArrayAgg,
    exp.GroupConcat, exp.Median, exp.Mode, exp.Quantile, exp.ApproxQuantile, exp.PercentileCont, exp.PercentileDisc,
    exp.Corr, exp.CovarPop, exp.CovarSamp, exp.Skewness, exp.Kurtosis,
)  # fmt: skip
_COUNTING_NAMES = frozenset((
    "array_agg", "collect_list", "histogram_numeric", "listagg", "mean", "percentile", "percentile_approx", "regr_avgx",
    "regr_avgy", "regr_count", "regr_intercept", "regr_r2", "regr_slope", "regr_sxx", "regr_sxy", "regr_syy", "std",
    "string_agg", "try_avg", "try_sum",
))  # fmt: skip
"""Aggregates whose result changes if a row occurs twice; `min`, `count(DISTINCT x)` and similar ones do not change."""

_MEANS = (
    exp.Avg, exp.Median, exp.Mode, exp.Quantile, exp.ApproxQuantile, exp.PercentileCont, exp.PercentileDisc,
    exp.StddevPop, exp.VariancePop,
)  # fmt: skip
_MEAN_NAMES = frozenset(("mean", "percentile", "percentile_approx", "regr_avgx", "regr_avgy", "try_avg"))
_ADDING = re.compile(r"\b(?!mul\(|div\(|intdiv\(|mod\()\w+\(")
_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""")

_ADDS_NOTHING = frozenset({"0", "0.0"})
"""Literals that a sum may add without a difference."""


def read_measure(
    call: exp.Expr, function: exp.Expr, column: int, reader: ExpressionReader, place: Place
) -> Measure | None:
    """What an aggregate adds up; None for one that does not depend on how often a row occurs, and for ``count(*)``.

    Args:
        call: The call with its FILTER and WITHIN GROUP.
        function: The function that is called.
        column: The column that holds the aggregate.
        reader: Reads expressions of the rows that are aggregated.
        place: Where the call is.
    """
    name = function.name.lower() if isinstance(function, exp.Anonymous) else function.key
    if not isinstance(function, _COUNTING) and name not in _COUNTING_NAMES:
        return None
    arguments = _arguments(function)
    within = call.find(exp.WithinGroup)
    if within is not None:
        arguments += [ordered.this for ordered in within.expression.find_all(exp.Ordered)]
    if any(isinstance(argument, (exp.Distinct, exp.Star)) for argument in arguments):
        return None
    values = _union(value_columns(argument, reader) for argument in arguments)
    if values is None:
        return Measure(column, name, NONE, NONE, place)
    if not values:
        return None
    ignored = _ADDS_NOTHING if name == "sum" else frozenset[str]()
    needs = (needed_columns(argument, reader, "NOT NULL", ignored=ignored) for argument in arguments)
    not_null = NONE.union(*map(needed_by_all, needs))
    conditions = ir.reads_of(reader.read(call)) - values
    makes_total = isinstance(function, _TOTALS) or name == "try_sum"
    adds = len(values) > 1 and any(adds_values(reader.signature(argument)) for argument in arguments)
    is_mean = isinstance(function, _MEANS) or name in _MEAN_NAMES
    return Measure(column, name, values, not_null, place, conditions, makes_total, adds, is_mean)


def adds_values(signature: str) -> bool:
    """Whether an expression with a signature may add columns up, or choose one of several, instead of multiplying."""
    calls = _QUOTED.sub("", signature)
    return any(_columns_in_arguments(calls, match.end()) > 1 for match in _ADDING.finditer(calls))


def _columns_in_arguments(signature: str, at: int) -> int:
    """How many arguments of a call, which begin at an offset, read columns."""
    depth, reads, count = 0, False, 0
    for character in signature[at:]:
        depth += (character == "(") - (character == ")")
        reads = reads or character == "#"
        if depth < 0 or (depth == 0 and character == ","):
            count, reads = count + reads, False
        if depth < 0:
            break
    return count


def _arguments(function: exp.Expr) -> list[exp.Expr]:
    """The arguments of a function, except for options: the rank of a percentile, the separator of a list."""
    first = function.expressions[:1] if isinstance(function, exp.Anonymous) else [function.this]
    if isinstance(function, (exp.Corr, exp.CovarPop, exp.CovarSamp)):
        first = [function.this, function.expression]
    if isinstance(function, exp.Count):
        first += function.expressions
    if isinstance(function, exp.Anonymous) and function.name.lower().startswith("regr_"):
        first = function.expressions
    arguments: list[exp.Expr] = []
    for argument in first:
        bare = argument
        while isinstance(bare, (exp.Order, exp.Limit)):
            bare = bare.this
        if isinstance(bare, exp.Expr):
            arguments.append(bare)
    return arguments


def value_columns(node: exp.Expr, reader: ExpressionReader) -> Ids | None:
    """The columns that a value comes from, without those that only a condition in it reads; None if not known."""
    if literal(node) is not None:
        return NONE
    if isinstance(node, (exp.Query, exp.Subquery)) or (isinstance(node, exp.Anonymous) and node.this == UNKNOWN):
        return None
    known = reader.read(node)
    if isinstance(known, ir.Reference):
        return frozenset({known.column})
    match node:
        case exp.Column():
            return known.reads or None if isinstance(known, ir.Computed) else NONE
        case exp.Case(args={"ifs": branches}):
            results = [branch.args["true"] for branch in branches]
            default = node.args.get("default")
            return _union(value_columns(part, reader) for part in (*results, *([default] if default else [])))
        case exp.If() | exp.Nvl2():
            parts = [part for part in (node.args.get("true"), node.args.get("false")) if part is not None]
            return _union(value_columns(part, reader) for part in parts)
        case exp.Nullif():
            return value_columns(node.this, reader)
        case _:
            parts = [part for part in node.iter_expressions() if not isinstance(part, (exp.DataType, exp.Var))]
            return _union(value_columns(part, reader) for part in parts)


def _union(columns: Iterable[Ids | None]) -> Ids | None:
    found: Ids = NONE
    for each in columns:
        if each is None:
            return None
        found |= each
    return found
