"""Checks that a rendered query is one SELECT of Databricks SQL."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Report
from cbx.parse.dialect import read_statements
from cbx.parse.jinja.templates import Rendered
from cbx.parse.nesting import obstacle
from cbx.parse.quotes import without_quotes
from cbx.syntax.text import PLACEHOLDER

if TYPE_CHECKING:
    from sqlglot import exp

_FLATTER = "give each part a name by WITH, and say CROSS JOIN where a join has no condition"

_EMPTY_ITEM = re.compile(r",(?=\s*(?:[,);]|\Z|FROM\b(?!\s*(?:,|FROM\b))|(?:GROUP|ORDER)\s+BY\b))", re.IGNORECASE)


def parse_query(rendered: Rendered, report: Report) -> exp.Expr | None:
    """The tree of a rendered query; None after a CBX101, in the file, for what is not one query."""
    from sqlglot import errors, exp

    text = rendered.text.placeholder()
    blanked = without_quotes(text)

    def add(start: int, end: int, message: str, hint: str | None = None) -> None:
        report.add(codes.SYNTAX_ERROR, message, rendered.spans.span(start, end), hint=hint)

    reason = obstacle(text)
    if reason:
        add(0, 1, f"this is no SQL that can be read: {reason}", _FLATTER)
        return None
    try:
        statements = read_statements(text)
    except errors.ParseError as error:
        problem = error.errors[0] if error.errors else {}
        start = _offset(problem, text)
        add(start, start + len(str(problem.get("highlight") or " ")), f"this is not SQL: {_description(problem)}")
        return None
    except errors.TokenError:
        start = _open_quote(text)
        add(start, start + 1, "this is not SQL: what opens here is never closed", "close the quote or the comment")
        return None
    except RecursionError:
        add(0, 1, "this is not SQL: it is nested too deeply", _FLATTER)
        return None
    found = len(report)
    empty = _EMPTY_ITEM.search(blanked)
    if empty:
        add(empty.start(), empty.end(), "this is not SQL: nothing stands behind this `,`", "take the comma out")
    first_line = max(len(text.split("\n")[0]), 1)
    if not statements:
        add(0, first_line, "there is no query here", "write a SELECT below the declaration")
    elif len(statements) > 1:
        add(0, first_line, f"a model is one query, and these are {len(statements)} statements", "keep one of them")
    elif not isinstance(statements[0], (exp.Query, exp.Values)):
        word = text.split(None, 1)[0].upper()
        add(0, first_line, f"a model is a query, and this is {word}", "write a SELECT: cbx makes the table")
    return statements[0] if len(report) == found else None


def _open_quote(text: str) -> int:
    """The offset of the quote or comment that is never closed."""
    found = re.search(r"['\"`]|/\*", without_quotes(text))
    return found.start() if found else 0


def _offset(problem: dict[str, Any], text: str) -> int:
    """The offset of the first character of the token that sqlglot stumbled over: it tells the last column."""
    line, column = int(problem.get("line") or 1), int(problem.get("col") or 1)
    start = sum(len(one) + 1 for one in text.split("\n")[: line - 1])
    return max(start + column - len(str(problem.get("highlight") or " ")), 0)


def _description(problem: dict[str, Any]) -> str:
    found = str(problem.get("highlight") or "")
    if found.startswith(PLACEHOLDER):
        return f"{'a variable' if found.startswith(f'{PLACEHOLDER}var_') else 'an input'} is not expected here"
    return f"`{found}` is not expected here" if found else "it does not parse"
