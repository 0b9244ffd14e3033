"""Errors in a query that make every run fail with any data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.places import Place
from cbx.analysis.relation.relation_walks import inputs_of, queries_of
from cbx.analysis.relation.relations import Relation

QueryMistakeKind = Literal[
    "aggregate_on_stream",
    "mismatched_types",
    "sort_on_stream",
    "ungrouped_column",
    "unknown_function",
    "window_on_stream",
]


@dataclass(frozen=True, slots=True)
class QueryMistake:
    """An error that makes every run fail.

    Attributes:
        kind: The kind of error.
        name: The function or column, or the expression with the types of its operands; empty where the kind needs none.
        place: Where it is in the query or in the Python file.
        columns: The names of the columns whose types do not fit, in lower case.
    """

    kind: QueryMistakeKind
    name: str
    place: Place
    columns: tuple[str, ...] = ()


def is_grouped(relation: Relation) -> bool:
    """Whether a relation groups rows, or may do so: Spark can sort a stream of groups."""
    return any(isinstance(node, (ir.Aggregate, ir.Distinct, ir.Opaque)) for node in _inputs_without_queries(relation))


def is_stream(relation: Relation) -> bool:
    """Whether a relation reads a stream."""
    return any(isinstance(node, ir.Scan) and node.table.is_streaming for node in _inputs_without_queries(relation))


def _inputs_without_queries(relation: Relation) -> Iterator[Relation]:
    """A relation and all its inputs, without the queries inside its expressions."""
    pending, seen = [relation], set[int]()
    while pending:
        node = pending.pop()
        if id(node) not in seen:
            seen.add(id(node))
            yield node
            queries = queries_of(node)
            pending += [child for child in inputs_of(node) if child not in queries]
