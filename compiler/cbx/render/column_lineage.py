"""Which columns are made of which, through the whole graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from cbx.graph_document import ColumnId, GraphDocument

ColumnEdge = tuple[ColumnId, ColumnId]
"""A column, and one that is made of it."""


@dataclass(frozen=True)
class ColumnGraph:
    """Columns and what they are made of.

    Attributes:
        document: The models and sources that the columns belong to.
        edges: Pairs of a column and one that is made of it.
        asked: What the graph is about: a model and a column, or None; None where it is about everything.
    """

    document: GraphDocument
    edges: tuple[ColumnEdge, ...]
    asked: tuple[str, str | None] | None = None

    @cached_property
    def columns(self) -> Mapping[str, tuple[str, ...]]:
        """The columns of each node that take part, in the order of the model; only nodes that have some."""
        taking_part: dict[str, dict[str, None]] = {}
        for pair in self.edges:
            for owner, column in pair:
                taking_part.setdefault(owner, {})[column] = None
        if self.asked is not None and self.asked[1] is not None:
            taking_part.setdefault(self.asked[0], {})[self.asked[1]] = None
        found = {}
        for node in self.document.nodes:
            known = [one.name for one in node.columns]
            names = taking_part.get(node.id, {})
            if names:
                found[node.id] = (*(one for one in known if one in names), *(one for one in names if one not in known))
        return found


def column_lineage(document: GraphDocument, model: str | None = None, column: str | None = None) -> ColumnGraph:
    """The lineage of columns, both ways: of one column, of all columns of a model, or of everything.

    Args:
        document: The graph, of which only nodes with such columns are kept.
        model: The id of a model of the graph.
        column: The name of a column of that model.
    """
    edges = tuple(
        (origin, (node.id, one.name))
        for node in document.nodes
        for one in node.columns
        for origin in one.lineage or ()
        if origin[0] in document.by_id
    )
    asked = None
    if model is not None:
        asked = (model, column)
        starts = {(model, one.name) for one in document.by_id[model].columns if column in {None, one.name}}
        up = _followed(starts, ((reader, origin) for origin, reader in edges))
        down = _followed(starts, edges)
        edges = tuple(edge for edge in edges if set(edge) <= up or set(edge) <= down)
    graph = ColumnGraph(document, edges, asked)
    return ColumnGraph(document.restricted(graph.columns), edges, asked)


def _followed(starts: Iterable[ColumnId], steps: Iterable[ColumnEdge]) -> set[ColumnId]:
    further: dict[ColumnId, list[ColumnId]] = {}
    for one, other in steps:
        further.setdefault(one, []).append(other)
    seen, edge = set(starts), list(starts)
    while edge:
        found = [other for one in edge for other in further.get(one, ()) if other not in seen]
        edge = list(dict.fromkeys(found))
        seen.update(edge)
    return seen
