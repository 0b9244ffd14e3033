"""The graph document: the models, inputs and relationships in a manifest.

Selectors and renderers need nothing else, so they work with any manifest, old or new.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, NamedTuple

SOURCE = "source:"
"""The prefix of the ids of tables and files outside the project."""

SOURCE_LAYER = "sources"
"""The lane of tables and files outside the project, to the left of all layers."""

ColumnId = tuple[str, str]
"""A node's id and the name of one of its columns."""

ColumnEdge = tuple[ColumnId, ColumnId]
"""A column, and a column that is computed from it."""


class HomeNode(NamedTuple):
    """The rows of which a column is a property: their tables, and the columns beside it that identify them."""

    tables: tuple[str, ...]
    key: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ColumnNode:
    """A column of a model.

    Attributes:
        lineage: The columns that it is computed from; None if they are unknown.
        home: Where a numeric column is at home; None if that is unknown, and for other columns.
        is_repeated: Whether a row of its home is in several rows of its table; None if that is unknown.
        measure: ``total`` or ``rate``, if it is one.
        is_computed: Whether its values are computed from those of its lineage, not passed on as they are.
    """

    name: str
    type: str | None
    description: str | None
    is_not_null: bool
    lineage: tuple[ColumnId, ...] | None
    home: HomeNode | None = None
    is_repeated: bool | None = None
    measure: str | None = None
    is_computed: bool = False


@dataclass(frozen=True, slots=True)
class MeasureNode:
    """An aggregate of a model, and its verdict.

    Attributes:
        column: The column that holds it; None where it is a part of one.
        place: The file and line; empty if unknown.
        homes: The tables in which its values are at home.
        reason: Why rows are counted several times; empty for another verdict.
    """

    text: str
    column: str | None
    place: str
    homes: tuple[str, ...]
    measure: str | None
    verdict: str
    reason: str


@dataclass(frozen=True, slots=True)
class ExpectationNode:
    """An expectation of a model."""

    name: str
    condition: str
    on_violation: str


class DataTestNode(NamedTuple):
    """A data test of a model.

    Attributes:
        name: The table of its check.
        test: The word that declares it.
        condition: What is expected, in a few words.
        on_violation: Whether a violation warns or fails.
        verdict: ``proven`` if it needs no check.
    """

    name: str
    test: str
    condition: str
    on_violation: str
    verdict: str


class NodeKey(NamedTuple):
    """The columns of a key of a model, and its verdict."""

    columns: tuple[str, ...]
    verdict: str | None


@dataclass(frozen=True, slots=True)
class Node:
    """A model, or a table or folder of files outside the project that models read.

    Attributes:
        id: ``silver.orders`` for a model, ``source:raw.events`` for a table, ``source:${landing}/orders`` for files.
        resource_type: The type in dbt's terms.
        kind: The model's kind; for a source ``table``, ``function`` or the format of the files.
        layer: The model's layer; `SOURCE_LAYER` for a source.
        dataset: The table's name in the pipeline; empty for a source.
        path: The model's file; for a source its table or folder.
        further_keys: The keys of ``keys=``.
        pipeline: The pipeline that owns the model; None where the project names no pipelines, and for a source.
        hashes: The hashes of the model's source and notebook; empty for a source.
        config: The settings that selectors compare, by their names in dbt and in cbx.
        options: How the table is stored, refreshed and shown: labels and texts.
        has_history: Whether the table has all versions of a row: SCD type 2.
    """

    id: str
    resource_type: Literal["model", "source"]
    kind: str
    layer: str
    name: str
    dataset: str
    path: str
    description: str = ""
    language: str = ""
    tags: tuple[str, ...] = ()
    owner: str | None = None
    key: tuple[str, ...] = ()
    key_verdict: str | None = None
    further_keys: tuple[NodeKey, ...] = ()
    columns: tuple[ColumnNode, ...] = ()
    rules: tuple[ExpectationNode, ...] = ()
    tests: tuple[DataTestNode, ...] = ()
    measures: tuple[MeasureNode, ...] = ()
    pipeline: str | None = None
    artifact: str = ""
    hashes: tuple[str, ...] = ()
    config: Mapping[str, Any] = field(default_factory=dict, hash=False)
    options: tuple[tuple[str, str], ...] = ()
    has_history: bool = False

    @property
    def keys(self) -> tuple[NodeKey, ...]:
        """The key, if it is declared, and the further keys."""
        return (*([NodeKey(self.key, self.key_verdict)] if self.key else []), *self.further_keys)

    @property
    def is_model(self) -> bool:
        """Whether it is a model, not a source."""
        return self.resource_type == "model"


@dataclass(frozen=True, slots=True)
class Edge:
    """``target`` reads ``source``; a stream reads only new rows."""

    source: str
    target: str
    mode: Literal["stream", "batch"]


@dataclass(frozen=True, slots=True)
class Relation:
    """A relationship between two models; ``on`` pairs the child's columns with the parent's.

    Attributes:
        parent_end: How many rows of the parent a row of the child has; none if a column of ``on`` may be NULL.
        child_end: How many rows of the child a row of the parent has; of a table with history, how many current rows.
    """

    parent: str
    child: str
    on: tuple[tuple[str, str], ...]
    cardinality: Literal["one_to_one", "one_to_many"]
    verdict: str
    parent_end: Literal["exactly one", "zero or one"]
    child_end: Literal["zero or one", "zero or more"]


@dataclass(frozen=True)
class GraphDocument:
    """A project's graph: nodes by layer and id, and the edges between them.

    Attributes:
        layers: The project's layers, lowest first, without `SOURCE_LAYER`.
        whole: The graph that this is a part of; None if it is the whole graph.
    """

    project: str
    layers: tuple[str, ...]
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    relations: tuple[Relation, ...]
    whole: GraphDocument | None = field(default=None, compare=False, repr=False)

    @cached_property
    def by_id(self) -> Mapping[str, Node]:
        """The nodes by id."""
        return {node.id: node for node in self.nodes}

    @cached_property
    def parents(self) -> Mapping[str, tuple[str, ...]]:
        """The ids of the nodes that each node reads."""
        return _neighbours(self.nodes, ((edge.target, edge.source) for edge in self.edges))

    @cached_property
    def children(self) -> Mapping[str, tuple[str, ...]]:
        """The ids of the nodes that read each node."""
        return _neighbours(self.nodes, ((edge.source, edge.target) for edge in self.edges))

    @property
    def lanes(self) -> tuple[str, ...]:
        """The layers with nodes, sources first."""
        used = {node.layer for node in self.nodes}
        return tuple(layer for layer in (SOURCE_LAYER, *self.layers) if layer in used)

    @cached_property
    def references(self) -> Mapping[str, tuple[str, ...]]:
        """The columns of each model that refer to parents, by the model's id."""
        columns: dict[str, set[str]] = {}
        for relation in self.relations:
            columns.setdefault(relation.child, set()).update(child for child, _ in relation.on)
        return {child: tuple(sorted(names)) for child, names in columns.items()}

    @cached_property
    def identifiers(self) -> frozenset[ColumnId]:
        """The columns of keys and relationships of the whole graph, and columns that hold one of these alone.

        Nobody sums them, so a mark on them would only distract.

        Example:
            With the key ``order_id`` of ``silver.orders``, ``order_id`` in ``gold.lines`` is one; a count of it is not.
        """
        if self.whole is not None:
            return self.whole.identifiers
        copies = (
            (column.lineage[0], (node.id, column.name))
            for node in self.nodes
            for column in node.columns
            if column.lineage is not None and len(column.lineage) == 1 and column.measure is None
        )
        return frozenset(follow_columns(_declared_identifiers(self), copies))

    def is_counted_several_times(self, model: str, column: ColumnNode) -> bool:
        """Whether a sum over a column counts values several times, which nobody has declared to be meant."""
        return column.is_repeated is True and column.measure != "rate" and (model, column.name) not in self.identifiers

    def home_elsewhere(self, model: str, column: ColumnNode) -> HomeNode | None:
        """Where a column is at home, if that is not its own table; None for identifiers."""
        is_here = column.home is None or column.home.tables == (model,)
        return None if is_here or (model, column.name) in self.identifiers else column.home

    @property
    def with_relationships(self) -> GraphDocument:
        """The part of the graph with the parents and children of relationships."""
        return self.restrict_to({model for relation in self.relations for model in (relation.parent, relation.child)})

    def restrict_to(self, ids: Collection[str]) -> GraphDocument:
        """The part of the graph with some of its nodes, and the edges and relationships between them."""
        kept = frozenset(ids)
        return replace(
            self,
            nodes=tuple(node for node in self.nodes if node.id in kept),
            edges=tuple(edge for edge in self.edges if {edge.source, edge.target} <= kept),
            relations=tuple(relation for relation in self.relations if {relation.parent, relation.child} <= kept),
            whole=self.whole or self,
        )


def _neighbours(nodes: tuple[Node, ...], pairs: Any) -> Mapping[str, tuple[str, ...]]:
    neighbours: dict[str, list[str]] = {node.id: [] for node in nodes}
    for identity, other in pairs:
        neighbours[identity].append(other)
    return {identity: tuple(others) for identity, others in neighbours.items()}


def _declared_identifiers(document: GraphDocument) -> Iterator[ColumnId]:
    for node in document.nodes:
        keys = [*(key.columns for key in node.keys), *(column.home.key for column in node.columns if column.home)]
        yield from ((node.id, column) for key in keys for column in key)
    for relation in document.relations:
        for child, parent in relation.on:
            yield from ((relation.child, child), (relation.parent, parent))


def follow_columns(starts: Iterable[ColumnId], steps: Iterable[ColumnEdge]) -> set[ColumnId]:
    """The columns that some columns lead to, step by step, and these columns themselves."""
    further: dict[ColumnId, list[ColumnId]] = {}
    for start, end in steps:
        further.setdefault(start, []).append(end)
    seen = set(starts)
    waiting = list(seen)
    while waiting:
        reached = [end for end in further.get(waiting.pop(), ()) if end not in seen]
        seen.update(reached)
        waiting += reached
    return seen
