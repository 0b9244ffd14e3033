"""Finds expressions whose types Spark refuses."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence

from sqlglot import exp

from cbx.analysis.relation.columns import Field
from cbx.analysis.relation.places import Place
from cbx.analysis.relation.query_mistakes import QueryMistake
from cbx.analysis.sql.expressions.expressions import ExpressionReader, visible_nodes
from cbx.analysis.sql.expressions.type_rules.expression_types import remember_types, value_expressions
from cbx.analysis.sql.trees.query_spans import place_of
from cbx.analysis.types.refused_types import (
    ACCEPTED_BY_NAME,
    have_no_common_type,
    refuses_argument,
    refuses_arithmetic,
    refuses_comparison,
    refuses_logic,
)

_SIGNS: dict[type[exp.Expr], str] = {
    exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%", exp.IntDiv: "div",
}  # fmt: skip
_COMPARISONS: dict[type[exp.Expr], str] = {
    exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=", exp.NullSafeEQ: "<=>",
    exp.NullSafeNEQ: "IS DISTINCT FROM",
}  # fmt: skip

_TypeOf = Callable[[object], "str | None"]


def mismatched_types(nodes: Iterable[exp.Expr | None], reader: ExpressionReader) -> list[QueryMistake]:
    """The expressions whose types Spark certainly refuses, such as the sum of dates, each once.

    The types of all operands are certain. Of nested expressions the innermost is reported, since the type of the others
    depends on it. Subqueries are read on their own; lambda functions are not read.
    """
    type_of = remember_types(reader)
    mistakes: dict[exp.Expr, QueryMistake] = {}
    for node in nodes:
        with_mistake: set[int] = set()
        for part in reversed(visible_nodes(node, exp.Lambda) if node is not None else []):
            shown = "" if id(part) in with_mistake else _find_refused(part, type_of)
            if shown:
                names = tuple(column.name.lower() for column in part.find_all(exp.Column))
                mistakes.setdefault(part, QueryMistake("mismatched_types", shown, place_of(part), names))
            if shown or id(part) in with_mistake:
                with_mistake.add(id(part.parent))
    return list(mistakes.values())


def mismatched_columns(pairs: Iterable[tuple[Field, Field]], places: Iterable[Place] = ()) -> list[QueryMistake]:
    """The pairs of columns of a join on names that Spark certainly refuses to compare, each at its place."""
    return [
        QueryMistake("mismatched_types", f"{left.type} = {right.type}", place, (left.name.lower(),))
        for (left, right), place in itertools.zip_longest(pairs, places)
        if refuses_comparison([left.type, right.type])
    ]


def without_aliases(clauses: Iterable[exp.Expr], items: Iterable[exp.Expr]) -> list[exp.Expr]:
    """The clauses after SELECT that name no alias of it: there an alias hides a column of the same name."""
    aliases = {item.alias.lower() for item in items if isinstance(item, exp.Alias)}
    return [
        clause for clause in clauses if not any(node.name.lower() in aliases for node in clause.find_all(exp.Column))
    ]


def _find_refused(node: exp.Expr, type_of: _TypeOf) -> str:
    """An expression with the types of its operands, ``DATE + STRING``, if Spark refuses it; empty if not."""
    if type(node) in _SIGNS:
        left, right = type_of(node.this), type_of(node.expression)
        sign = _SIGNS[type(node)]
        return f"{left} {sign} {right}" if refuses_arithmetic(sign, left, right) else ""
    if type(node) in _COMPARISONS:
        kinds = [type_of(node.this), type_of(node.expression)]
        return f" {_COMPARISONS[type(node)]} ".join(_list_types(kinds)) if refuses_comparison(kinds) else ""
    match node:
        case exp.And() | exp.Or():
            kinds = [type_of(node.this), type_of(node.expression)]
            return f" {node.key.upper()} ".join(_list_types(kinds)) if refuses_logic(*kinds) else ""
        case exp.In() | exp.Between():
            ends = node.expressions if isinstance(node, exp.In) else [node.args["low"], node.args["high"]]
            value, others = type_of(node.this), [type_of(end) for end in ends]
            if not others or not any(refuses_comparison([value, other]) for other in others):
                return ""
            word = f"IN ({', '.join(_list_types(others))})" if isinstance(node, exp.In) else None
            return f"{value} {word or 'BETWEEN ' + ' AND '.join(_list_types(others))}"
        case exp.Coalesce() | exp.Greatest() | exp.Least() | exp.If():
            kinds = [type_of(value) for value in value_expressions(node)]
            return f"{node.key}({', '.join(_list_types(kinds))})" if have_no_common_type(kinds) else ""
        case exp.Case():
            return _find_refused_case(node, type_of)
        case _:
            return _find_refused_call(node, type_of)


def _find_refused_case(node: exp.Case, type_of: _TypeOf) -> str:
    """The values of a CASE that it cannot compare, or its results, where they have no common type."""
    value = type_of(node.this)
    for kind in [type_of(branch.this) for branch in node.args["ifs"]] if value else []:
        if refuses_comparison([value, kind]):
            return f"CASE {value} WHEN {kind}"
    kinds = [type_of(result) for result in value_expressions(node)]
    return f"CASE {' '.join(f'THEN {kind}' for kind in _list_types(kinds))} END" if have_no_common_type(kinds) else ""


def _find_refused_call(node: exp.Expr, type_of: _TypeOf) -> str:
    """A function with the type of its first argument, ``sum(DATE)``, if it refuses that."""
    is_named = isinstance(node, exp.Anonymous)
    name = f"anonymous:{node.name.lower()}" if is_named else node.key
    if name not in ACCEPTED_BY_NAME:
        return ""
    argument = next(iter(node.expressions), None) if is_named else node.this
    if isinstance(argument, exp.Distinct) and len(argument.expressions) == 1:
        argument = argument.expressions[0]
    kind = type_of(argument)
    return _spell_call(node, str(kind)) if refuses_argument(name, kind) else ""


def _spell_call(node: exp.Expr, kind: str) -> str:
    match node:
        case exp.Neg():
            return f"-{kind}"
        case exp.Not():
            return f"NOT {kind}"
        case exp.Like() | exp.RegexpLike():
            return f"{kind} {'LIKE' if isinstance(node, exp.Like) else 'RLIKE'}"
        case exp.Anonymous():
            return f"{node.name.lower()}({kind})"
        case exp.Func():
            return f"{_SPARK_NAMES.get(node.key, node.sql_name().lower())}({kind})"
        case _:
            return f"{node.key}({kind})"


_SPARK_NAMES = {
    "countif": "count_if", "logicaland": "bool_and", "logicalor": "bool_or", "stddevpop": "stddev_pop",
    "stddevsamp": "stddev_samp", "tsordsadd": "date_add", "variancepop": "var_pop",
}  # fmt: skip
"""Functions that Spark calls differently than sqlglot."""


def _list_types(kinds: Sequence[str | None]) -> list[str]:
    """Types as they are shown; an unknown one is an ellipsis."""
    return [kind or "..." for kind in kinds]
