"""Selectors, with the grammar of dbt: which models a command is about.

``+silver.orders`` and what it is made of, ``2+x+1`` two steps up and one down, ``@x`` with all that its readers need,
``layer:silver``, ``tag:nightly``; a space or a further option is "or", a comma is "and". See the pages "Syntax
overview", "Graph operators", "Set operators" and "Methods" of dbt's documentation, and docs/selectors.md.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from cbx.graph.graph_document import GraphDocument
from cbx.graph.selector_methods import Search, SelectorError, default_method, find_nodes

_CRITERION = re.compile(
    r"(?P<at>@)?(?:(?P<up>\d*)(?P<ancestors>\+))?(?:(?P<method>[\w.]+):)?"
    r"(?P<value>[^+].*?)(?:(?P<descendants>\+)(?P<down>\d*))?",
    re.DOTALL,
)

_TOO_MANY_DIGITS = 10


@dataclass(frozen=True, slots=True)
class _Criterion:
    """One selector between spaces and commas, taken apart; a depth of None is all the way."""

    text: str
    method: str
    value: str
    has_ancestors: bool
    up: int | None
    has_descendants: bool
    down: int | None
    with_needs: bool


def select(
    graph: GraphDocument,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    before: GraphDocument | None = None,
) -> tuple[str, ...]:
    """The ids that selectors choose, in the order of the graph.

    Args:
        graph: What there is to choose from.
        include: The values of ``--select``; with none everything is chosen.
        exclude: The values of ``--exclude``.
        before: The graph that ``state:`` compares with.

    Raises:
        SelectorError: If a selector cannot be read, or names something that there is not.

    Example:
        ``select(graph, ["+silver.orders,tag:nightly"])``
    """
    search = Search(graph, before)
    chosen = _union(search, include) if include else set(graph.by_id)
    chosen -= _union(search, exclude)
    return tuple(node.id for node in graph.nodes if node.id in chosen)


def _union(search: Search, texts: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for part in (part for text in texts for part in text.split()):
        matches = [_select_criterion(search, _parse_criterion(selector)) for selector in part.split(",")]
        found |= set.intersection(*matches)
    return found


def _parse_criterion(text: str) -> _Criterion:
    match = _CRITERION.fullmatch(text)
    if match is None:
        raise SelectorError(
            f"`{text}` is not a selector", hint="such as `+silver.orders`, `layer:gold` or `tag:nightly`"
        )
    if match["at"] and match["descendants"]:
        raise SelectorError(f"`{text}`: `@` already goes to all that is made of it, so `+` cannot stand behind it")
    return _Criterion(
        text=text,
        method=match["method"] or default_method(match["value"]),
        value=match["value"],
        has_ancestors=bool(match["ancestors"]),
        up=_depth(match["up"]),
        has_descendants=bool(match["descendants"]),
        down=_depth(match["down"]),
        with_needs=bool(match["at"]),
    )


def _depth(digits: str | None) -> int | None:
    """How many steps to go; all the way where a number has ten digits or more: Python reads none of thousands."""
    return int(digits) if digits and len(digits) < _TOO_MANY_DIGITS else None


def _select_criterion(search: Search, criterion: _Criterion) -> set[str]:
    found = find_nodes(search, criterion.method, criterion.value, criterion.text)
    graph, chosen = search.graph, set(found)
    if criterion.has_ancestors:
        chosen |= _reach(graph.parents, found, criterion.up)
    if criterion.has_descendants:
        chosen |= _reach(graph.children, found, criterion.down)
    if criterion.with_needs:
        readers = found | _reach(graph.children, found, None)
        chosen |= readers | _reach(graph.parents, readers, None)
    return chosen


def _reach(steps: Mapping[str, tuple[str, ...]], starts: Collection[str], depth: int | None) -> set[str]:
    """What lies at most ``depth`` steps from any of the starts."""
    seen, edge, walked = set(starts), set(starts), 0
    while edge and (depth is None or walked < depth):
        edge = {further for node in edge for further in steps[node]} - seen
        seen |= edge
        walked += 1
    return seen
