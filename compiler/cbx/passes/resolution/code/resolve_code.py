"""Resolves the code of models: a function with what it needs, or a query."""

from __future__ import annotations

import hashlib
import json

from cbx.diagnostics.diagnostic import Report
from cbx.passes.read_macros import Macros
from cbx.passes.resolution.code.inline_macros import inline_macros
from cbx.passes.resolution.code.named_functions import find_named_functions, functions_alone, need_functions
from cbx.passes.resolution.declaration_texts import DeclarationTexts
from cbx.stages.declared import DeclaredModel
from cbx.stages.resolved_model import PythonCode, SqlCode
from cbx.syntax.declarations import SqlQuery


def resolve_code(
    model: DeclaredModel, macros: Macros, variables: frozenset[str], report: Report
) -> PythonCode | SqlCode | None:
    """The code of a model, with the functions that its declaration names; None after a diagnostic.

    Args:
        model: The model.
        macros: The macros.
        variables: The variables that have a value somewhere.
        report: Where problems go: CBX103 for an invalid name of a function, and what `inline_macros` reports.
    """
    functions, code = find_named_functions(model, macros.modules, report), model.code
    if isinstance(code, SqlQuery):
        named = inline_macros(functions_alone(functions), "", macros.modules, variables, report) if functions else None
        return SqlCode(code.text, code.spans, named)
    needed = need_functions(code, functions) if functions else code
    return inline_macros(needed, code.definition.names[0], macros.modules, variables, report)


def hash_content(texts: DeclarationTexts, code: PythonCode | SqlCode | None) -> str:
    """The hash of the files of a model and of the Python macros that it uses, with its parameters of another file."""
    rows, parameters = texts.declaration.rows, texts.declaration.parameters
    parts = [texts.source.text, *([] if rows is None else [rows.source.text])]
    if parameters is not None and parameters.span.path != texts.source.path:
        parts.append(json.dumps(parameters.values))
    if isinstance(code, SqlCode):
        parts.append(code.query.placeholder())
    functions = code.functions if isinstance(code, SqlCode) else code
    if functions is not None:
        parts += [definition.text for definition in functions.definitions]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
