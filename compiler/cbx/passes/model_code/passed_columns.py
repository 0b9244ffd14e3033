"""Which columns a Python function passes on under their own names, where the columns of its input are not known."""

from __future__ import annotations

import ast
from typing import NamedTuple

from cbx.syntax.declarations import Snippet

_OF_ROWS = frozenset(
    {"coalesce", "distinct", "dropDuplicates", "drop_duplicates", "filter", "limit", "repartition", "where"}
)
"""The methods of a frame that choose rows, and keep all columns."""


class PassedColumns(NamedTuple):
    """The columns that a function passes on.

    Attributes:
        parameter: The input that has them.
        names: Their names in lower case; None for all that are not ``changed``.
        changed: The names, in lower case, of columns that the function computes, renames or drops.
    """

    parameter: str
    names: frozenset[str] | None = None
    changed: frozenset[str] = frozenset()

    def has(self, name: str) -> bool:
        """Whether a column of the result is the column of the input with the same name."""
        lower = name.lower()
        return lower not in self.changed and (self.names is None or lower in self.names)

    def choose(self, names: frozenset[str]) -> PassedColumns:
        """What is left after a choice of columns."""
        return self._replace(names=frozenset(name for name in names if self.has(name)))

    def change(self, names: frozenset[str]) -> PassedColumns:
        """What is left after columns were changed."""
        return self._replace(changed=self.changed | names)


def find_passed_columns(source: Snippet) -> PassedColumns | None:
    """The columns that a function passes on; None if it does more than call methods of one input that are known here.

    Example:
        ``return landed.where("id > 0").withColumn("day", to_date("at"))`` passes on all but ``day`` of ``landed``.
    """
    try:
        (function,) = ast.parse(source.text).body
    except (SyntaxError, ValueError):
        return None
    if not isinstance(function, ast.FunctionDef):
        return None
    body = function.body[1:] if ast.get_docstring(function, clean=False) is not None else function.body
    match body:
        case [ast.Return(value=ast.expr() as value)]:
            return _follow(value)
        case _:
            return None


def _follow(value: ast.expr) -> PassedColumns | None:
    calls: list[ast.Call] = []
    while isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
        calls.append(value)
        value = value.func.value
    if not isinstance(value, ast.Name):
        return None
    passed: PassedColumns | None = PassedColumns(value.id)
    for call in reversed(calls):
        passed = passed and _apply(passed, call)
    return passed


def _apply(passed: PassedColumns, call: ast.Call) -> PassedColumns | None:
    method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if method in _OF_ROWS:
        return passed
    if call.keywords or any(isinstance(argument, ast.Starred) for argument in call.args):
        return None
    names = [_column_name(argument) for argument in call.args]
    match method, names:
        case "select", _:
            chosen = frozenset(name for name in names if name is not None)
            computed = frozenset(filter(None, map(_alias, call.args)))
            passed = passed.change(computed)
            return passed if "*" in chosen else passed.choose(chosen)
        case "withColumn", [str(name), *_]:
            return passed.change(frozenset({name}))
        case (("drop" | "withColumnRenamed"), _) if None not in names:
            return passed.change(frozenset(name for name in names if name is not None))
        case _:
            return None


def _column_name(argument: ast.expr) -> str | None:
    """The lower-case name that is written as ``"name"`` or ``col("name")``."""
    match argument:
        case ast.Constant(value=str(name)):
            return name.lower()
        case ast.Call(
            func=ast.Name(id="col" | "column") | ast.Attribute(attr="col" | "column"),
            args=[ast.Constant(value=str(name))],
        ):
            return name.lower()
        case _:
            return None


def _alias(argument: ast.expr) -> str | None:
    """The lower-case name of ``expression.alias("name")``."""
    match argument:
        case ast.Call(func=ast.Attribute(attr="alias"), args=[ast.Constant(value=str(name)), *_]):
            return name.lower()
        case _:
            return None
