"""The graph of the models: what reads what. The only user of networkx."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeAlias

import networkx

if TYPE_CHECKING:
    ModelGraph: TypeAlias = networkx.DiGraph[str]
else:
    ModelGraph = networkx.DiGraph
"""Model ids; an edge leads from the model that is read to its reader."""


def model_graph(models: Iterable[str], reads: Iterable[tuple[str, str]]) -> ModelGraph:
    """A graph whose edges lead from a model to its readers.

    Args:
        models: The ids of all models.
        reads: Pairs of a reader and what it reads.
    """
    graph: ModelGraph = ModelGraph()
    graph.add_nodes_from(sorted(models))
    graph.add_edges_from(sorted((read, reader) for reader, read in reads))
    return graph


def cycles(graph: ModelGraph) -> list[list[str]]:
    """One cycle for every knot of models that read each other, each from its first id on, in the order of ids.

    A cycle ``[a, b]`` says that ``a`` reads ``b`` and ``b`` reads ``a``.
    """
    found = []
    for knot in networkx.strongly_connected_components(graph):
        first = min(knot)
        if len(knot) > 1 or graph.has_edge(first, first):
            found.append(_shortest_cycle(graph.subgraph(sorted(knot)), first))
    return sorted(found)


def _shortest_cycle(knot: ModelGraph, first: str) -> list[str]:
    reads = knot.reverse(copy=True)
    if reads.has_edge(first, first):
        return [first]
    ways = [networkx.shortest_path(reads, start, first) for start in sorted(reads.successors(first))]
    return [first, *min(ways, key=lambda way: (len(way), way))[:-1]]


def in_order(graph: ModelGraph) -> list[str]:
    """The models, each after all that it reads, otherwise by id; the graph has no cycle."""
    return list(networkx.lexicographical_topological_sort(graph))
