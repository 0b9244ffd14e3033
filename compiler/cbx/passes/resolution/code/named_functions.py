"""Finds the functions that declarations name as text, such as ``foreach_batch="write_orders"``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from cbx.declare.documents import SnapshotsDocument
from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Report
from cbx.diagnostics.source_files import Span
from cbx.stages.declared import DeclaredModel
from cbx.syntax.declarations import (
    ImportedName,
    NeededName,
    PythonFunction,
    PythonModule,
    Snippet,
    SqlQuery,
    Statement,
)

_FUNCTION = r"(?:macros(?:\.[A-Za-z_]\w*)+\.)?[A-Za-z_]\w*"
_HINT = 'name a function of the file, or one of macros with its file: "macros.outbox.send"'


class NamedFunction(NamedTuple):
    """A function that a declaration names: ``send``, or ``macros.outbox.send``."""

    text: str
    span: Span


def name_in_notebook(text: str) -> str:
    """The name that a named function has in a notebook."""
    return text.rpartition(".")[2]


def find_named_functions(
    model: DeclaredModel, modules: Mapping[str, PythonModule | None], report: Report
) -> tuple[NamedFunction, ...]:
    """The functions that a model names.

    Args:
        model: The model.
        modules: The Python macros by module name, for hints.
        report: Where problems go: CBX103 for a text that is not a name, CBX205 for a function without its file in SQL.
    """
    return tuple(function for function in _named_functions(model) if _check_name(function, model, modules, report))


def _named_functions(model: DeclaredModel) -> Iterator[NamedFunction]:
    foreach_batch = getattr(model.document, "foreach_batch", None)
    if foreach_batch is not None:
        yield NamedFunction(foreach_batch, model.spans.at("foreach_batch"))
    for source in model.inputs:
        document = source.call.document
        if isinstance(document, SnapshotsDocument) and document.function is not None:
            yield NamedFunction(document.function, source.call.spans.at("function"))


def _check_name(
    function: NamedFunction, model: DeclaredModel, modules: Mapping[str, PythonModule | None], report: Report
) -> bool:
    text, span = function
    if re.fullmatch(_FUNCTION, text, re.ASCII) is None:
        report.add(codes.WRONG_ARGUMENT_TYPE, f"`{text}` is not the name of a function", span, hint=_HINT)
        return False
    if "." not in text and isinstance(model.code, SqlQuery):
        homes = [name for name, module in modules.items() if module is not None and _defines(module, text)]
        hint = f'write "{homes[0]}.{text}"' if homes else 'name its file, too: "macros.outbox.send"'
        message = f"`{text}` is not defined here: a SQL model has the functions of macros only"
        report.add(codes.UNKNOWN_MACRO, message, span, label="not found", hint=hint)
        return False
    return True


def _defines(module: PythonModule, name: str) -> bool:
    return any(name in statement.names for statement in module.statements)


def need_functions(code: PythonFunction, functions: tuple[NamedFunction, ...]) -> PythonFunction:
    """A model's function that also needs the functions that its declaration names."""
    definition = code.definition._replace(needs=(*code.definition.needs, *_needs(functions)))
    return PythonFunction(definition, code.module._replace(imports=(*code.module.imports, *_imports(functions))))


def functions_alone(functions: tuple[NamedFunction, ...]) -> PythonFunction:
    """Code that only needs functions of macros, for the notebook of a SQL model."""
    span = functions[0].span
    definition = Statement((), (), tuple(_needs(functions)), Snippet(span.path, span.line, ""), (), (), span)
    return PythonFunction(definition, PythonModule(span.path, (), tuple(_imports(functions))))


def _needs(functions: tuple[NamedFunction, ...]) -> Iterator[NeededName]:
    for text, span in functions:
        yield NeededName(name_in_notebook(text), "code", span)


def _imports(functions: tuple[NamedFunction, ...]) -> Iterator[ImportedName]:
    for text, span in functions:
        module, _, name = text.rpartition(".")
        if module:
            yield ImportedName(name, module, name, span)
