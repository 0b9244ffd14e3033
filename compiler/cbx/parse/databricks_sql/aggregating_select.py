"""Finds the parts of the SELECT that has an aggregate, as ranges of the query's text.

The text is searched instead of the tree, so that the parts are what the author has written.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from sqlglot import exp
from sqlglot.errors import SqlglotError

from cbx.parse.databricks_sql.brackets import depths
from cbx.parse.databricks_sql.dialect import read_one
from cbx.parse.databricks_sql.quotes import mask_quotes

Range = tuple[int, int]
"""Two offsets in the text of a query."""

_CLAUSES = (
    "WITH|SELECT|FROM|WHERE|GROUP\\s+BY|HAVING|QUALIFY|WINDOW|ORDER\\s+BY|SORT\\s+BY|CLUSTER\\s+BY|DISTRIBUTE\\s+BY|LIMIT|"
    "OFFSET|UNION|INTERSECT|EXCEPT|MINUS|AS|DISTINCT"
)
_SIGN = re.compile(rf"[(),;]|\|>|\b(?:{_CLAUSES})\b", re.IGNORECASE)
_REFUSED = frozenset({"UNION", "INTERSECT", "EXCEPT", "MINUS", "HAVING", "QUALIFY", ";", "|>"})
"""What combines queries or removes groups, so that a row that is counted several times may not matter."""
_AFTER_ROWS = frozenset(("GROUP BY", "WINDOW", "ORDER BY", "SORT BY", "CLUSTER BY", "DISTRIBUTE BY", "LIMIT", "OFFSET"))
_CALL = re.compile(r"\w+\s*\(")
_AFTER_CALL = re.compile(r"\s*(?:FILTER|OVER|WITHIN|IGNORE|RESPECT)\b", re.IGNORECASE)
_MANY_SETS = re.compile(
    r"\s*(?:ALL\b|\(\s*\)|(?:ROLLUP|CUBE|GROUPING\s+SETS|WINDOW|SESSION_WINDOW)\s*\()", re.IGNORECASE
)
_QUANTIFIER = re.compile(r"\s*(?:ALL|DISTINCT)\b", re.IGNORECASE)
_NAME = re.compile(r"\w+|`[^`]+`")
_ALIAS = re.compile(r"\s*(?:\bAS\b\s*)?\w+\Z", re.IGNORECASE)
"""The alias at the end of an item, quotes masked."""


class _Sign(NamedTuple):
    """A word or sign of the query, in capital letters, with how many brackets are open before it."""

    text: str
    start: int
    end: int
    depth: int


class _SelectItem(NamedTuple):
    """An item of SELECT without its alias, and the alias in lower case; empty if it has none."""

    plain: Range
    alias: str


class AggregatingSelect(NamedTuple):
    """The parts of a SELECT.

    Attributes:
        common: The common table expressions before it, with their WITH.
        rows: FROM with all that follows, up to the groups.
        groups: What it groups by.
        value: The argument of the aggregate.
    """

    common: Range
    rows: Range
    groups: tuple[Range, ...]
    value: Range


def find_aggregating_select(query: str, start: int, columns: Iterable[str]) -> AggregatingSelect | None:
    """The parts of the SELECT with the aggregate that begins at an offset.

    Args:
        query: The text of a query.
        start: The offset of the aggregate.
        columns: The names of the columns of FROM, in lower case: names in GROUP BY that are not aliases.

    Returns:
        The parts; None where the SELECT is not the outermost one or a common table expression of it, or has a form that
        is not supported.
    """
    masked, signs, closings = _read_signs(query)
    found = _scope_of(signs, closings, start, len(query))
    if found is None:
        return None
    common, scope, depth = found
    inside = [sign for sign in signs if sign.depth == depth and scope[0] <= sign.start < scope[1]]
    select = next((sign for sign in inside if sign.text == "SELECT"), None)
    source = next((sign for sign in inside if sign.text == "FROM" and select and sign.start > select.start), None)
    if select is None or source is None or any(sign.text in _REFUSED for sign in inside):
        return None
    if _QUANTIFIER.match(masked, select.end):
        return None
    if any(
        sign.text in {"SELECT", "WITH"} or _is_comparison(masked, sign) for sign in inside if sign.start > select.end
    ):
        return None
    after = [sign for sign in inside if sign.text in _AFTER_ROWS and sign.start > source.start]
    rows = _trim(masked, (source.start, after[0].start if after else scope[1]))
    groups: list[Range] | None = []
    if after and after[0].text == "GROUP BY":
        ranges = _split(inside, after[0].end, after[1].start if len(after) > 1 else scope[1])
        items = [_read_item(query, masked, *item) for item in _split(inside, select.end, source.start)]
        groups = _groups(query, masked, ranges, items, frozenset(columns))
    value = _argument(masked, signs, closings, start)
    if groups is None or value is None:
        return None
    return AggregatingSelect(
        _trim(masked, common), rows, tuple(_trim(masked, group) for group in groups), _trim(masked, value)
    )


def _trim(masked: str, whole: Range) -> Range:
    """A range without the white space and the comments around it."""
    text = masked[slice(*whole)]
    return whole[0] + len(text) - len(text.lstrip()), whole[0] + len(text.rstrip())


@lru_cache(maxsize=4)
def _read_signs(query: str) -> tuple[str, list[_Sign], dict[int, int]]:
    """The masked query, its words and signs, and where each bracket closes; cached for the aggregates of one query."""
    masked = mask_quotes(query)
    matches = list(_SIGN.finditer(masked))
    around = depths((match[0] == "(") - (match[0] == ")") for match in matches)
    signs = [
        _Sign(" ".join(match[0].upper().split()), match.start(), match.end(), depth)
        for match, depth in zip(matches, around, strict=True)
    ]
    opened: list[int] = []
    closings: dict[int, int] = {}
    for sign in signs:
        if sign.text == "(":
            opened.append(sign.start)
        elif sign.text == ")" and opened:
            closings[opened.pop()] = sign.start
    return masked, signs, closings


def _scope_of(signs: list[_Sign], closings: dict[int, int], start: int, end: int) -> tuple[Range, Range, int] | None:
    """The common table expressions before the SELECT around an offset, its range, and how many brackets are open."""
    words = [sign for sign in signs if sign.text not in {",", ")"}]
    if not words or words[0].text not in {"WITH", "SELECT"}:
        return None
    around = [
        opened for opened, follows in itertools.pairwise(words) if opened.text == "(" and follows.text == "SELECT"
    ]
    opened = next((sign for sign in reversed(around) if sign.start < start < closings.get(sign.start, 0)), None)
    main = next((sign for sign in words if sign.text == "SELECT" and sign.depth == 0), None)
    if main is None:
        return None
    if opened is None:
        return (0, main.start), (main.start, end), 0
    before = words[words.index(opened) - 1]
    if opened.depth or before.text != "AS" or opened.start > main.start:
        return None
    commas = [sign for sign in signs if sign.text == "," and sign.depth == 0 and sign.start < opened.start]
    return (0, commas[-1].start if commas else 0), (opened.end, closings[opened.start]), 1


def _is_comparison(masked: str, sign: _Sign) -> bool:
    """Whether a FROM is that of ``IS DISTINCT FROM``."""
    return sign.text == "FROM" and masked[: sign.start].rstrip().upper().endswith("DISTINCT")


def _split(inside: list[_Sign], start: int, end: int) -> list[Range]:
    """The ranges between commas."""
    edges = [start - 1, *(sign.start for sign in inside if sign.text == "," and start <= sign.start < end), end]
    return [(first + 1, last) for first, last in itertools.pairwise(edges)]


def _read_item(query: str, masked: str, start: int, end: int) -> _SelectItem | None:
    """An item of SELECT, whose alias may have no AS; None if it makes several columns."""
    start, end = _trim(masked, (start, end))
    try:
        items = read_one(f"SELECT {query[start:end]}").expressions
    except SqlglotError:
        return None
    if len(items) != 1 or items[0].is_star or isinstance(items[0], exp.Aliases):
        return None
    if not isinstance(items[0], exp.Alias):
        return _SelectItem((start, end), "")
    written = _ALIAS.search(masked, start, end)
    return None if written is None else _SelectItem((start, written.start()), items[0].alias.lower())


def _groups(
    query: str, masked: str, ranges: list[Range], items: list[_SelectItem | None], columns: frozenset[str]
) -> list[Range] | None:
    """What is grouped by, aliases and positions replaced by the items of SELECT; None where it is not supported."""
    aliases = {item.alias: item.plain for item in items if item is not None and item.alias not in columns}
    groups = []
    for first, last in ranges:
        text = query[first:last].strip()
        position = int(text) if text.isdigit() else 0
        if _MANY_SETS.match(masked, first) or None in items[: position or None] or position > len(items):
            return None
        item = items[position - 1] if position else None
        plain = item.plain if item is not None else aliases.get(text.strip("`").lower())
        names = {name.strip("`").lower() for name in _NAME.findall(query[first:last])}
        if plain is None and (text == "0" or names & aliases.keys()):
            return None
        groups.append(plain or (first, last))
    return groups


def _argument(masked: str, signs: list[_Sign], closings: dict[int, int], start: int) -> Range | None:
    """The single argument of a call; None for another call, and for one with clauses."""
    call = _CALL.match(masked, start)
    end = closings.get(call.end() - 1) if call else None
    if call is None or end is None or _QUANTIFIER.match(masked, call.end()) or _AFTER_CALL.match(masked, end + 1):
        return None
    depth = next(sign.depth for sign in signs if sign.start == end)
    commas = (sign for sign in signs if sign.text == "," and call.end() <= sign.start < end)
    return None if any(comma.depth == depth + 1 for comma in commas) else (call.end(), end)
