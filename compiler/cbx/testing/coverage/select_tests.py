"""Which tests run which models: read from the code of a test before it runs.

A test of a model calls ``run_model("silver.orders", ...)``, itself or by way of a function beside it. Where the name
is not written down there but computed, nobody knows before the test runs; such a test is run, and skipped as soon as it
asks for another model.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cache
from typing import Any

import pytest

_RUNNERS = frozenset({"run_model", "run_models"})


def chosen_items(items: Sequence[pytest.Item], wanted: frozenset[str]) -> list[pytest.Item]:
    """The tests that run one of some models, and those of which that is not known."""
    kept = []
    for item in items:
        function = getattr(item, "function", None)
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        models = models_run_by(function, tuple(parameters.values())) if function is not None else frozenset()
        if models is None or models & wanted:
            kept.append(item)
    return kept


def models_run_by(function: Callable[..., Any], parameters: Collection[Any] = ()) -> frozenset[str] | None:
    """The models that a test runs; None where that shows only when it runs.

    Args:
        function: The test.
        parameters: The values that ``pytest.mark.parametrize`` gives it.
    """
    found: set[str] = set()
    is_certain = True
    for one in _reached(function):
        names, is_whole = _names_in(one)
        found |= names
        is_certain = is_certain and is_whole
    if not is_certain:
        texts = {one for one in parameters if isinstance(one, str)}
        return frozenset(found | texts) if texts else None
    return frozenset(found)


def _reached(function: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    """A function and those of its module that it calls, each once."""
    waiting, seen = [inspect.unwrap(function)], set()
    while waiting:
        one = waiting.pop()
        code = getattr(one, "__code__", None)
        if code is None or code in seen:
            continue
        seen.add(code)
        yield one
        scope = getattr(one, "__globals__", {})
        waiting += [
            scope[name]
            for name in code.co_names
            if inspect.isfunction(scope.get(name)) and scope[name].__module__ == one.__module__
        ]


@cache
def _names_in(function: Callable[..., Any]) -> tuple[frozenset[str], bool]:
    """The models that a function names where it runs them, and whether it names all of them."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, SyntaxError):
        return frozenset(), False
    names: set[str] = set()
    is_whole = True
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or _called(node.func) not in _RUNNERS:
            continue
        named = [one.value for one in node.keywords if one.arg in {"model", "models"}]
        first = next(iter([*node.args[:1], *named]), None)
        texts = first.elts if isinstance(first, ast.List | ast.Tuple) else [first]
        for text in texts:
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                names.add(text.value)
            elif isinstance(text, ast.Name) and isinstance(function.__globals__.get(text.id), str):
                names.add(function.__globals__[text.id])
            else:
                is_whole = False
    return frozenset(names), is_whole


def _called(node: ast.expr) -> str | None:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else None
