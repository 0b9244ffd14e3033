"""Reads the graph document from a manifest."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from cbx.graph.graph_document import (
    SOURCE,
    SOURCE_LAYER,
    ColumnNode,
    DataTestNode,
    Edge,
    ExpectationNode,
    GraphDocument,
    HomeNode,
    MeasureNode,
    Node,
    NodeKey,
    Relation,
)
from cbx.graph.selector_settings import selector_settings
from cbx.graph.table_options import table_options


def read_manifest(manifest: Mapping[str, Any]) -> GraphDocument:
    """The graph of a manifest.

    Args:
        manifest: The parsed ``manifest.json``.

    Raises:
        KeyError: If it is not a manifest of this version of the schema.
    """
    layers = tuple(manifest["project"]["layers"])
    models = [_model(name, model, manifest["models"]) for name, model in manifest["models"].items()]
    sources, modes = _reads(manifest["models"])
    for entry in manifest["relationships"]:
        if "table" in entry:
            parent = _parent_of_other_project(entry)
            sources[parent.id] = _join_columns(parent, sources.get(parent.id))
    place = {layer: number for number, layer in enumerate((SOURCE_LAYER, *layers))}
    nodes = sorted([*sources.values(), *models], key=lambda node: (place[node.layer], node.id))
    return GraphDocument(
        project=manifest["project"]["name"],
        layers=layers,
        nodes=tuple(nodes),
        edges=tuple(Edge(source, target, mode) for (source, target), mode in sorted(modes.items())),
        relations=tuple(_relation(entry, manifest["models"]) for entry in manifest["relationships"]),
    )


def _reads(models: Mapping[str, Any]) -> tuple[dict[str, Node], dict[tuple[str, str], Any]]:
    """The sources that models read, and the mode of every edge: stream, if a model reads an input in both modes."""
    sources: dict[str, Node] = {}
    modes: dict[tuple[str, str], Any] = {}
    for reader, model in models.items():
        for entry in model["inputs"]:
            read = entry.get("model")
            if read is None:
                source = _source(entry)
                sources[source.id] = source
                read = source.id
            if modes.get((read, reader)) != "stream":
                modes[read, reader] = entry["mode"]
        if "flow" in model:
            modes[reader, model["flow"]["into"]] = "batch" if model["flow"]["once"] else "stream"
    return sources, modes


def _source(entry: Mapping[str, str]) -> Node:
    place = entry.get("table") or entry.get("path") or entry.get("name") or entry["function"]
    name = entry.get("dependency", place)
    kind = "table" if "table" in entry else entry.get("format", "function")
    return Node(
        id=f"{SOURCE}{name}",
        resource_type="source",
        kind="dependency" if "dependency" in entry else kind,
        layer=SOURCE_LAYER,
        name=name,
        dataset="",
        path=place,
    )


def _parent_of_other_project(entry: Mapping[str, Any]) -> Node:
    """The parent of a relationship, a table of another project, with its key and the columns that are related.

    The verdict on the key is that of its own project; ``declared`` if its manifest has none.
    """
    source = _source({"table": entry["table"], "dependency": entry["parent"]})
    columns = tuple(
        ColumnNode(name, kind, None, is_not_null=False, lineage=()) for name, kind in entry["parent_columns"].items()
    )
    verdict = entry["parent_key_verdict"] or "declared"
    return replace(source, key=tuple(entry["parent_key"]), key_verdict=verdict, columns=columns)


def _join_columns(node: Node, other: Node | None) -> Node:
    """A node with the columns of another one for the same table."""
    known = {column.name for column in node.columns}
    more = () if other is None else tuple(column for column in other.columns if column.name not in known)
    return replace(node, columns=(*node.columns, *more))


def _model(identity: str, entry: Mapping[str, Any], models: Collection[str]) -> Node:
    return Node(
        id=identity,
        resource_type="model",
        kind=entry["kind"],
        layer=entry["layer"],
        name=entry["name"],
        dataset=entry["dataset"],
        path=entry["path"],
        description=entry["description"] or "",
        language=entry["language"],
        tags=tuple(entry["tags"]),
        owner=entry["owner"],
        key=tuple(entry["key"] or ()),
        key_verdict=entry["key_verdict"],
        further_keys=tuple(NodeKey(tuple(key["columns"]), key["verdict"]) for key in entry.get("further_keys", ())),
        columns=tuple(_column(column, models) for column in entry["columns"]),
        rules=tuple(
            ExpectationNode(rule["name"], rule["condition"], rule["on_violation"]) for rule in entry["expectations"]
        ),
        tests=tuple(_data_test(test) for test in entry.get("tests", ())),
        measures=tuple(_measure(measure) for measure in entry.get("measures", ())),
        pipeline=entry.get("pipeline"),
        artifact=entry["artifact"],
        hashes=(entry["source_hash"], entry["artifact_hash"]),
        config=selector_settings(entry),
        options=table_options(entry),
        has_history=_has_history(entry),
    )


def _has_history(entry: Mapping[str, Any]) -> bool:
    return (entry.get("cdc") or {}).get("scd_type") == 2


def _column(entry: Mapping[str, Any], models: Collection[str]) -> ColumnNode:
    origins = entry["lineage"]
    lineage = None if origins is None else tuple((node_id(table, models), column) for table, column in origins)
    home = entry.get("home")
    return ColumnNode(
        entry["name"],
        entry["type"],
        entry["description"],
        entry["not_null"],
        lineage,
        None if home is None else HomeNode(tuple(home["tables"]), tuple(home["key"])),
        entry.get("repeated"),
        entry.get("measure"),
        entry.get("computed", False),
    )


def _data_test(entry: Mapping[str, Any]) -> DataTestNode:
    condition = _condition_of_test(entry)
    return DataTestNode(entry["name"], entry["test"], condition, entry["on_violation"], entry["verdict"])


def _condition_of_test(entry: Mapping[str, Any]) -> str:
    match entry["test"]:
        case "accepted_values":
            return f"{entry['column']}: {', '.join(map(str, entry['values']))}"
        case "not_null":
            share = entry["at_least"]
            return str(entry["column"]) if share == 1 else f"{entry['column']}, at least {100 * share:g} % of the rows"
        case "row_count":
            bounds = (f"{word.replace('_', ' ')} {entry[word]}" for word in ("at_least", "at_most"))
            return ", ".join(bound for bound in bounds if not bound.endswith("None"))
        case "freshness":
            table = f"{entry['source']}." if "source" in entry else ""
            return f"{table}{entry['column']} within {entry['within']}"
        case _:
            return str(entry["query"])


def _measure(entry: Mapping[str, Any]) -> MeasureNode:
    return MeasureNode(
        entry["text"],
        entry["column"],
        f"{entry['path']}:{entry['line']}" if entry["path"] else "",
        tuple(entry["homes"]),
        entry["measure"],
        entry["verdict"],
        (entry["repeated_by"] or {}).get("reason", ""),
    )


def node_id(table: str, models: Collection[str]) -> str:
    """The id of the node of a model, or of a table that is none."""
    return table if table in models else f"{SOURCE}{table}"


def _relation(entry: Mapping[str, Any], models: Mapping[str, Any]) -> Relation:
    child = models[entry["child"]]
    never_null = {column["name"] for column in child["columns"] if column["not_null"]}
    return Relation(
        node_id(entry["parent"], models),
        entry["child"],
        tuple(entry["on"].items()),
        entry["cardinality"],
        entry["verdict"],
        "exactly one" if never_null >= entry["on"].keys() else "zero or one",
        "zero or more" if entry["cardinality"] == "one_to_many" else "zero or one",
    )
