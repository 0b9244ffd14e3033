"""Compiles an imported project, and finds the models that the compiler refuses, so that the project has no error."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from cbx.compiler import Compilation, compile_project
from cbx.diagnostics.codes import Severity
from cbx.diagnostics.diagnostic import Diagnostic
from cbx.importing.plan_project import PlannedModels


def compile_files(files: Mapping[str, str], *, with_trace: bool) -> Compilation:
    """Compile a project that is not yet written, in a temporary folder.

    Args:
        files: The texts of the project's files.
        with_trace: Whether the functions of Python models are traced.
    """
    with tempfile.TemporaryDirectory() as folder:
        for path, text in files.items():
            target = Path(folder) / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8", newline="\n")
        return compile_project(Path(folder), with_trace=with_trace)


def refused_models(diagnostics: Sequence[Diagnostic], planned: PlannedModels) -> dict[str, str]:
    """Why the compiler refuses models, by the keys of their tables.

    Args:
        diagnostics: The problems of the project.
        planned: The models, with their paths and macros.
    """
    refused: dict[str, str] = {}
    for diagnostic in diagnostics:
        if diagnostic.severity is Severity.ERROR:
            path = "" if diagnostic.span is None else diagnostic.span.path
            for key, own in planned.paths.items():
                if path in {own, *planned.macros.get(key, ())}:
                    refused.setdefault(key, f"{diagnostic.code.id}: {diagnostic.message}")
    return refused
