"""Finds pipes (``FROM t |> WHERE .. |> JOIN ..``) of which sqlglot loses the order.

It makes clauses of one SELECT of all steps up to the next one that selects or aggregates, and so a LIMIT before a join
becomes one behind it. The steps are therefore looked at in the text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cbx.parse.dialect import tokens_of

_PIPE = "|>"
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
_KEEP_ROWS = frozenset({"WHERE", "ORDER", "LIMIT", "OFFSET"})
_JOINS = frozenset({"ANTI", "CROSS", "FULL", "INNER", "JOIN", "LATERAL", "LEFT", "NATURAL", "RIGHT", "SEMI"})
_SELECT_CLAUSES = frozenset({"SELECT", "WHERE", "GROUP", "LIMIT", "HAVING", "QUALIFY", "DISTINCT"})
_SET_OPERATIONS = frozenset({"INTERSECT", "UNION"})


@dataclass
class _BracketLevel:
    """What one level of brackets has seen since its rows were last settled."""

    is_piped: bool = False
    is_limited: bool = False
    is_filtered: bool = False
    is_joined: bool = False
    has_clauses: bool = False


def reorders_pipe_steps(query: str) -> bool:
    """Whether a query has a pipe whose steps sqlglot reads in another order, or in part only."""
    if _PIPE not in query:
        return False
    words = [one.upper().split()[0] if one.strip() else one for one in tokens_of(query)]
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
    """Take one more step; whether it is read in front of one before it."""
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
