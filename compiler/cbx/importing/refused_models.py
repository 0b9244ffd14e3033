"""Finds the models that the compiler refuses, so that an imported project has no error."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from cbx.compiler import compile_project
from cbx.diagnostics.codes import Severity
from cbx.importing.plan_project import PlannedModels


def refused_models(files: Mapping[str, str], planned: PlannedModels, *, with_trace: bool) -> dict[str, str]:
    """Why the compiler refuses models, by the keys of their tables.

    Args:
        files: The texts of the project's files, which are compiled in a temporary folder.
        planned: The models, with their paths and macros.
        with_trace: Whether the functions of Python models are traced.
    """
    with tempfile.TemporaryDirectory() as folder:
        for path, text in files.items():
            target = Path(folder) / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8", newline="\n")
        diagnostics = compile_project(Path(folder), with_trace=with_trace).diagnostics
    refused: dict[str, str] = {}
    for diagnostic in diagnostics:
        if diagnostic.severity is Severity.ERROR:
            path = "" if diagnostic.span is None else diagnostic.span.path
            for key, own in planned.paths.items():
                if path in {own, *planned.macros.get(key, ())}:
                    refused.setdefault(key, f"{diagnostic.code.id}: {diagnostic.message}")
    return refused
