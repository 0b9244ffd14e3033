"""The way back from a line of a compiled notebook to the model, or the macro, that it came from."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from cbx.compiler import Compilation
from cbx.runtime.problems import Place, Problem, QueryLine
from cbx.stages.plan import ModelPlan
from cbx.stages.resolved import PythonCode, SqlCode


def trace_to_model(problem: Problem, compilation: Compilation, target: Path) -> Problem:
    """A problem in a compiled notebook as one in the model: what the user wrote, and what stays when notebooks go.

    Args:
        problem: The problem, with a place in a notebook; one with any other place stays as it is.
        compilation: What the notebooks were compiled from.
        target: The folder that they are in.
    """
    if problem.place is None or compilation.plan is None:
        return problem
    for planned in compilation.plan.models:
        if (target / planned.artifact).resolve() == problem.place.path:
            text = next(one.text for one in compilation.artifacts if one.path == planned.artifact)
            return replace(problem, place=_place_in_model(planned, text, problem.place.line, problem.query_line))
    return problem


def _place_in_model(planned: ModelPlan, notebook: str, line: int, query_line: QueryLine | None) -> Place:
    """The line of the code that a notebook took over; else where the model's declaration is."""
    code = planned.model.code
    found = _line_of_code(code, notebook, line) if isinstance(code, PythonCode) else None
    if isinstance(code, SqlCode) and query_line is not None and planned.query is not None:
        found = _line_of_query(planned, code, query_line)
    declaration = planned.model.spans.whole
    return found or Place(Path(declaration.path), declaration.line)


def _line_of_code(code: PythonCode, notebook: str, line: int) -> Place | None:
    for snippet in (code.source, *code.definitions):
        start = f"\n{notebook}".find(f"\n{snippet.text}\n")
        first = notebook.count("\n", 0, max(start, 0)) + 1
        if start >= 0 and first <= line <= first + snippet.text.count("\n"):
            return Place(Path(snippet.path), snippet.line + line - first)
    return None


def _line_of_query(planned: ModelPlan, code: SqlCode, found: QueryLine) -> Place | None:
    """The line of the model's query; None where Spark speaks of another text, such as that of a view or a rule.

    The notebook's query begins with a line break, and has tables and values where the model names inputs and variables.
    """
    if planned.query is None or code.spans is None:
        return None
    parts = [part if isinstance(part, str) else "\0" for part in planned.query.parts]
    lines, number = "".join(parts).split("\n"), found.number - 2
    if not 0 <= number < len(lines):
        return None
    line = lines[number].strip()
    wanted = ".*".join(map(re.escape, line.split("\0")))
    if found.text not in line and not re.fullmatch(wanted, found.text, re.DOTALL):
        return None
    own = code.query.placeholder()
    start = sum(len(line) + 1 for line in own.split("\n")[:number])
    blank = len(own[start:]) - len(own[start:].lstrip())
    return Place(Path(planned.model.path), code.spans.span(start + blank, start + blank + 1).line)
