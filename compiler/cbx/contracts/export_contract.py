"""Writes what a project promises of its tables as a contract of the Open Data Contract Standard."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from open_data_contract_standard.model import (
    CustomProperty,
    OpenDataContractStandard,
    Relationship,
    SchemaObject,
    SchemaProperty,
    Server,
    Team,
)

from cbx.contracts.column_types import describe_type
from cbx.contracts.data_tests import export_column_tests, export_freshness, export_table_tests
from cbx.contracts.quality_rules import export_expectation, export_key
from cbx.graph.graph_document import ColumnNode, GraphDocument, Node, Relation

API_VERSION: Final = "v3.1.0"
"""The version of the standard that contracts have; 3.1 was the first with relationships and the metrics of quality."""
START_AT: Final = "__START_AT"
"""The column of the start of a version in tables of SCD type 2."""


@dataclass(frozen=True, slots=True)
class ContractPlace:
    """Where the tables of an environment are."""

    environment: str
    catalog: str | None


def export_contract(
    graph: GraphDocument,
    tables: Sequence[Node],
    tests: Mapping[str, Sequence[Mapping[str, Any]]],
    histories: Collection[str],
    place: ContractPlace,
    before: OpenDataContractStandard | None,
    notes: list[str],
) -> OpenDataContractStandard:
    """The contract of some tables.

    Args:
        graph: The graph of the project.
        tables: The models whose tables are promised.
        tests: The data tests of each model that has some, as the manifest has them.
        histories: The models whose tables have all versions of a row.
        place: The environment, whose catalog becomes a server for each schema.
        before: The contract as it was: what people wrote there, such as its version, support and price, stays.
        notes: Gets what the models declare and the contract does not say.
    """
    notes += [note for table in tables for note in _lost_tests(table.id, tests.get(table.id, ()))]
    notes += [note for table in tables if table.id in histories for note in _lost_of_history(table, tests)]
    tables = [_as_history(table) if table.id in histories else table for table in tables]
    tests = {name: () if name in histories else own for name, own in tests.items()}
    contract = before or OpenDataContractStandard(version="1.0.0", status="active", name=graph.project)
    contract.apiVersion = API_VERSION
    contract.kind = "DataContract"
    contract.id = contract.id or graph.project
    owners = {table.owner for table in tables}
    owner = owners.pop() if len(owners) == 1 else None
    if owner is not None:
        contract.team = Team(name=owner)
    contract.servers = list(_servers(tables, place)) or contract.servers
    names = _names(tables)
    relations = [relation for relation in graph.relations if {relation.parent, relation.child} <= names.keys()]
    notes += [
        f"{relation.child}: the relationship with {relation.parent}, which holds for current rows"
        for relation in relations
        if not {relation.parent, relation.child}.isdisjoint(histories)
    ]
    relations = [relation for relation in relations if {relation.parent, relation.child}.isdisjoint(histories)]
    contract.schema_ = [_table(table, names, relations, tests.get(table.id, ())) for table in tables]
    levels = [level for table in tables for level in export_freshness(names[table.id], tests.get(table.id, ()))]
    contract.slaProperties = levels or contract.slaProperties
    return contract


def _names(tables: Iterable[Node]) -> dict[str, str]:
    """The name of each table in the contract, by the model's id: with its layer if another has its name."""
    tables = list(tables)
    counts = Counter(table.name.lower() for table in tables)
    return {
        table.id: table.name if counts[table.name.lower()] == 1 else f"{table.layer}_{table.name}" for table in tables
    }


def _lost_tests(model: str, tests: Iterable[Mapping[str, Any]]) -> list[str]:
    """The tests that say nothing of the model's own table, or depend on variables of the project."""
    return [
        f"{model}: the test `{test['name']}`" for test in tests if test.get("source") or "${" in test.get("query", "")
    ]


def _lost_of_history(table: Node, tests: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[str]:
    """The tests and keys of a table with all versions of a row that only its current rows have."""
    keys = [f"the key {', '.join(key.columns)}" for key in table.keys]
    named = [f"the test `{test['name']}`" for test in tests.get(table.id, ())]
    return [f"{table.id}: {what}, which holds for current rows" for what in (*keys, *named)]


def _as_history(table: Node) -> Node:
    """A table whose rows are versions, which its key and the start of a version identify."""
    return replace(table, key=(*table.key, START_AT), further_keys=())


def _servers(tables: Iterable[Node], place: ContractPlace) -> Iterable[Server]:
    if place.catalog is None:
        return
    for schema in sorted({table.dataset.rpartition(".")[0] for table in tables} - {""}):
        yield Server(
            server=f"{place.environment}_{schema}",
            type="databricks",
            environment=place.environment,
            catalog=place.catalog,
            schema=schema,
        )


def _table(
    table: Node, names: Mapping[str, str], relations: Iterable[Relation], tests: Sequence[Mapping[str, Any]]
) -> SchemaObject:
    relations = [relation for relation in relations if relation.child == table.id]
    rules = [export_expectation(rule) for rule in table.rules]
    rules += [export_key(key.columns) for key in table.keys[bool(table.key) :] if len(key.columns) > 1]
    rules += export_table_tests(tests)
    columns = [_column(column, table, relations, names) for column in table.columns]
    for column in columns:
        column.quality = export_column_tests(str(column.name), tests) or None
    return SchemaObject(
        id=f"{table.layer}_{table.name}",
        name=names[table.id],
        physicalName=table.dataset,
        physicalType="table",
        logicalType="object",
        description=table.description or None,
        dataGranularityDescription=f"one row per {', '.join(table.key)}" if table.key else None,
        tags=list(table.tags) or None,
        customProperties=_owner(table),
        properties=columns,
        relationships=[_relationship(other, names) for other in relations if len(other.on) > 1] or None,
        quality=rules or None,
    )


def _owner(table: Node) -> list[CustomProperty] | None:
    return None if table.owner is None else [CustomProperty(property="owner", value=table.owner)]


def _column(column: ColumnNode, table: Node, relations: Iterable[Relation], names: Mapping[str, str]) -> SchemaProperty:
    name, key = column.name.lower(), [part.lower() for part in table.key]
    is_unique = any([part.lower() for part in parts.columns] == [name] for parts in table.keys)
    own = [relation for relation in relations if [ours.lower() for ours, _ in relation.on] == [name]]
    described = SchemaProperty(
        name=column.name,
        description=column.description,
        primaryKey=True if name in key else None,
        primaryKeyPosition=key.index(name) + 1 if name in key else None,
        required=True if column.is_not_null else None,
        unique=True if is_unique else None,
        relationships=[_reference(relation, names) for relation in own] or None,
    )
    if column.type:
        describe_type(described, column.type)
    return described


def _reference(relation: Relation, names: Mapping[str, str]) -> Relationship:
    """The relationship of a column, which stands at the column itself."""
    return Relationship(
        type="foreignKey",
        to=f"{names[relation.parent]}.{relation.on[0][1]}",
        customProperties=[_cardinality(relation)],
    )


def _relationship(relation: Relation, names: Mapping[str, str]) -> Relationship:
    sides: dict[str, Any] = {
        "from": [f"{names[relation.child]}.{column}" for column, _ in relation.on],
        "to": [f"{names[relation.parent]}.{column}" for _, column in relation.on],
    }
    return Relationship(type="foreignKey", customProperties=[_cardinality(relation)], **sides)


def _cardinality(relation: Relation) -> CustomProperty:
    return CustomProperty(property="cardinality", value=relation.cardinality)
