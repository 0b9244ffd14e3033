"""The graph of the models: what reads what. The only user of networkx, which is loaded where models form a circle."""

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
    """A graph whose edges lead from a model to its readers.

    Args:
        models: The ids of all models.
        reads: Pairs of a reader and what it reads.
    """
    readers: dict[str, set[str]] = {name: set() for name in sorted(models)}
    for reader, read in reads:
        readers[read].add(reader)
    return ModelGraph({name: tuple(sorted(found)) for name, found in readers.items()})


def find_cycles(graph: ModelGraph) -> list[list[str]]:
    """One cycle for every knot of models that read each other, each from its first id on, in the order of ids.

    A cycle ``[a, b]`` says that ``a`` reads ``b`` and ``b`` reads ``a``.
    """
    if len(topological_order(graph)) == len(graph.readers):
        return []
    import networkx

    whole = networkx.DiGraph((read, reader) for read, readers in graph.readers.items() for reader in readers)
    found = []
    for knot in networkx.strongly_connected_components(whole):
        first = min(knot)
        if len(knot) > 1 or whole.has_edge(first, first):
            found.append(_shortest_cycle(whole.subgraph(sorted(knot)), first))
    return sorted(found)


def _shortest_cycle(knot: networkx.DiGraph[str], first: str) -> list[str]:
    import networkx

    reads = knot.reverse(copy=True)
    if reads.has_edge(first, first):
        return [first]
    ways = [networkx.shortest_path(reads, start, first) for start in sorted(reads.successors(first))]
    return [first, *min(ways, key=lambda way: (len(way), way))[:-1]]


def topological_order(graph: ModelGraph) -> list[str]:
    """The models, each after all that it reads, otherwise by id; without those in a circle and those after one."""
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
