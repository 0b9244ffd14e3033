"""Finds the functions that declarations name as text, such as ``foreach_batch="write_orders"``."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Report
from cbx.diagnostics.source_files import Span
from cbx.syntax.declarations import (
    ImportedName,
    NeededName,
    PythonFunction,
    PythonModule,
    Snippet,
    SqlQuery,
    Statement,
)

_FUNCTION = re.compile(r"(?:(?P<module>macros(?:\.[A-Za-z_]\w*)+)\.)?(?P<name>[A-Za-z_]\w*)", re.ASCII)
_HINT = 'name a function of the file, or one of macros with its file: "macros.outbox.send"'


def check_function_name(
    named: str, code: PythonFunction | SqlQuery, modules: Mapping[str, PythonModule | None], span: Span, report: Report
) -> str | None:
    """The name that a function has in the notebook; None after a diagnostic.

    Args:
        named: The text of the declaration: ``write_orders``, or ``macros.outbox.write_orders``.
        code: The code of the model.
        modules: The Python macros by module name, for hints.
        span: The span of the text.
        report: Where problems go: CBX103 for a text that is not a name, CBX205 for a function without its file in SQL.
    """
    match = _FUNCTION.fullmatch(named)
    if match is None:
        report.add(codes.WRONG_ARGUMENT_TYPE, f"`{named}` is not the name of a function", span, hint=_HINT)
        return None
    if match["module"] is None and isinstance(code, SqlQuery):
        homes = [name for name, module in modules.items() if module is not None and _defines(module, named)]
        hint = f'write "{homes[0]}.{named}"' if homes else 'name its file, too: "macros.outbox.send"'
        message = f"`{named}` is not defined here: a SQL model has the functions of macros only"
        report.add(codes.UNKNOWN_MACRO, message, span, label="not found", hint=hint)
        return None
    return match["name"]


def _defines(module: PythonModule, name: str) -> bool:
    return any(name in statement.names for statement in module.statements)


def need_function(code: PythonFunction, named: str, span: Span) -> PythonFunction:
    """A model's function that also needs a function that `check_function_name` has checked."""
    needed = NeededName(named.rpartition(".")[2], "code", span)
    definition = code.definition._replace(needs=(*code.definition.needs, needed))
    module = code.module._replace(imports=(*code.module.imports, *_imports(named, span)))
    return PythonFunction(definition, module)


def function_alone(named: str, span: Span) -> PythonFunction:
    """Code that only needs a function of macros, for the notebook of a SQL model."""
    needed = NeededName(named.rpartition(".")[2], "code", span)
    definition = Statement((), (), (needed,), Snippet(span.path, span.line, ""), (), (), span)
    return PythonFunction(definition, PythonModule(span.path, (), _imports(named, span)))


def _imports(named: str, span: Span) -> tuple[ImportedName, ...]:
    module, _, name = named.rpartition(".")
    return (ImportedName(name, module, name, span),) if module else ()
