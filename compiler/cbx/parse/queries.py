"""Checks that a rendered query is one SELECT of Databricks SQL."""

from __future__ import annotations

from typing import Any

from cbx import codes
from cbx.diagnostics import Report
from cbx.parse.template_places import Template
from cbx.parse.templates import Rendered

_DIALECT = "databricks"


def check_query(rendered: Rendered, template: Template, report: Report) -> None:
    """Report CBX101, in the file, for what is not one query."""
    import sqlglot
    from sqlglot import errors, exp

    text = rendered.text.placeholder()
    try:
        statements = [one for one in sqlglot.parse(text, dialect=_DIALECT) if one is not None]
    except errors.ParseError as error:
        problem = error.errors[0] if error.errors else {}
        start = _offset(problem, text)
        width = len(str(problem.get("highlight") or " "))
        _report(rendered, template, start, start + width, f"this is not SQL: {_description(problem)}", report)
        return
    except (errors.TokenError, RecursionError) as error:
        reason = (
            "it is nested too deeply" if isinstance(error, RecursionError) else "a quote or a comment is never closed"
        )
        _report(rendered, template, 0, 1, f"this is not SQL: {reason}", report)
        return
    if len(statements) != 1 or not isinstance(statements[0], (exp.Query, exp.Values)):
        found = (
            "nothing"
            if not statements
            else f"{len(statements)} statements"
            if len(statements) > 1
            else "another statement"
        )
        _report(
            rendered,
            template,
            0,
            max(len(text.split("\n")[0]), 1),
            f"a model is one query, and this is {found}",
            report,
        )
        return


def _report(rendered: Rendered, template: Template, start: int, end: int, message: str, report: Report) -> None:
    source = template.source
    first = min(rendered.source_offset(start), len(source.text))
    last = min(max(rendered.source_offset(end - 1) + 1, first + 1), len(source.text))
    report.add(codes.SYNTAX_ERROR, message, source.span(first, max(last, first)))


def _offset(problem: dict[str, Any], text: str) -> int:
    """The offset of the first character of the token that sqlglot stumbled over: it tells the last column."""
    line, column = int(problem.get("line") or 1), int(problem.get("col") or 1)
    start = sum(len(one) + 1 for one in text.split("\n")[: line - 1])
    return max(start + column - len(str(problem.get("highlight") or " ")), 0)


def _description(problem: dict[str, Any]) -> str:
    found = problem.get("highlight")
    return f"`{found}` is not expected here" if found else "it does not parse"
