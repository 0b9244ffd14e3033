"""Which columns are made of which, through the whole graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from cbx.graph.graph_document import ColumnId, GraphDocument

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
        taking_part = {column for edge in self.edges for column in edge}
        if self.asked is not None and self.asked[1] is not None:
            taking_part.add((self.asked[0], self.asked[1]))
        known = columns_by_node(self.document)
        found = {node: tuple(name for name in names if (node, name) in taking_part) for node, names in known.items()}
        return {node: names for node, names in found.items() if names}


def columns_by_node(document: GraphDocument) -> Mapping[str, tuple[str, ...]]:
    """The columns of each node; of a table outside the project, those that models are known to read."""
    known: dict[str, dict[str, None]] = {
        node.id: dict.fromkeys(column.name for column in node.columns) for node in document.nodes
    }
    for origin, column in sorted(
        {origin for node in document.nodes for had in node.columns for origin in had.lineage or ()}
    ):
        if origin in known:
            known[origin].setdefault(column)
    return {node: tuple(names) for node, names in known.items()}


def column_lineage(document: GraphDocument, model: str | None = None, column: str | None = None) -> ColumnGraph:
    """The lineage of columns, both ways: of one column, of all columns of a model, or of everything.

    Args:
        document: The graph, of which only nodes with such columns are kept.
        model: The id of a model or source of the graph.
        column: The name of a column of it.
    """
    edges = tuple(
        (origin, (node.id, target.name))
        for node in document.nodes
        for target in node.columns
        for origin in target.lineage or ()
        if origin[0] in document.by_id
    )
    asked = None
    if model is not None:
        asked = (model, column)
        starts = {(model, name) for name in columns_by_node(document)[model] if column in {None, name}}
        up = _follow(starts, ((reader, origin) for origin, reader in edges))
        down = _follow(starts, edges)
        edges = tuple(edge for edge in edges if set(edge) <= up or set(edge) <= down)
    graph = ColumnGraph(document, edges, asked)
    return ColumnGraph(document.restricted(graph.columns), edges, asked)


def _follow(starts: Iterable[ColumnId], steps: Iterable[ColumnEdge]) -> set[ColumnId]:
    further: dict[ColumnId, list[ColumnId]] = {}
    for column, other in steps:
        further.setdefault(column, []).append(other)
    seen, edge = set(starts), list(starts)
    while edge:
        found = [other for column in edge for other in further.get(column, ()) if other not in seen]
        edge = list(dict.fromkeys(found))
        seen.update(edge)
    return seen
