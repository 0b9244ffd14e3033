"""Checks that a function that a declaration names takes the arguments with which it is called."""

from __future__ import annotations

import ast

from cbx.diagnostics.codes import Code
from cbx.diagnostics.diagnostic import Report, listing
from cbx.diagnostics.source_files import Span
from cbx.stages.resolved_model import PythonCode, ResolvedModel, SqlCode


def check_function_arguments(
    model: ResolvedModel, name: str, parameters: tuple[str, ...], code: Code, span: Span, report: Report
) -> None:
    """Report a function that cannot be called with some positional arguments.

    Args:
        model: The model, whose code has the function.
        name: The name of the function in the notebook.
        parameters: What it is called with, as names for a hint.
        code: The code of the diagnostic.
        span: Where the function is named.
        report: Where problems go.
    """
    functions = model.code.functions if isinstance(model.code, SqlCode) else model.code
    if functions is None:
        return
    if name == functions.function:
        message = f"`{name}` is the function of the model itself, which returns the model's rows"
        report.add(code, message, span, hint=f"name a function of {listing(parameters)}")
        return
    arguments = _find_arguments(functions, name)
    if arguments is not None and not _takes(arguments, len(parameters)):
        names = listing(argument.arg for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs))
        message = f"`{name}` takes {names or 'no arguments'}, but is called with {listing(parameters)}"
        report.add(code, message, span, hint=f"define it as `def {name}({', '.join(parameters)}):`")


def _find_arguments(code: PythonCode, name: str) -> ast.arguments | None:
    """The parameters of a function; None if it is something else, or has a decorator."""
    for definition in code.definitions:
        for node in ast.parse(definition.text).body:
            if isinstance(node, ast.FunctionDef) and node.name == name:
                return None if node.decorator_list else node.args
    return None


def _takes(arguments: ast.arguments, count: int) -> bool:
    most = len(arguments.posonlyargs) + len(arguments.args)
    needs_names = len(arguments.kwonlyargs) > sum(default is not None for default in arguments.kw_defaults)
    has_room = most >= count or arguments.vararg is not None
    return has_room and most - len(arguments.defaults) <= count and not needs_names
