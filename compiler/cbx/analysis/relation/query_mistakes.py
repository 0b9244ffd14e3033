"""What a query says that no engine can run, whatever is in its tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.relation_walks import inputs_of
from cbx.analysis.relation.relations import Place, Relation

QueryMistakeKind = Literal[
    "aggregate_on_stream", "sort_on_stream", "ungrouped_column", "unknown_function", "window_on_stream"
]


@dataclass(frozen=True, slots=True)
class QueryMistake:
    """Something that fails in every run.

    Attributes:
        kind: What it is.
        name: What it is about: a function, a column.
        place: Where.
    """

    kind: QueryMistakeKind
    name: str
    place: Place


def is_grouped(relation: Relation) -> bool:
    """Whether rows are grouped, or may be, somewhere in a relation: a stream of groups may be sorted."""
    return any(isinstance(node, (ir.Aggregate, ir.Distinct, ir.Opaque)) for node in _inputs_without_queries(relation))


def is_stream(relation: Relation) -> bool:
    """Whether a relation is made of a stream."""
    return any(isinstance(node, ir.Scan) and node.table.is_streaming for node in _inputs_without_queries(relation))


def _inputs_without_queries(relation: Relation) -> Iterator[Relation]:
    """A relation and all that it is made of, without the queries inside its expressions."""
    pending, seen = [relation], set[int]()
    while pending:
        node = pending.pop()
        if id(node) not in seen:
            seen.add(id(node))
            yield node
            pending += [node.input] if isinstance(node, (ir.Projection, ir.Aggregate)) else inputs_of(node)
