"""The graph as JSON, with the words of dbt's ``manifest.json`` for what dbt knows too."""

from __future__ import annotations

import json
from typing import Any

from cbx.graph_document import GraphDocument, Node
from cbx.render.column_lineage import ColumnGraph

SCHEMA_VERSION = 1


def render_json(document: GraphDocument, columns: ColumnGraph | None = None) -> str:
    """``nodes`` by id, ``edges``, ``parent_map``, ``child_map``, ``relationships``; ``column_edges`` if asked for."""
    shape: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "metadata": {"project_name": document.project, "layers": list(document.layers)},
        "nodes": {node.id: _node(node, document) for node in document.nodes},
        "edges": [{"from": one.source, "to": one.target, "mode": one.mode} for one in document.edges],
        "parent_map": {node.id: list(document.parents[node.id]) for node in document.nodes},
        "child_map": {node.id: list(document.children[node.id]) for node in document.nodes},
        "relationships": [
            {
                "parent": one.parent,
                "child": one.child,
                "on": dict(one.on),
                "cardinality": one.cardinality,
                "verdict": one.verdict,
            }
            for one in document.relations
        ],
    }
    if columns is not None:
        shape["column_edges"] = [{"from": list(origin), "to": list(made)} for origin, made in columns.edges]
    return json.dumps(shape, indent=2) + "\n"


def _node(node: Node, document: GraphDocument) -> dict[str, Any]:
    return {
        "unique_id": node.id,
        "resource_type": node.resource_type,
        "name": node.name,
        "layer": node.layer,
        "description": node.description,
        "original_file_path": node.path,
        "config": {"materialized": node.kind},
        "tags": list(node.tags),
        "owner": node.owner,
        "depends_on": {"nodes": list(document.parents[node.id])},
        "key": list(node.key),
        "key_verdict": node.key_verdict,
        "columns": {
            one.name: {
                "name": one.name,
                "data_type": one.type,
                "description": one.description,
                "not_null": one.is_not_null,
                "lineage": None if one.lineage is None else [list(origin) for origin in one.lineage],
            }
            for one in node.columns
        },
        "expectations": [
            {"name": one.name, "condition": one.condition, "on_violation": one.on_violation} for one in node.rules
        ],
    }
