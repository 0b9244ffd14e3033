"""The graph of the models and the models that they read. The only user of networkx, which is loaded for cycles only."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import networkx


@dataclass(frozen=True, slots=True)
class ModelGraph:
    """The readers of each model, sorted, by model id."""

    readers: Mapping[str, tuple[str, ...]]


def model_graph(models: Iterable[str], reads: Iterable[tuple[str, str]]) -> ModelGraph:
    """Build the graph.

    Args:
        models: The ids of all models.
        reads: Pairs of a model and a model that it reads.
    """
    readers: dict[str, set[str]] = {name: set() for name in sorted(models)}
    for reader, read in reads:
        readers[read].add(reader)
    return ModelGraph({name: tuple(sorted(names)) for name, names in readers.items()})


def find_cycles(graph: ModelGraph) -> list[list[str]]:
    """One shortest cycle for each group of models that depend on each other, sorted; each begins with its first id.

    In a cycle ``[a, b]``, ``a`` reads ``b`` and ``b`` reads ``a``.
    """
    if len(topological_order(graph)) == len(graph.readers):
        return []
    import networkx

    whole = networkx.DiGraph((read, reader) for read, readers in graph.readers.items() for reader in readers)
    cycles = []
    for component in networkx.strongly_connected_components(whole):
        first = min(component)
        if len(component) > 1 or whole.has_edge(first, first):
            cycles.append(_shortest_cycle(whole.subgraph(sorted(component)), first))
    return sorted(cycles)


def _shortest_cycle(component: networkx.DiGraph[str], first: str) -> list[str]:
    import networkx

    reads = component.reverse(copy=True)
    if reads.has_edge(first, first):
        return [first]
    paths = [networkx.shortest_path(reads, start, first) for start in sorted(reads.successors(first))]
    return [first, *min(paths, key=lambda path: (len(path), path))[:-1]]


def topological_order(graph: ModelGraph) -> list[str]:
    """The models, each after its inputs, otherwise by id; without models in cycles or downstream of one."""
    waiting = dict.fromkeys(graph.readers, 0)
    for readers in graph.readers.values():
        for reader in readers:
            waiting[reader] += 1
    ready = [name for name, count in waiting.items() if not count]
    heapq.heapify(ready)
    ordered = []
    while ready:
        name = heapq.heappop(ready)
        ordered.append(name)
        for reader in graph.readers[name]:
            waiting[reader] -= 1
            if not waiting[reader]:
                heapq.heappush(ready, reader)
    return ordered
