"""Finds the line of the model or macro from which a line of a compiled notebook came."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from cbx.compiler import Compilation
from cbx.runtime.problems import Place, Problem, QueryLine
from cbx.stages.plan import ModelPlan
from cbx.stages.resolved import PythonCode, SqlCode


def trace_to_model(problem: Problem, compilation: Compilation, target: Path) -> Problem:
    """Replace the place of a problem in a compiled notebook by the place in the model.

    Args:
        problem: The problem; it is returned unchanged if its place is not in a notebook.
        compilation: The compilation of the notebooks.
        target: The folder of the notebooks.
    """
    if problem.place is None or compilation.plan is None:
        return problem
    for planned in compilation.plan.models:
        if (target / planned.artifact).resolve() == problem.place.path:
            text = next(artifact.text for artifact in compilation.artifacts if artifact.path == planned.artifact)
            return replace(problem, place=_place_in_model(planned, text, problem.place.line, problem.query_line))
    return problem


def _place_in_model(planned: ModelPlan, notebook: str, line: int, query_line: QueryLine | None) -> Place:
    """The line of the model's code; if it is not found, the line of the model's declaration."""
    code = planned.model.code
    place = _line_of_code(code, notebook, line) if isinstance(code, PythonCode) else None
    if isinstance(code, SqlCode) and query_line is not None and planned.query is not None:
        place = _line_of_query(planned, code, query_line)
    declaration = planned.model.spans.whole
    return place or Place(Path(declaration.path), declaration.line)


def _line_of_code(code: PythonCode, notebook: str, line: int) -> Place | None:
    for snippet in (code.source, *code.definitions):
        start = f"\n{notebook}".find(f"\n{snippet.text}\n")
        first = notebook.count("\n", 0, max(start, 0)) + 1
        if start >= 0 and first <= line <= first + snippet.text.count("\n"):
            return Place(Path(snippet.path), snippet.line + line - first)
    return None


def _line_of_query(planned: ModelPlan, code: SqlCode, query_line: QueryLine) -> Place | None:
    """The line of the model's query; None if Spark's error is about another text, such as a view or an expectation.

    The notebook's query begins with a line break, and has tables and values instead of inputs and variables.
    """
    if planned.query is None or code.spans is None:
        return None
    parts = [part if isinstance(part, str) else "\0" for part in planned.query.parts]
    lines, number = "".join(parts).split("\n"), query_line.number - 2
    if not 0 <= number < len(lines):
        return None
    line = lines[number].strip()
    pattern = ".*".join(map(re.escape, line.split("\0")))
    if query_line.text not in line and not re.fullmatch(pattern, query_line.text, re.DOTALL):
        return None
    query = code.query.placeholder()
    start = sum(len(line) + 1 for line in query.split("\n")[:number])
    blank = len(query[start:]) - len(query[start:].lstrip())
    return Place(Path(planned.model.path), code.spans.span(start + blank, start + blank + 1).line)
