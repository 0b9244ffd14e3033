"""Checks that this machine can trace the models that were traced for ``target/``."""

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
    """CBX005 for models that were traced for ``target/`` and cannot be traced on this machine.

    Without this error the compilation would replace proofs by checks on the data, or report that ``target/`` is out of
    date, although the project has not changed.

    Args:
        root: The project's folder.
        compilation: The compilation on this machine.
    """
    if not compilation.untraced_here:
        return ()
    traced = _traced_models(root)
    reason = compilation.untraced_here.get(ALL_MODELS)
    if reason is not None and traced:
        message = f"Python models were traced for `{TARGET}/`, but cannot be traced on this machine"
        return (_untraceable(message, Span(PROJECT_FILE), reason),)
    return tuple(_check_models(compilation, traced))


def _check_models(compilation: Compilation, traced: dict[str, Any]) -> Iterator[Diagnostic]:
    """CBX005 for each model whose code has not changed since it was traced."""
    for planned in compilation.plan.models if compilation.plan is not None else ():
        model = planned.model
        reason = compilation.untraced_here.get(model.id)
        if reason is not None and traced.get(model.id) == code_hash(model.code):
            message = f"`{model.id}` was traced for `{TARGET}/`, but cannot be traced on this machine: {reason}"
            yield _untraceable(message, model.spans.whole, "install what is missing")


def _untraceable(message: str, span: Span, hint: str) -> Diagnostic:
    hint = f"{hint}; or skip tracing with `--no-trace`"
    return Diagnostic(codes.TRACING_UNAVAILABLE, message, span, hint=hint)


def _traced_models(root: Path) -> dict[str, Any]:
    """Hashes of the code of the models that were traced for ``target/``; empty without a readable manifest."""
    try:
        models = json.loads(read_regular(root / TARGET / MANIFEST))["models"]
        return {name: model.get("code_hash") for name, model in models.items() if model.get("traced") is True}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
