"""Moves a diagnostic from a compiled notebook to the model or the macro that it was compiled from."""

from __future__ import annotations

import re
from pathlib import Path

from cbx.compiler import Compilation
from cbx.diagnostics.diagnostic import Diagnostic
from cbx.diagnostics.source_files import Span
from cbx.runtime.errors import QueryLine
from cbx.stages.plan import ModelPlan
from cbx.stages.resolved_model import PythonCode, SqlCode


def trace_to_model(
    diagnostic: Diagnostic, query_line: QueryLine | None, compilation: Compilation, target: Path
) -> Diagnostic:
    """Move a diagnostic from a compiled notebook to its model; one with another span stays as it is.

    Args:
        diagnostic: The diagnostic of a run.
        query_line: The line of the SQL text that Spark names, if it does.
        compilation: What the notebooks were compiled from.
        target: The folder of the notebooks.
    """
    span = diagnostic.span
    if span is None or compilation.plan is None:
        return diagnostic
    for planned in compilation.plan.models:
        if str((target / planned.artifact).resolve()) == span.path:
            notebook = next(artifact.text for artifact in compilation.artifacts if artifact.path == planned.artifact)
            return diagnostic._replace(span=_span_in_model(planned, notebook, span, query_line))
    return diagnostic


def _span_in_model(planned: ModelPlan, notebook: str, span: Span, query_line: QueryLine | None) -> Span:
    """The line of the code that the notebook copies; else the declaration of the model."""
    code = planned.model.code
    traced = _line_of_code(code, notebook, span) if isinstance(code, PythonCode) else None
    if isinstance(code, SqlCode) and query_line is not None and planned.query is not None:
        traced = _line_of_query(planned, code, query_line)
    return traced or planned.model.spans.whole


def _line_of_code(code: PythonCode, notebook: str, span: Span) -> Span | None:
    for snippet in (code.source, *code.definitions):
        start = f"\n{notebook}".find(f"\n{snippet.text}\n")
        first = notebook.count("\n", 0, max(start, 0)) + 1
        if start >= 0 and first <= span.line <= first + snippet.text.count("\n"):
            line = snippet.line + span.line - first
            return span._replace(path=snippet.path, line=line, end_line=line)
    return None


def _line_of_query(planned: ModelPlan, code: SqlCode, query_line: QueryLine) -> Span | None:
    """The line of the model's query; None if Spark names another text, such as that of a view or an expectation.

    The query of the notebook starts with a line break, and has tables and values instead of inputs and variables.
    """
    if planned.query is None or code.spans is None:
        return None
    parts = [part if isinstance(part, str) else "\0" for part in planned.query.parts]
    lines, number = "".join(parts).split("\n"), query_line.number - 2
    if not 0 <= number < len(lines):
        return None
    line = lines[number].strip()
    wanted = ".*".join(map(re.escape, line.split("\0")))
    if query_line.text not in line and not re.fullmatch(wanted, query_line.text, re.DOTALL):
        return None
    model_lines = code.query.placeholder().split("\n")
    start = sum(len(line) + 1 for line in model_lines[:number])
    text = model_lines[number]
    return code.spans.span(start + len(text) - len(text.lstrip()), start + len(text.rstrip()))
