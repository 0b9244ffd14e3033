"""Knows the column names that Spark generates for items of SELECT without an alias.

The name is empty where Spark's name is not certain. `tests/runtime/test_names_of_spark.py` compares them with Spark.
"""

from __future__ import annotations

import re

from sqlglot import exp

from cbx.analysis.sql.expressions.expressions import ExpressionReader, parts_of
from cbx.analysis.sql.scope import ResolvedColumn
from cbx.syntax.text import PLACEHOLDER

_FRACTION = re.compile(r"(?:0|[1-9][0-9]*)\.[0-9]+")
_AGGREGATES: dict[type[exp.Expr], str] = {exp.Count: "count", exp.Max: "max", exp.Min: "min", exp.Sum: "sum"}
"""Aggregate functions with one name: sqlglot does not distinguish ``avg`` and ``mean``, for example."""

FUNCTIONS = (
    "abs any_value approx_count_distinct ascii avg base64 bit_length bool_and bool_or char_length collect_list "
    "collect_set count_if every factorial first first_value hour kurtosis last last_day last_value lcase len "
    "length lower md5 mean median minute octet_length quarter reverse second sha sha1 skewness some soundex std "
    "stddev stddev_pop stddev_samp ucase upper var_pop var_samp variance weekday"
)
"""Functions whose call with one argument is named as it is written, in lower case."""
_FUNCTIONS = frozenset(FUNCTIONS.split())

_WINDOWS = frozenset({"session_window", "window"})


def item_name(item: exp.Expr, reader: ExpressionReader) -> str:
    """The column name of an item of SELECT; empty where it is not known.

    Example:
        ``CAST(t.id AS INT)`` and ``(id)`` have the name ``id``, ``'web'`` has ``web``, ``count(*)`` has ``count(1)``.
    """
    bare = item.unnest()
    match bare:
        case exp.Alias() | exp.Column():
            return bare.alias_or_name
        case exp.Cast() | exp.TryCast():
            return _column_name(bare.this, reader)
        case exp.Dot(expression=exp.Identifier() as last):
            return str(last.this) if _is_path(bare) else ""
        case exp.Anonymous() if bare.name.lower() in _WINDOWS:
            return bare.name.lower()
        case exp.Count() | exp.Max() | exp.Min() | exp.Sum():
            return _aggregate_name(bare, reader)
        case exp.Func():
            return _function_name(bare, reader)
        case _:
            return _literal_name(bare)


def _column_name(node: exp.Expr, reader: ExpressionReader) -> str:
    """The name of a column inside an expression; empty for a struct field, which has another spelling there."""
    bare = node.unnest()
    if not isinstance(bare, exp.Column) or isinstance(bare.this, exp.Star) or bare.name.startswith(PLACEHOLDER):
        return ""
    match = reader.scope.find(parts_of(bare))
    is_whole = not match.path if isinstance(match, ResolvedColumn) else len(bare.parts) == 1
    return bare.name if is_whole else ""


def _is_path(node: exp.Expr) -> bool:
    """Whether an expression is a field access on a column."""
    while isinstance(node, (exp.Dot, exp.Paren)):
        node = node.this
    return isinstance(node, exp.Column)


def _literal_name(node: exp.Expr) -> str:
    match node:
        case exp.Null():
            return "NULL"
        case exp.Boolean():
            return "true" if node.this else "false"
        case exp.Neg(this=exp.Literal(is_string=False) as positive):
            name = _literal_name(positive)
            return f"-{name}" if name else ""
        case exp.Literal(is_string=True):
            return "" if PLACEHOLDER in str(node.this) else str(node.this)
        case exp.Literal():
            digits = str(node.this)
            if digits.isdecimal():
                return digits.lstrip("0") or "0"
            return digits if _FRACTION.fullmatch(digits) else ""
        case _:
            return ""


def _function_name(node: exp.Func, reader: ExpressionReader) -> str:
    """The name of a call with one argument, such as ``avg(amount)``.

    The name of the function is that of the text: sqlglot does not distinguish ``lower`` and ``lcase``.
    """
    place = node._meta or {}  # noqa: SLF001 - `meta` would give every node a dictionary
    written = reader.context.text[place.get("start", 0) : place.get("end", -1) + 1].lower()
    arguments = list(node.iter_expressions())
    if written not in _FUNCTIONS or len(arguments) != 1:
        return ""
    is_distinct = isinstance(arguments[0], exp.Distinct)
    inner = arguments[0].expressions if is_distinct else arguments
    name = _column_name(inner[0], reader) if len(inner) == 1 else ""
    return f"{written}({'DISTINCT ' if is_distinct else ''}{name})" if name else ""


def _aggregate_name(node: exp.Expr, reader: ExpressionReader) -> str:
    inner = node.this
    if isinstance(node, exp.Count) and isinstance(inner, exp.Star) and not inner.args.get("except_"):
        return "count(1)"
    is_distinct = isinstance(inner, exp.Distinct) and not inner.args.get("on")
    arguments = inner.expressions if is_distinct else [inner, *node.expressions]
    names = [
        _column_name(argument, reader) or _literal_name(argument.unnest())
        for argument in arguments
        if isinstance(argument, exp.Expr)
    ]
    if not names or not all(names):
        return ""
    return f"{_AGGREGATES[type(node)]}({'DISTINCT ' if is_distinct else ''}{', '.join(names)})"
