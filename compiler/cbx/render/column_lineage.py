"""Column lineage through the whole graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from cbx.graph.graph_document import ColumnId, ColumnNode, GraphDocument, Node
from cbx.render.labels import REPEATED, home_elsewhere, home_in_words

ColumnEdge = tuple[ColumnId, ColumnId]
"""A column, and a column that is computed from it."""


@dataclass(frozen=True)
class ColumnGraph:
    """The lineage of columns.

    Attributes:
        document: The models and sources of the columns.
        edges: Pairs of a column and a column that is computed from it.
        selected: The selected model, and its selected column or None; None if nothing is selected.
    """

    document: GraphDocument
    edges: tuple[ColumnEdge, ...]
    selected: tuple[str, str | None] | None = None

    @cached_property
    def columns(self) -> Mapping[str, tuple[str, ...]]:
        """The columns with lineage of each node, in the order of the model; only nodes that have some."""
        with_lineage = {column for edge in self.edges for column in edge}
        if self.selected is not None and self.selected[1] is not None:
            with_lineage.add((self.selected[0], self.selected[1]))
        columns = {
            node: tuple(name for name in names if (node, name) in with_lineage)
            for node, names in columns_by_node(self.document).items()
        }
        return {node: names for node, names in columns.items() if names}


DescribedColumn = tuple[Node, ColumnNode]
"""A model and one of its columns."""


def described_columns(document: GraphDocument) -> Mapping[ColumnId, DescribedColumn]:
    """The columns of all models; those of sources are not described."""
    return {(node.id, column.name): (node, column) for node in document.nodes for column in node.columns}


def is_marked(described: DescribedColumn | None) -> bool:
    """Whether a column is marked as repeated in its table."""
    return described is not None and described[1].is_counted_several_times


def notes_on_column(described: DescribedColumn | None) -> list[str]:
    """What is written beside a column: its home, if that is elsewhere, and the mark."""
    if described is None:
        return []
    home = home_elsewhere(*described)
    return [*([home_in_words(home)] if home else []), *([REPEATED] if is_marked(described) else [])]


def columns_by_node(document: GraphDocument) -> Mapping[str, tuple[str, ...]]:
    """The columns of each node; for a source, the columns that models are known to read."""
    columns: dict[str, dict[str, None]] = {
        node.id: dict.fromkeys(column.name for column in node.columns) for node in document.nodes
    }
    for origin, column in sorted(
        {origin for node in document.nodes for had in node.columns for origin in had.lineage or ()}
    ):
        if origin in columns:
            columns[origin].setdefault(column)
    return {node: tuple(names) for node, names in columns.items()}


def column_lineage(document: GraphDocument, model: str | None = None, column: str | None = None) -> ColumnGraph:
    """The lineage of one column, of all columns of a model, or of all columns: upstream and downstream.

    Args:
        document: The graph; the result has only its nodes with such columns.
        model: The id of a model or source of the graph.
        column: The name of a column of the model.
    """
    edges = tuple(
        (origin, (node.id, target.name))
        for node in document.nodes
        for target in node.columns
        for origin in target.lineage or ()
        if origin[0] in document.by_id
    )
    selected = None
    if model is not None:
        selected = (model, column)
        starts = {(model, name) for name in columns_by_node(document)[model] if column in {None, name}}
        up = _follow(starts, ((reader, origin) for origin, reader in edges))
        down = _follow(starts, edges)
        edges = tuple(edge for edge in edges if set(edge) <= up or set(edge) <= down)
    graph = ColumnGraph(document, edges, selected)
    return ColumnGraph(document.restrict_to(graph.columns), edges, selected)


def _follow(starts: Iterable[ColumnId], steps: Iterable[ColumnEdge]) -> set[ColumnId]:
    further: dict[ColumnId, list[ColumnId]] = {}
    for start, end in steps:
        further.setdefault(start, []).append(end)
    seen, frontier = set(starts), list(starts)
    while frontier:
        reached = [end for start in frontier for end in further.get(start, ()) if end not in seen]
        frontier = list(dict.fromkeys(reached))
        seen.update(frontier)
    return seen
