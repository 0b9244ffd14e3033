"""Writes models that read the tables of a contract, and hold what it promises."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from open_data_contract_standard.model import OpenDataContractStandard, Relationship, SchemaObject, SchemaProperty

from cbx.contracts.column_types import spark_type
from cbx.contracts.data_tests import import_column_test, import_freshness, import_table_test
from cbx.contracts.quality_rules import Rule, column_rules, is_unique, table_rules, unique_columns
from cbx.emit.literals import list_literal, string_literal
from cbx.importing.models.declaration import Declaration, names_literal, write_items
from cbx.importing.sql.queries import escape_jinja
from cbx.spark_spelling import quote_if_needed

_NO_NAME: Final = re.compile(r"\W+", flags=re.ASCII)


@dataclass(frozen=True, slots=True)
class ImportedModels:
    """The files of models, by path, and what of the contract no model can say."""

    files: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def import_contract(contract: OpenDataContractStandard, layer: str, kind: str) -> ImportedModels:
    """The models of a contract, one for each table.

    Args:
        contract: The contract.
        layer: The layer of the models.
        kind: Their kind: ``view`` or ``materialized_view``.
    """
    tables = [table for table in contract.schema_ or () if table.name]
    models = {str(table.name): f"{layer}.{_model_name(table)}" for table in tables}
    result = ImportedModels()
    for table in tables:
        path = f"models/{models[str(table.name)].replace('.', '/', 1)}.sql"
        if path in result.files:
            result.notes.append(f"{table.name}: another table of the contract has the same name")
            continue
        result.files[path] = _write_model(table, contract, models, kind, result.notes)
    for name in ("price", "support", "roles"):
        if getattr(contract, name):
            result.notes.append(f"`{name}`: about the contract, not about its tables")
    levels = contract.slaProperties or ()
    kept = sum(len(list(import_freshness(name, levels))) for name in models)
    if kept < len(levels):
        result.notes.append(f"`slaProperties`: {len(levels) - kept} of {len(levels)}")
    return result


def _write_model(
    table: SchemaObject, contract: OpenDataContractStandard, models: Mapping[str, str], kind: str, notes: list[str]
) -> str:
    columns = [column for column in table.properties or () if column.name]
    declaration = Declaration(kind, tuple(_arguments(table, columns, contract, models, notes)))
    comment = "".join(
        f"-- {escape_jinja(line)}".rstrip() + "\n" for line in (table.description or "").split("\n") if line
    )
    names = ",\n    ".join(escape_jinja(quote_if_needed(str(column.name))) for column in columns) or "*"
    source = f"{{{{ source({string_literal(_source(table, contract))}) }}}}"
    return f"{{{{ {declaration.call()} }}}}\n{comment}\nSELECT\n    {names}\nFROM {source}\n"


def _arguments(
    table: SchemaObject,
    columns: list[SchemaProperty],
    contract: OpenDataContractStandard,
    models: Mapping[str, str],
    notes: list[str],
) -> Iterator[tuple[str, str]]:
    key = _primary_key(columns)
    if key:
        yield "key", names_literal(key)
    further: list[tuple[str, ...]] = [(str(column.name),) for column in columns if is_unique(column)]
    further += unique_columns(table.quality or ())
    others = [names for names in dict.fromkeys(further) if names != key]
    if others:
        yield "keys", write_items("[", [names_literal(names) for names in others], "]")
    keys = [*([key] if key else []), *others]
    relationships = list(_relationships(table, columns, keys, models, notes))
    if relationships:
        yield "relationships", write_items("[", relationships, "]")
    types = list(_columns(table, columns, contract, notes))
    if types and len(types) == len(columns):
        yield "columns", write_items("{", types, "}")
    rules = [*table_rules(table, notes), *(rule for column in columns for rule in column_rules(table, column, notes))]
    if rules:
        texts = [
            f"{rule.word}({string_literal(escape_jinja(rule.name))}, {string_literal(escape_jinja(rule.condition))})"
            for rule in _with_names_of_their_own(rules)
        ]
        yield "expectations", write_items("[", texts, "]")
    tests = [*_tests(table, columns), *import_freshness(str(table.name), contract.slaProperties or ())]
    if tests:
        yield "tests", write_items("[", tests, "]")
    if table.tags:
        yield "tags", list_literal(tuple(map(escape_jinja, table.tags)))
    owner = _owner(table, contract)
    if owner:
        yield "owner", string_literal(escape_jinja(owner))


def _with_names_of_their_own(rules: Iterable[Rule]) -> Iterator[Rule]:
    """The rules, each once; another rule of the same name gets a number."""
    names: set[str] = set()
    for rule in dict.fromkeys(rules):
        name, number = rule.name, 2
        while name.lower() in names:
            name, number = f"{rule.name} {number}", number + 1
        names.add(name.lower())
        yield rule._replace(name=name)


def _tests(table: SchemaObject, columns: Iterable[SchemaProperty]) -> Iterator[str]:
    calls = [import_column_test(column, rule) for column in columns for rule in column.quality or ()]
    calls += [import_table_test(rule) for rule in table.quality or ()]
    yield from dict.fromkeys(call for call in calls if call is not None)


def _primary_key(columns: Iterable[SchemaProperty]) -> tuple[str, ...]:
    parts = [column for column in columns if column.primaryKey]
    parts.sort(key=lambda column: column.primaryKeyPosition or len(parts))
    return tuple(str(column.name) for column in parts)


def _columns(
    table: SchemaObject, columns: Iterable[SchemaProperty], contract: OpenDataContractStandard, notes: list[str]
) -> Iterator[str]:
    dialect = next((str(server.type) for server in contract.servers or () if server.type), "databricks")
    for column in columns:
        kind = spark_type(column, dialect)
        if kind is None:
            notes.append(f"{table.name}.{column.name}: its type is not known, so the model declares no columns")
            continue
        extra = [string_literal(escape_jinja(column.description))] if column.description else []
        extra += ["not_null=True"] if column.required else []
        value = string_literal(kind)
        yield f"{string_literal(str(column.name))}: " + (f"column({', '.join([value, *extra])})" if extra else value)


def _relationships(
    table: SchemaObject,
    columns: Iterable[SchemaProperty],
    keys: Iterable[tuple[str, ...]],
    models: Mapping[str, str],
    notes: list[str],
) -> Iterator[str]:
    references = [(relation, [str(column.name)]) for column in columns for relation in column.relationships or ()]
    references += [(relation, _as_list(relation.from_)) for relation in table.relationships or ()]
    for relation, own in references:
        targets = [target.rpartition(".") for target in _as_list(relation.to)]
        parents = {parent for parent, _, _ in targets}
        parent = parents.pop() if len(parents) == 1 else ""
        if parent not in models or len(targets) != len(own):
            notes.append(
                f"{table.name}: the relationship to `{', '.join(_as_list(relation.to))}`, no table of the contract"
            )
            continue
        on = [(name.rpartition(".")[2], target) for name, (_, _, target) in zip(own, targets, strict=True)]
        is_key = any({child for child, _ in on}.issuperset(key) for key in keys)
        yield f"{_relationship_word(relation, is_key=is_key)}({string_literal(models[parent])}, on={_on(on)})"


def _relationship_word(relation: Relationship, *, is_key: bool) -> str:
    """The word; no two rows refer to one parent by a key of their own."""
    is_one = is_key or any(other.value == "one_to_one" for other in relation.customProperties or ())
    return "one_to_one" if is_one else "many_to_one"


def _on(pairs: list[tuple[str, str]]) -> str:
    if all(child == parent for child, parent in pairs):
        return names_literal(tuple(child for child, _ in pairs))
    return "{" + ", ".join(f"{string_literal(child)}: {string_literal(parent)}" for child, parent in pairs) + "}"


def _as_list(names: str | list[str] | None) -> list[str]:
    return [names] if isinstance(names, str) else list(names or ())


def _owner(table: SchemaObject, contract: OpenDataContractStandard) -> str | None:
    own = [str(other.value) for other in table.customProperties or () if other.property == "owner" and other.value]
    return next(iter(own), None) or getattr(contract.team, "name", None)


def _model_name(table: SchemaObject) -> str:
    name = _NO_NAME.sub("_", str(table.name)).strip("_").lower() or "table"
    return f"t_{name}" if name[0].isdigit() else name


def _source(table: SchemaObject, contract: OpenDataContractStandard) -> str:
    """The table that a model reads: its physical name, in the catalog and schema of the contract's server."""
    name = table.physicalName or str(table.name)
    servers = contract.servers or ()
    schema = next((server.schema_ for server in servers if server.schema_), None)
    parts = [*([schema] if "." not in name and schema else []), name]
    catalog = next((server.catalog for server in servers if server.catalog), None)
    return ".".join([*([catalog] if catalog and ".".join(parts).count(".") == 1 else []), *parts])
