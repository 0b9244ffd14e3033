"""Finds the parts of the SELECT that has an aggregate, as ranges of the query's text.

The text is searched instead of the tree, so that the parts are what the author has written.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from cbx.parse.quotes import mask_quotes

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
_MANY_SETS = re.compile(r"\s*(?:ALL\b|(?:ROLLUP|CUBE|GROUPING\s+SETS|WINDOW|SESSION_WINDOW)\s*\()", re.IGNORECASE)
_NAME = re.compile(r"\w+|`[^`]+`")


class _Sign(NamedTuple):
    """A word or sign of the query, in capital letters, with how many brackets are open before it."""

    text: str
    start: int
    end: int
    depth: int


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
    masked = mask_quotes(query)
    signs = list(_signs(masked))
    found = _scope_of(signs, start, len(query))
    if found is None:
        return None
    common, scope, depth = found
    inside = [sign for sign in signs if sign.depth == depth and scope[0] <= sign.start < scope[1]]
    select = next((sign for sign in inside if sign.text == "SELECT"), None)
    source = next((sign for sign in inside if sign.text == "FROM" and select and sign.start > select.start), None)
    if select is None or source is None or any(sign.text in _REFUSED for sign in inside):
        return None
    if any(
        sign.text in {"SELECT", "WITH"} or _is_comparison(masked, sign) for sign in inside if sign.start > select.end
    ):
        return None
    after = [sign for sign in inside if sign.text in _AFTER_ROWS and sign.start > source.start]
    rows = _trim(masked, (source.start, after[0].start if after else scope[1]))
    items = _split(inside, select.end, source.start)
    groups = _groups(query, masked, inside, after, scope[1], items, frozenset(columns))
    value = _argument(masked, signs, start)
    if groups is None or value is None:
        return None
    groups = tuple(_trim(masked, group) for group in groups)
    return AggregatingSelect(_trim(masked, common), rows, groups, _trim(masked, value))


def _trim(masked: str, whole: Range) -> Range:
    """A range without the white space and the comments around it."""
    text = masked[slice(*whole)]
    return whole[0] + len(text) - len(text.lstrip()), whole[0] + len(text.rstrip())


def _signs(masked: str) -> Iterator[_Sign]:
    depth = 0
    for match in _SIGN.finditer(masked):
        text = " ".join(match[0].upper().split())
        depth -= text == ")"
        yield _Sign(text, match.start(), match.end(), depth)
        depth += text == "("


def _scope_of(signs: list[_Sign], start: int, end: int) -> tuple[Range, Range, int] | None:
    """The common table expressions before the SELECT around an offset, its range, and how many brackets are open."""
    words = [sign for sign in signs if sign.text not in {",", ")"}]
    if not words or words[0].text not in {"WITH", "SELECT"}:
        return None
    around = [
        opened for opened, follows in itertools.pairwise(words) if opened.text == "(" and follows.text == "SELECT"
    ]
    opened = next((sign for sign in reversed(around) if sign.start < start < _closing(signs, sign)), None)
    main = next((sign for sign in words if sign.text == "SELECT" and sign.depth == 0), None)
    if main is None:
        return None
    if opened is None:
        return (0, main.start), (main.start, end), 0
    before = words[words.index(opened) - 1]
    if opened.depth or before.text != "AS" or opened.start > main.start:
        return None
    commas = [sign for sign in signs if sign.text == "," and sign.depth == 0 and sign.start < opened.start]
    return (0, commas[-1].start if commas else 0), (opened.end, _closing(signs, opened)), 1


def _closing(signs: list[_Sign], opened: _Sign) -> int:
    return next(
        (each.start for each in signs if each.text == ")" and each.depth == opened.depth and each.start > opened.start),
        0,
    )


def _is_comparison(masked: str, sign: _Sign) -> bool:
    """Whether a FROM is that of ``IS DISTINCT FROM``."""
    return sign.text == "FROM" and masked[: sign.start].rstrip().upper().endswith("DISTINCT")


def _split(inside: list[_Sign], start: int, end: int) -> list[Range]:
    """The ranges between commas."""
    edges = [start - 1, *(sign.start for sign in inside if sign.text == "," and start <= sign.start < end), end]
    return [(first + 1, last) for first, last in itertools.pairwise(edges)]


def _groups(
    query: str,
    masked: str,
    inside: list[_Sign],
    after: list[_Sign],
    end: int,
    items: list[Range],
    columns: frozenset[str],
) -> tuple[Range, ...] | None:
    """What is grouped by, aliases and positions replaced by the items of SELECT; None where it is not supported."""
    if not after or after[0].text != "GROUP BY":
        return ()
    ranges = _split(inside, after[0].end, after[1].start if len(after) > 1 else end)
    aliases = {sign.start: sign for sign in inside if sign.text == "AS"}
    named: dict[str, Range] = {}
    plain: list[Range] = []
    for first, last in items:
        alias = next((sign for at, sign in sorted(aliases.items(), reverse=True) if first <= at < last), None)
        plain.append((first, alias.start if alias else last))
        if alias is not None:
            named[query[alias.end : last].strip().strip("`").lower()] = plain[-1]
    groups = []
    for first, last in ranges:
        text = query[first:last].strip()
        name = text.strip("`").lower()
        if text.isdigit() and any("*" in masked[at:to] for at, to in plain[: int(text)]):
            return None
        if _MANY_SETS.match(masked, first) or (text.isdigit() and not 0 < int(text) <= len(plain)):
            return None
        chosen = plain[int(text) - 1] if text.isdigit() else (first, last)
        if not text.isdigit() and name in named and name not in columns:
            chosen = named[name]
        elif not text.isdigit() and any(
            word.lower() in named.keys() - columns for word in _NAME.findall(masked[first:last])
        ):
            return None
        groups.append(chosen)
    return tuple(groups)


def _argument(masked: str, signs: list[_Sign], start: int) -> Range | None:
    """The single argument of a call; None for another call, and for one with clauses."""
    call = _CALL.match(masked, start)
    opened = next((sign for sign in signs if call and sign.start == call.end() - 1), None)
    if opened is None:
        return None
    end = _closing(signs, opened)
    inner = [sign for sign in signs if sign.depth == opened.depth + 1 and opened.end <= sign.start < end]
    is_plain = not any(sign.text in {",", "DISTINCT"} for sign in inner) and not _AFTER_CALL.match(masked, end + 1)
    return (opened.end, end) if is_plain else None
