"""Checks that a rendered query is one SELECT of Databricks SQL."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from cbx.declare.signatures import INPUTS
from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Cause, Report
from cbx.diagnostics.did_you_mean import nearest
from cbx.parse.databricks_sql.dialect import read_statements
from cbx.parse.databricks_sql.nesting import obstacle
from cbx.parse.databricks_sql.quotes import mask_quotes
from cbx.parse.databricks_sql.types import suggest_type
from cbx.parse.jinja.rendered_marks import RenderedTemplate
from cbx.syntax.text import PLACEHOLDER

if TYPE_CHECKING:
    from sqlglot import exp

_FLATTER = "give each part a name by WITH, and write CROSS JOIN for a join without a condition"

_CALLED = re.compile(r"\{\{-?\s*(\w+)\s*\(")
_NO_MACROS = frozenset({"var", "secret", *INPUTS})
_CLAUSE = re.compile(
    r"\b(?:SELECT|FROM|UNION|EXCEPT|INTERSECT|WHERE|GROUP\s+BY|HAVING|QUALIFY)\b|\|>|[()]", re.IGNORECASE
)
_BEFORE_QUERY = re.compile(r"(?:[()]|\b(?:UNION|EXCEPT|INTERSECT|ALL|DISTINCT))\s*\Z", re.IGNORECASE)
_LEADING_FROM = re.compile(r"(?:\A|[()]|\b(?:UNION|EXCEPT|INTERSECT|ALL|DISTINCT))\s*FROM\b", re.IGNORECASE)
"""A fast test that no query begins with FROM, as in nearly all texts."""
_FAR = 200
_IN_LIST, _IN_CLAUSES = -1, -2
"""The parts of a query before FROM, where EXCEPT omits columns, and after it, where EXCEPT begins another query."""
_SET_OPERATIONS = frozenset({"UNION", "EXCEPT", "INTERSECT"})
_NEEDS_SELECT = frozenset({"WHERE", "GROUP", "HAVING", "QUALIFY"})
_EMPTY_ITEM = re.compile(r",(?=\s*(?:[,);]|\Z|FROM\b(?!\s*(?:,|FROM\b))|(?:GROUP|ORDER)\s+BY\b))", re.IGNORECASE)


def parse_query(rendered: RenderedTemplate, report: Report, template: str = "") -> exp.Expr | None:
    """The tree of a rendered query; None after a CBX101, in the file, for what is not one query.

    Args:
        rendered: The query.
        report: Where problems go. Equal failures of calls of one macro have it as a common cause.
        template: What was rendered.
    """
    text = rendered.text.placeholder()
    statements, mistakes = _read_statements(text)
    if statements is not None:
        mistakes = [*_find_other_mistakes(mask_quotes(text)), *_find_other_statements(text, statements)]
    called, reported = dict.fromkeys(_CALLED.findall(template)), len(report)
    for start, end, message, hint in mistakes:
        causes = [Cause("macros/", f"{name}: {message}") for name in called if name not in _NO_MACROS]
        report.add(codes.SYNTAX_ERROR, message, rendered.spans.span(start, end), hint=hint, causes=causes)
    return statements[0] if statements and len(report) == reported else None


_Mistake = tuple[int, int, str, str | None]
"""The start and end offsets in a query, the message and the hint."""


def _read_statements(text: str) -> tuple[list[exp.Expr] | None, list[_Mistake]]:
    """The statements of a text; None, and the mistake, if it cannot be parsed."""
    from sqlglot import errors

    reason = obstacle(text)
    if reason:
        return None, [(0, 1, f"invalid SQL: {reason}", _FLATTER)]
    try:
        return read_statements(text), []
    except errors.ParseError as error:
        problem = error.errors[0] if error.errors else {}
        start = _offset(problem, text)
        end = start + len(str(problem.get("highlight") or " "))
        return None, [(start, end, f"invalid SQL: {_describe_problem(problem)}", _suggest_word(text, start, end))]
    except errors.TokenError:
        start = _find_open_quote(text)
        return None, [(start, start + 1, "invalid SQL: this is never closed", "close the quote or the comment")]
    except RecursionError:
        return None, [(0, 1, "invalid SQL: it is nested too deeply", _FLATTER)]


def _find_other_statements(text: str, statements: Sequence[exp.Expr]) -> Iterator[_Mistake]:
    """What there is instead of one query."""
    from sqlglot import exp

    first_line = max(len(text.split("\n", maxsplit=1)[0]), 1)
    if not statements:
        yield 0, first_line, "there is no query here", "write a SELECT below the declaration"
    elif len(statements) > 1:
        message = f"a model is one query, and these are {len(statements)} statements"
        yield 0, first_line, message, "keep one of them"
    elif not isinstance(statements[0], (exp.Query, exp.Values)):
        word = text.split(None, 1)[0].upper()
        yield 0, first_line, f"a model is a query, and this is {word}", "write a SELECT: cbx creates the table"


def _find_other_mistakes(blanked: str) -> Iterator[_Mistake]:
    """Mistakes that sqlglot does not report."""
    empty = _EMPTY_ITEM.search(blanked)
    if empty:
        yield empty.start(), empty.end(), "invalid SQL: nothing follows this `,`", "remove the comma"
    for start, has_clause in _find_leading_froms(blanked):
        if has_clause:
            message = "invalid SQL: there is no SELECT before this FROM"
            yield start, start + len("FROM"), message, "write `SELECT ...` before it"


def _find_leading_froms(blanked: str) -> Iterator[tuple[int, bool]]:
    """The offset of each FROM that begins a query, and whether a clause follows that only a SELECT can have."""
    if _LEADING_FROM.search(blanked) is None:
        return
    around: list[int | None] = []
    begun: int | None = None
    for clause in _CLAUSE.finditer(blanked):
        word = clause[0].upper().split()[0]
        if word == "(":
            around.append(begun)
            begun = None
        elif word == ")":
            begun = around.pop() if around else None
        elif word in _SET_OPERATIONS:
            begun = None if begun != _IN_LIST else begun
        elif word == "FROM" and begun is None and _begins_query(blanked, clause.start()):
            begun = clause.start()
            yield begun, False
        elif word in _NEEDS_SELECT and begun is not None and begun >= 0:
            yield begun, True
            begun = _IN_CLAUSES
        elif word in {"SELECT", "|>", "FROM"}:
            begun = _IN_CLAUSES if word == "FROM" else _IN_LIST


def _begins_query(blanked: str, offset: int) -> bool:
    before = blanked[max(offset - _FAR, 0) : offset].rstrip()
    return _BEFORE_QUERY.search(before) is not None or (not before and offset < _FAR)


def begins_with_from(text: str) -> bool:
    """Whether a query, or a part of it, begins with FROM and so returns all columns of its input."""
    return any(True for _ in _find_leading_froms(mask_quotes(text)))


def _find_open_quote(text: str) -> int:
    """The offset of the quote or comment that is never closed."""
    opening = re.search(r"['\"`]|/\*", mask_quotes(text))
    return opening.start() if opening else 0


def _offset(problem: dict[str, Any], text: str) -> int:
    """The offset of the first character of the token that sqlglot reports: it gives the last column."""
    line, column = int(problem.get("line") or 1), int(problem.get("col") or 1)
    start = sum(len(row) + 1 for row in text.split("\n")[: line - 1])
    return max(start + column - len(str(problem.get("highlight") or " ")), 0)


def _suggest_word(text: str, start: int, end: int) -> str | None:
    """A hint with the keyword or type that was probably meant by an unexpected word, or by the word before it."""
    before = _LAST_WORD.search(text, max(start - _FAR, 0), start)
    words = [text[start:end], before[1] if before else ""]
    for word in filter(_WORD.fullmatch, words):
        keyword = nearest(word.upper(), _KEYWORDS)
        if keyword is not None and keyword != word.upper() and _is_like(word.upper(), keyword):
            return f"did you mean `{keyword}`?"
    meant = suggest_type(words[0])
    return f"did you mean `{meant}`?" if meant is not None and _is_like(words[0].upper(), meant) else None


def _is_like(word: str, other: str) -> bool:
    return SequenceMatcher(None, word, other).ratio() >= _LIKE


_WORD = re.compile(r"[A-Za-z]{3,20}")
_LAST_WORD = re.compile(r"\b([A-Za-z]+)\s*\Z")
_KEYWORDS = frozenset(
    re.findall(
        r"\w+",
        """
        SELECT DISTINCT FROM WHERE GROUP ORDER HAVING QUALIFY LIMIT UNION EXCEPT INTERSECT JOIN INNER LEFT RIGHT FULL
        CROSS LATERAL WINDOW PARTITION BETWEEN CASE WHEN THEN ELSE END CAST WITH VALUES USING
        """,
    )
)
_LIKE = 0.75


def _describe_problem(problem: dict[str, Any]) -> str:
    token = str(problem.get("highlight") or "")
    if token.startswith(PLACEHOLDER):
        return f"{'a variable' if token.startswith(f'{PLACEHOLDER}var_') else 'an input'} is not expected here"
    return f"`{token}` is not expected here" if token else "it does not parse"
