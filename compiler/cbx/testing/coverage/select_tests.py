"""Finds which tests run which models, from the code of the tests.

A test of a model calls ``run_model("silver.orders", ...)``, itself or through a function of its module. If the name is
computed, the model is not known before the test runs: such a test is selected, and skipped when it runs another model.
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


def select_items(items: Sequence[pytest.Item], selected: frozenset[str]) -> list[pytest.Item]:
    """The tests that run one of the selected models, and those whose models are not known."""
    kept = []
    for item in items:
        function = getattr(item, "function", None)
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        models = models_run_by(function, tuple(parameters.values())) if function is not None else frozenset()
        if models is None or models & selected:
            kept.append(item)
    return kept


def models_run_by(function: Callable[..., Any], parameters: Collection[Any] = ()) -> frozenset[str] | None:
    """The models that a test runs; None if they are not known before it runs.

    Args:
        function: The test.
        parameters: Its arguments from ``pytest.mark.parametrize``.
    """
    models: set[str] = set()
    is_complete = True
    for called in _called_functions(function):
        names, has_all = _models_in(called)
        models |= names
        is_complete = is_complete and has_all
    if not is_complete:
        texts = {parameter for parameter in parameters if isinstance(parameter, str)}
        return frozenset(models | texts) if texts else None
    return frozenset(models)


def _called_functions(function: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    """A function, and the functions of its module that it calls, each once."""
    waiting, seen = [inspect.unwrap(function)], set()
    while waiting:
        called = waiting.pop()
        code = getattr(called, "__code__", None)
        if code is None or code in seen:
            continue
        seen.add(code)
        yield called
        scope = getattr(called, "__globals__", {})
        waiting += [
            scope[name]
            for name in code.co_names
            if inspect.isfunction(scope.get(name)) and scope[name].__module__ == called.__module__
        ]


@cache
def _models_in(function: Callable[..., Any]) -> tuple[frozenset[str], bool]:
    """The models in the calls of ``run_model`` in a function, and whether these are all that it runs."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, SyntaxError):
        return frozenset(), False
    names: set[str] = set()
    has_all = True
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or _function_name(node.func) not in _RUNNERS:
            continue
        named = [keyword.value for keyword in node.keywords if keyword.arg in {"model", "models"}]
        first = next(iter([*node.args[:1], *named]), None)
        texts = first.elts if isinstance(first, ast.List | ast.Tuple) else [first]
        for text in texts:
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                names.add(text.value)
            elif isinstance(text, ast.Name) and isinstance(function.__globals__.get(text.id), str):
                names.add(function.__globals__[text.id])
            else:
                has_all = False
    return frozenset(names), has_all


def _function_name(node: ast.expr) -> str | None:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else None
