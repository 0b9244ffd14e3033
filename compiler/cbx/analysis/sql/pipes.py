"""Finds pipe syntax (``FROM t |> WHERE .. |> JOIN ..``) whose order sqlglot loses.

sqlglot puts all steps up to the next SELECT or AGGREGATE into one SELECT, which moves a LIMIT from before a join to
after it. This module therefore reads the steps from the text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cbx.parse.databricks_sql.dialect import tokens_of

_PIPE = "|>"
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
_KEEP_ROWS = frozenset({"WHERE", "ORDER", "LIMIT", "OFFSET"})
_JOINS = frozenset({"ANTI", "CROSS", "FULL", "INNER", "JOIN", "LATERAL", "LEFT", "NATURAL", "RIGHT", "SEMI"})
_SELECT_CLAUSES = frozenset({"SELECT", "WHERE", "GROUP", "LIMIT", "HAVING", "QUALIFY", "DISTINCT"})
_SET_OPERATIONS = frozenset({"INTERSECT", "UNION"})


@dataclass
class _BracketLevel:
    """The steps at one level of brackets since the last SELECT or AGGREGATE."""

    is_piped: bool = False
    is_limited: bool = False
    is_filtered: bool = False
    is_joined: bool = False
    has_clauses: bool = False


def reorders_pipe_steps(query: str) -> bool:
    """Whether sqlglot changes the order of the pipe steps of a query, or drops some."""
    if _PIPE not in query:
        return False
    words = [token.upper().split()[0] if token.strip() else token for token in tokens_of(query)]
    levels = [_BracketLevel()]
    for at, word in enumerate(words):
        if word in _OPENING:
            levels.append(_BracketLevel())
        elif word in _CLOSING and len(levels) > 1:
            levels.pop()
        elif word == _PIPE:
            levels[-1].is_piped = True
            if levels[-1].has_clauses or _take_step(levels[-1], words[at + 1 : at + 3]):
                return True
        elif (word in _SET_OPERATIONS and words[at - 1] != _PIPE) or (
            word in _SELECT_CLAUSES and not levels[-1].is_piped
        ):
            levels[-1].has_clauses = True
    return False


def _take_step(level: _BracketLevel, step: Sequence[str]) -> bool:
    """Record a step; return whether sqlglot moves it before an earlier one."""
    head = step[0] if step else ""
    is_moved = level.is_limited and head not in _KEEP_ROWS
    if head in {"LIMIT", "OFFSET"}:
        level.is_limited = True
    elif head == "WHERE":
        is_moved = level.is_limited
        level.is_filtered = True
    elif head in _JOINS:
        is_moved = is_moved or (level.is_filtered and head in {"FULL", "RIGHT", "NATURAL"})
        level.is_joined = True
    elif head in {"PIVOT", "UNPIVOT", "TABLESAMPLE"}:
        is_moved = is_moved or level.is_filtered or level.is_joined
    elif head != "ORDER":
        level.is_limited = level.is_filtered = level.is_joined = False
    return is_moved or list(step) == ["SELECT", "DISTINCT"]
