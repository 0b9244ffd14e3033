"""Declared relationships as the analysis takes them, and the way back to their declarations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from cbx.analysis.facts import TableRelationship
from cbx.diagnostics.diagnostic import Cause, Related
from cbx.stages.inputs import TableInput
from cbx.stages.resolved import Connected, Relationship
from cbx.stages.resolved_model import ResolvedModel

if TYPE_CHECKING:
    from cbx.analysis.facts import CurrentKey
    from cbx.analysis.repetition import OtherKey

FactsByChild = Mapping[str, list[TableRelationship]]


def facts_by_child(connected: Connected) -> FactsByChild:
    """The relationships, by the table that is the child; also those between tables of another project."""
    by_child: dict[str, list[TableRelationship]] = {}
    if connected.project.dependencies:
        from cbx.passes.facts.published_facts import published_relationships

        for published in published_relationships(connected.project):
            by_child.setdefault(published.child, []).append(published)
    for relationship in connected.relationships:
        by_child.setdefault(relationship.child, []).append(
            TableRelationship(relationship.parent, relationship.child, relationship.on, relationship.cardinality)
        )
    return by_child


def facts_of_inputs(model: ResolvedModel, by_child: FactsByChild) -> tuple[TableRelationship, ...]:
    """The relationships whose child is an input of the model: only they affect the rows of the model."""
    published = {source.dependency for source in model.inputs if isinstance(source, TableInput) and source.dependency}
    read = sorted({source.model for source in model.model_inputs} | published)
    return tuple(relationship for child in read for relationship in by_child.get(child, ()))


def declarations_of(
    cause: TableRelationship | CurrentKey | OtherKey | None, relationships: Iterable[Relationship]
) -> list[Related]:
    """Where a relationship is declared that the analysis names as a cause; empty for another cause."""
    return [
        Related("declared here", relationship.span)
        for relationship in relationships
        if isinstance(cause, TableRelationship)
        and (relationship.parent, relationship.child, relationship.on) == (cause.parent, cause.child, cause.on)
    ]


def type_cause(table: str, column: str) -> Cause:
    """The cause of what follows from the type of a column."""
    return Cause("models/", f"type of {table}.{column.lower()}")


def version_cause(model: ResolvedModel, table: str) -> Cause:
    """The cause of what follows from reading each version of the rows of a table."""
    return Cause(model.path, f"versions of {table}")
