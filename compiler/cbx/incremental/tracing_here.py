"""Tells whether this machine can trace what the models of ``target/`` were traced for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import ALL_MODELS, Diagnostic
from cbx.diagnostics.source_files import Span
from cbx.emit.code_hash import code_hash
from cbx.files.bounded_read import read_regular
from cbx.project.find_project import PROJECT_FILE
from cbx.target.layout import MANIFEST, TARGET

if TYPE_CHECKING:
    from cbx.compiler import Compilation


def check_tracing(root: Path, compilation: Compilation) -> tuple[Diagnostic, ...]:
    """CBX005 where models of the ``target/`` that is there were traced, and cannot be traced on this machine.

    Without an error the compilation would replace what was proven by checks on the data, or say that ``target/`` is out
    of date, though nothing of the project has changed.

    Args:
        root: The project's folder.
        compilation: What was compiled on this machine.
    """
    if not compilation.untraced_here:
        return ()
    traced = _traced_models(root)
    reason = compilation.untraced_here.get(ALL_MODELS)
    if reason is not None and traced:
        message = f"`{TARGET}/` was made with Python models traced, which this machine cannot do"
        return (_diagnostic(message, Span(PROJECT_FILE), reason),)
    return tuple(_absent_modules(compilation, traced))


def _absent_modules(compilation: Compilation, traced: dict[str, Any]) -> Iterator[Diagnostic]:
    """Of the models whose code is the same as when it was traced."""
    for planned in compilation.plan.models if compilation.plan is not None else ():
        model = planned.model
        reason = compilation.untraced_here.get(model.id)
        if reason is not None and traced.get(model.id) == code_hash(model.code):
            message = f"`{model.id}` was traced for the `{TARGET}/` that is there, and cannot be here: {reason}"
            yield _diagnostic(message, model.spans.whole, "install what is missing")


def _diagnostic(message: str, span: Span, hint: str) -> Diagnostic:
    hint = f"{hint}; or leave tracing out with `--no-trace`"
    return Diagnostic(codes.TRACING_UNAVAILABLE, message, span, hint=hint)


def _traced_models(root: Path) -> dict[str, Any]:
    """The models that were traced for ``target/``, with hashes of their code; none where no manifest can be read."""
    try:
        models = json.loads(read_regular(root / TARGET / MANIFEST))["models"]
        return {name: one.get("code_hash") for name, one in models.items() if one.get("traced") is True}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
