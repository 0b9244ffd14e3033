"""Computes the values of expressions other than calls."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

from cbx.importing.evaluation.bounded_results import format_value
from cbx.importing.evaluation.known_calls import BUILTINS, COMPARISONS, OPERATORS, compute, format_values
from cbx.importing.evaluation.values import (
    UNKNOWN,
    LibraryCall,
    LibraryName,
    LocalModule,
    NameScope,
    SecretText,
    TextTemplate,
    UserFunction,
    is_known,
    library_module,
)


class ValueSource(Protocol):
    """Computes the values of the parts of an expression."""

    def value(self, node: ast.expr, scope: NameScope) -> Any:
        """The value of an expression."""

    def arguments(self, nodes: Sequence[ast.expr], scope: NameScope) -> list[Any] | None:
        """The values of items; None if a star has an unknown value."""

    def bind(self, target: ast.expr, value: Any, scope: NameScope) -> None:
        """Bind the names of a target."""


def _name(_: ValueSource, node: ast.Name, scope: NameScope) -> Any:
    holder = scope.holder(node.id)
    if holder is not None:
        return holder.values[node.id]
    return LibraryName(node.id) if node.id in {"spark", "dbutils", *BUILTINS} else UNKNOWN


def _attribute(values: ValueSource, node: ast.Attribute, scope: NameScope) -> Any:
    value = values.value(node.value, scope)
    if isinstance(value, LibraryName):
        return LibraryName(library_module(f"{value.name}.{node.attr}"))
    if isinstance(value, LocalModule):
        return value.scope.look_up(node.attr)
    return UNKNOWN


def _list(values: ValueSource, node: ast.List | ast.Set, scope: NameScope) -> Any:
    items = values.arguments(node.elts, scope)
    return UNKNOWN if items is None else items


def _tuple(values: ValueSource, node: ast.Tuple, scope: NameScope) -> Any:
    items = values.arguments(node.elts, scope)
    return UNKNOWN if items is None else tuple(items)


def _dict(values: ValueSource, node: ast.Dict, scope: NameScope) -> Any:
    items: dict[Any, Any] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        if key is None:
            inner = values.value(value, scope)
            if not isinstance(inner, dict):
                return UNKNOWN
            items |= inner
            continue
        name = values.value(key, scope)
        if not isinstance(name, (str, int, float, bool, tuple, type(None))):
            return UNKNOWN
        items[name] = values.value(value, scope)
    return items


def _text(values: ValueSource, node: ast.JoinedStr, scope: NameScope) -> Any:
    return format_values([_piece(values, part, scope) for part in node.values])


def _piece(values: ValueSource, part: ast.expr, scope: NameScope) -> Any:
    if not isinstance(part, ast.FormattedValue):
        return part.value if isinstance(part, ast.Constant) else UNKNOWN
    value = values.value(part.value, scope)
    if part.format_spec is not None:
        spec = values.value(part.format_spec, scope)
        return compute(format_value, [value, spec], {})
    return compute(repr, [value], {}) if part.conversion == ord("r") and is_known(value) else value


def _binary(values: ValueSource, node: ast.BinOp, scope: NameScope) -> Any:
    return operate(type(node.op).__name__, values.value(node.left, scope), values.value(node.right, scope))


def operate(name: str, left: Any, right: Any) -> Any:
    """The result of a binary operation; UNKNOWN if a side is not known."""
    function = OPERATORS.get(name)
    if isinstance(left, LibraryCall) and isinstance(right, LibraryCall) and name in {"BitAnd", "BitOr"}:
        return LibraryCall(name, (left, right), ())
    if function is None or not is_known((left, right)):
        return UNKNOWN
    texts = (str, TextTemplate, SecretText)
    if name == "Add" and isinstance(left, texts) and isinstance(right, texts):
        return SecretText.join((left, right))
    if any(
        isinstance(side, (TextTemplate, SecretText, LibraryCall, LibraryName, UserFunction)) for side in (left, right)
    ):
        return UNKNOWN
    return compute(function, [left, right], {})


def _compare(values: ValueSource, node: ast.Compare, scope: NameScope) -> Any:
    left = values.value(node.left, scope)
    if isinstance(left, LibraryCall) and len(node.ops) == 1:
        return LibraryCall(type(node.ops[0]).__name__, (left, values.value(node.comparators[0], scope)), ())
    for op, comparator in zip(node.ops, node.comparators, strict=True):
        right = values.value(comparator, scope)
        if not is_known(left) or not is_known(right) or isinstance(left, TextTemplate):
            return UNKNOWN
        result = compute(COMPARISONS[type(op).__name__], [left, right], {})
        if result is UNKNOWN or not result:
            return result
        left = right
    return True


def _logic(values: ValueSource, node: ast.BoolOp, scope: NameScope) -> Any:
    is_and = isinstance(node.op, ast.And)
    value: Any = is_and
    for part in node.values:
        value = values.value(part, scope)
        truth = truth_of(value)
        if truth is UNKNOWN or truth is not is_and:
            return value if truth is not UNKNOWN else UNKNOWN
    return value


def _not(values: ValueSource, node: ast.UnaryOp, scope: NameScope) -> Any:
    value = values.value(node.operand, scope)
    if isinstance(node.op, ast.Not):
        truth = truth_of(value)
        return UNKNOWN if truth is UNKNOWN else not truth
    return -value if isinstance(node.op, ast.USub) and isinstance(value, (int, float)) else UNKNOWN


def truth_of(value: Any) -> Any:
    """Whether a value is true; UNKNOWN if that is not known."""
    plain = (str, int, float, list, tuple, dict, type(None))
    return bool(value) if isinstance(value, plain) else UNKNOWN


def _conditional(values: ValueSource, node: ast.IfExp, scope: NameScope) -> Any:
    truth = truth_of(values.value(node.test, scope))
    if truth is UNKNOWN:
        return UNKNOWN
    return values.value(node.body if truth else node.orelse, scope)


def _item(values: ValueSource, node: ast.Subscript, scope: NameScope) -> Any:
    value = values.value(node.value, scope)
    if not isinstance(value, (list, tuple, dict, str)):
        return UNKNOWN
    if isinstance(node.slice, ast.Slice):
        bounds = [None if part is None else values.value(part, scope) for part in (node.slice.lower, node.slice.upper)]
        return compute(lambda: value[slice(*bounds)], [], {})
    index = values.value(node.slice, scope)
    return compute(lambda: value[index], [], {}) if is_known(index) else UNKNOWN


def _comprehension(values: ValueSource, node: ast.ListComp | ast.SetComp | ast.GeneratorExp, scope: NameScope) -> Any:
    results: list[Any] = []
    is_complete = _each(values, node.generators, scope, lambda inner: results.append(values.value(node.elt, inner)))
    return results if is_complete else UNKNOWN


def _dict_comprehension(values: ValueSource, node: ast.DictComp, scope: NameScope) -> Any:
    pairs: list[tuple[Any, Any]] = []

    def add(inner: NameScope) -> None:
        pairs.append((values.value(node.key, inner), values.value(node.value, inner)))

    is_complete = _each(values, node.generators, scope, add)
    return dict(pairs) if is_complete and all(isinstance(key, (str, int)) for key, _ in pairs) else UNKNOWN


def _each(
    values: ValueSource, generators: Sequence[ast.comprehension], scope: NameScope, action: Callable[[NameScope], None]
) -> bool:
    """Do something for each combination of items; False if an iterable or a condition is unknown."""
    if not generators:
        action(scope)
        return True
    first, *rest = generators
    items = values.value(first.iter, scope)
    if not isinstance(items, (list, tuple, dict)):
        return False
    for item in items:
        inner = NameScope(scope.file, scope)
        values.bind(first.target, item, inner)
        truths = [truth_of(values.value(test, inner)) for test in first.ifs]
        if any(truth is UNKNOWN for truth in truths):
            return False
        if all(truths) and not _each(values, rest, inner, action):
            return False
    return True


def _constant(_: ValueSource, node: ast.Constant, __: NameScope) -> Any:
    return node.value


def _walrus(values: ValueSource, node: ast.NamedExpr, scope: NameScope) -> Any:
    value = values.value(node.value, scope)
    scope.values[node.target.id] = value
    return value


VALUES: Final[dict[type, Callable[[ValueSource, Any, NameScope], Any]]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.List: _list,
    ast.Set: _list,
    ast.Tuple: _tuple,
    ast.Dict: _dict,
    ast.JoinedStr: _text,
    ast.BinOp: _binary,
    ast.Compare: _compare,
    ast.BoolOp: _logic,
    ast.UnaryOp: _not,
    ast.IfExp: _conditional,
    ast.Subscript: _item,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.DictComp: _dict_comprehension,
    ast.NamedExpr: _walrus,
}
"""What computes each class of expressions; the evaluator computes calls and lambdas."""
