"""Graphs made by hand for the tests of selectors and renderers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from cbx.graph.graph_document import SOURCE, SOURCE_LAYER, Edge, GraphDocument, Node

LAYERS = ("bronze", "silver", "gold")


def model(
    identity: str,
    folder: str = "",
    kind: str = "materialized_view",
    config: Mapping[str, object] = MappingProxyType({}),
    **settings: object,
) -> Node:
    """A model, which stands in a folder of its layer."""
    layer, _, name = identity.partition(".")
    path = "/".join(filter(None, ("models", layer, folder, f"{name}.sql")))
    node = Node(identity, "model", kind, layer, name, dataset=identity, path=path, hashes=("a", "b"))
    config = {"materialized": kind, "schema": layer, "quarantine": False, **config}
    return replace(node, config=config, **settings)  # type: ignore[arg-type] # the fields of a node


def source(table: str) -> Node:
    return Node(f"{SOURCE}{table}", "source", "table", SOURCE_LAYER, table, dataset="", path=table)


def graph(nodes: Iterable[Node], reads: str, project: str = "shop") -> GraphDocument:
    """A graph whose edges are written as ``a -> b``, one a line, ``b`` reading ``a``; ``=>`` is a stream."""
    edges = []
    for line in filter(None, map(str.strip, reads.splitlines())):
        left, arrow, right = line.split()
        edges.append(Edge(left, right, "stream" if arrow == "=>" else "batch"))
    place = {layer: number for number, layer in enumerate((SOURCE_LAYER, *LAYERS))}
    ordered = sorted(nodes, key=lambda node: (place[node.layer], node.id))
    return GraphDocument(project, LAYERS, tuple(ordered), tuple(edges), ())
