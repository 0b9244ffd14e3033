"""Selectors with the syntax of dbt.

``+silver.orders`` selects a model and everything upstream, ``2+x+1`` two steps upstream and one downstream, ``@x``
everything downstream with its inputs; ``layer:silver`` and ``tag:nightly`` are methods. A space or another option is
"or", a comma is "and". See the pages "Syntax overview", "Graph operators", "Set operators" and "Methods" of dbt's
documentation, and docs/selectors.md.
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
    """A parsed selector between spaces and commas; a depth of None has no limit."""

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
    """The ids of selected nodes, in the order of the graph.

    Args:
        graph: The graph to select from.
        include: The values of ``--select``; without any, everything is selected.
        exclude: The values of ``--exclude``.
        before: The graph that ``state:`` compares with.

    Raises:
        SelectorError: If a selector is invalid, or names something that does not exist.

    Example:
        ``select(graph, ["+silver.orders,tag:nightly"])``
    """
    search = Search(graph, before)
    ids = _union(search, include) if include else set(graph.by_id)
    ids -= _union(search, exclude)
    return tuple(node.id for node in graph.nodes if node.id in ids)


def _union(search: Search, texts: Iterable[str]) -> set[str]:
    ids: set[str] = set()
    for part in (part for text in texts for part in text.split()):
        matches = [_select_criterion(search, _parse_criterion(selector)) for selector in part.split(",")]
        ids |= set.intersection(*matches)
    return ids


def _parse_criterion(text: str) -> _Criterion:
    match = _CRITERION.fullmatch(text)
    if match is None:
        raise SelectorError(
            f"`{text}` is not a selector", hint="write, for example, `+silver.orders`, `layer:gold` or `tag:nightly`"
        )
    if match["at"] and match["descendants"]:
        raise SelectorError(f"`{text}`: `@` already selects everything downstream, so `+` is not allowed at the end")
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
    """The number of steps; None (no limit) for ten digits or more, since Python does not parse thousands of digits."""
    return int(digits) if digits and len(digits) < _TOO_MANY_DIGITS else None


def _select_criterion(search: Search, criterion: _Criterion) -> set[str]:
    starts = find_nodes(search, criterion.method, criterion.value, criterion.text)
    graph, ids = search.graph, set(starts)
    if criterion.has_ancestors:
        ids |= _reach(graph.parents, starts, criterion.up)
    if criterion.has_descendants:
        ids |= _reach(graph.children, starts, criterion.down)
    if criterion.with_needs:
        readers = starts | _reach(graph.children, starts, None)
        ids |= readers | _reach(graph.parents, readers, None)
    return ids


def lineage_of(graph: GraphDocument, node_id: str) -> set[str]:
    """A node and everything up- and downstream of it."""
    return {node_id, *_reach(graph.parents, [node_id], None), *_reach(graph.children, [node_id], None)}


def _reach(steps: Mapping[str, tuple[str, ...]], starts: Collection[str], depth: int | None) -> set[str]:
    """The nodes at most ``depth`` steps from any of the starts."""
    seen, frontier, distance = set(starts), set(starts), 0
    while frontier and (depth is None or distance < depth):
        frontier = {further for node in frontier for further in steps[node]} - seen
        seen |= frontier
        distance += 1
    return seen
