"""What readers of a table of another project may rely on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from cbx.parse.databricks_sql.types import normal_type
from cbx.passes.facts.table_facts import NOT_NULL, START_AT, current_keys
from cbx.project.identifiers import BETWEEN
from cbx.project.settings import Project
from cbx.stages.resolved_model import Column, RelationshipClaim

if TYPE_CHECKING:
    from cbx.analysis.facts import Table, TableRelationship
    from cbx.project.dependencies import PublishedModel

_RECOMPUTED = frozenset({"materialized_view", "seed"})


def published_model(project: Project, name: str) -> PublishedModel | None:
    """The model of another project, ``crm:silver.customers``; None if it is not known."""
    dependency, _, identity = name.partition(BETWEEN)
    known = project.dependencies.get(dependency)
    return known.models.get(identity) if known is not None and known.models is not None else None


class PublishedTable(NamedTuple):
    """The parent of a relationship in another project: its columns, None if they are unknown, and its keys.

    ``verdicts`` are those of its own project on each key.
    """

    columns: tuple[Column, ...] | None
    verdicts: Mapping[tuple[str, ...], str | None]

    @property
    def keys(self) -> tuple[tuple[str, ...], ...]:
        """The keys that it declares, each proven or checked on the data by its own project."""
        return tuple(self.verdicts)


def published_tables(project: Project, claims: Iterable[RelationshipClaim]) -> dict[str, PublishedTable]:
    """The parents in other projects.

    A declared key counts as true, as that of a model does: it is proven, or its own project checks it on the data.
    """
    tables: dict[str, PublishedTable] = {}
    for name in {claim.parent: None for claim in claims if claim.parent_table is not None}:
        model = published_model(project, name)
        if model is not None:
            columns = tuple(Column(column.name, column.type or "") for column in model.columns)
            tables[name] = PublishedTable(columns or None, model.verdicts)
    return tables


def published_relationships(project: Project) -> Iterator[TableRelationship]:
    """The relationships that other projects declare between their own tables, which count as true, as own ones do."""
    from cbx.analysis.facts import TableRelationship

    for name, dependency in project.dependencies.items():
        models = dependency.models or {}
        for identity, model in models.items():
            for relationship in model.relationships:
                if relationship.child == identity and relationship.parent in models:
                    parent, child = (f"{name}{BETWEEN}{table}" for table in (relationship.parent, identity))
                    yield TableRelationship(parent, child, tuple(relationship.on.items()), relationship.cardinality)


def published_facts(project: Project, name: str, *, is_streaming: bool) -> Table | None:
    """What is known of a table of another project; None if nothing is.

    A declared key counts as true, as that of a model does: it is proven, or its own project checks it on the data.
    """
    from cbx.analysis.facts import UNKNOWN_TYPE, CurrentKey, Table, TableColumn

    model = published_model(project, name)
    if model is None or not model.is_published:
        return None
    never = frozenset(_never_null_columns(model))
    columns = tuple(
        TableColumn(column.name, normal_type(column.type or "") or UNKNOWN_TYPE, column.name.lower() in never)
        for column in model.columns
    )
    keys, current = model.keys, tuple[CurrentKey, ...]()
    if model.cdc is not None and model.cdc.scd_type == 2 and model.key:
        keys, further = ((*model.key, START_AT),), (key.columns for key in model.further_keys)
        current = current_keys(model.key, further, model.cdc.sequence_by)
    return Table(name, columns or None, keys, current, is_streaming)


def _never_null_columns(model: PublishedModel) -> Iterator[str]:
    """The columns without NULL, in lower case, by the table's schema, its rows, or expectations on all rows."""
    if model.kind == "seed" or model.enforces_not_null:
        yield from (column.name.lower() for column in model.columns if column.not_null)
    for rule in model.expectations if model.kind in _RECOMPUTED else ():
        tested = NOT_NULL.fullmatch(rule.condition)
        if tested is not None and rule.on_violation in {"drop", "fail"}:
            yield tested[1].lower()
