"""Finds the types that columns must have, so that the code of a pipeline can cast, compare and compute them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Sum, exp.Avg, exp.Round)
_COMPARISONS = (exp.GT, exp.GTE, exp.LT, exp.LTE, exp.EQ, exp.NEQ, exp.Between)
_OF_TIME = re.compile(r"date|time|_at$|^at$|_on$|updated|created|day$")
_COMPUTING = frozenset(("sum", "avg", "mean", "round", "sqrt", "abs"))

Kinds = Iterator[tuple[str, str]]
"""Columns and their types."""


def parse_sql(text: str) -> exp.Expr | None:
    """The tree of a query; None if it is not understood."""
    try:
        return sqlglot.parse_one(text, dialect="databricks")
    except SqlglotError:
        return None


def kinds_of_sql(text: str) -> Kinds:
    """The types that a query needs: those of casts, and numbers where it computes."""
    tree = parse_sql(text)
    for node in tree.walk() if tree is not None else ():
        operands = [child for child in node.iter_expressions() if isinstance(child, exp.Column)]
        if isinstance(node, exp.Cast):
            yield from ((column.name, node.to.sql("databricks")) for column in operands)
        elif isinstance(node, exp.EQ) and len(operands) == 2:
            names = [column.name for column in operands]
            yield from ((name, "INT") for name in names if any(other.lower().endswith("id") for other in names))
        elif isinstance(node, _ARITHMETIC) or (isinstance(node, _COMPARISONS) and _has_number(node)):
            yield from ((column.name, "DOUBLE") for column in operands if not _OF_TIME.search(column.name.lower()))


def _has_number(node: exp.Expr) -> bool:
    return any(isinstance(child, exp.Literal) and not child.is_string for child in node.iter_expressions())


def kinds_of_python(function: ast.AST) -> Kinds:
    """The types that a function needs, as in `kinds_of_sql`."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            name = _column(node.func.value)
            if node.func.attr in {"cast", "astype"} and name:
                yield name, _type(node.args[0])
            elif node.func.attr in _COMPUTING:
                yield from _number(node.args[0])
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in _COMPUTING and node.args:
            yield from _number(node.args[0])
        elif isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub, ast.Mult, ast.Div)):
            yield from (*_number(node.left), *_number(node.right))
        elif isinstance(node, ast.Compare) and isinstance(node.comparators[0], ast.Constant):
            yield from _number(node.left) if isinstance(node.comparators[0].value, (int, float)) else ()
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield from kinds_of_sql(f"SELECT {node.value}")


def _number(node: ast.expr) -> Kinds:
    name = _column(node)
    if name and not _OF_TIME.search(name.lower()):
        yield name, "DOUBLE"


def _column(node: ast.expr) -> str | None:
    """The column of ``col("x")``, ``rows["x"]`` or ``"x"``."""
    if isinstance(node, ast.Call) and (getattr(node.func, "attr", None) or getattr(node.func, "id", "")) == "col":
        node = node.args[0] if node.args else node
    elif isinstance(node, ast.Subscript):
        node = node.slice
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _type(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    name = getattr(node, "attr", None) or getattr(node, "id", None) or _type_name(node)
    return str(name).removesuffix("Type").replace("Integer", "INT").upper()


def _type_name(node: ast.expr) -> str:
    function = node.func if isinstance(node, ast.Call) else node
    return str(getattr(function, "attr", None) or getattr(function, "id", ""))
