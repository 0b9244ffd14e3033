"""Column lineage through the whole graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from cbx.graph.graph_document import ColumnEdge, ColumnId, ColumnNode, GraphDocument, follow_columns
from cbx.render.labels import REPEATED, home_in_words


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

    @cached_property
    def described(self) -> Mapping[ColumnId, ColumnNode]:
        """The columns of all models; those of sources are not described."""
        return {(node.id, column.name): column for node in self.document.nodes for column in node.columns}

    def is_marked(self, column: ColumnId) -> bool:
        """Whether a column is marked as repeated in its table."""
        described = self.described.get(column)
        return described is not None and self.document.is_counted_several_times(column[0], described)

    def notes(self, column: ColumnId) -> list[str]:
        """What is written beside a column: its home, if that is elsewhere, and the mark."""
        described = self.described.get(column)
        home = None if described is None else self.document.home_elsewhere(column[0], described)
        return [*([home_in_words(home)] if home else []), *([REPEATED] if self.is_marked(column) else [])]


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
        up = follow_columns(starts, ((reader, origin) for origin, reader in edges))
        down = follow_columns(starts, edges)
        edges = tuple(edge for edge in edges if set(edge) <= up or set(edge) <= down)
    graph = ColumnGraph(document, edges, selected)
    return ColumnGraph(document.restrict_to(graph.columns), edges, selected)
