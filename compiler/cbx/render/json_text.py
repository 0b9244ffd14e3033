"""Renders the graph as JSON, in the node-link format of networkx, D3 and Cytoscape."""

from __future__ import annotations

import json
from typing import Any

from cbx.graph.graph_document import GraphDocument, Node
from cbx.render.column_lineage import ColumnGraph

SCHEMA_VERSION = 1


def render_json(document: GraphDocument, columns: ColumnGraph | None = None) -> str:
    """``nodes``, ``edges`` and ``relationships``, and ``column_edges`` if ``columns`` is given.

    Nodes are sorted by layer and id, everything else by ids; docs/graph.md describes the fields.
    """
    shape: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "project": {"name": document.project, "layers": list(document.layers)},
        "nodes": [_node(node) for node in document.nodes],
        "edges": [{"source": edge.source, "target": edge.target, "mode": edge.mode} for edge in document.edges],
        "relationships": [
            {
                "parent": relation.parent,
                "child": relation.child,
                "on": dict(relation.on),
                "cardinality": relation.cardinality,
                "verdict": relation.verdict,
                "parent_end": relation.parent_end,
                "child_end": relation.child_end,
            }
            for relation in document.relations
        ],
    }
    if columns is not None:
        shape["column_edges"] = [{"source": list(origin), "target": list(target)} for origin, target in columns.edges]
    return json.dumps(shape, indent=2) + "\n"


def _node(node: Node) -> dict[str, Any]:
    return {
        "id": node.id,
        "resource_type": node.resource_type,
        "kind": node.kind,
        "layer": node.layer,
        "name": node.name,
        "dataset": node.dataset or None,
        "path": node.path,
        "language": node.language or None,
        "description": node.description or None,
        "tags": list(node.tags),
        "owner": node.owner,
        **({"options": dict(node.options)} if node.options else {}),
        "key": list(node.key) or None,
        "key_verdict": node.key_verdict,
        "further_keys": [{"columns": list(key.columns), "verdict": key.verdict} for key in node.further_keys],
        "columns": [
            {
                "name": column.name,
                "type": column.type,
                "description": column.description,
                "not_null": column.is_not_null,
                "lineage": None if column.lineage is None else [list(origin) for origin in column.lineage],
                "home": None
                if column.home is None
                else {"tables": list(column.home.tables), "key": list(column.home.key)},
                "repeated": column.is_repeated,
                "measure": column.measure,
            }
            for column in node.columns
        ],
        "expectations": [
            {"name": rule.name, "condition": rule.condition, "on_violation": rule.on_violation} for rule in node.rules
        ],
        **({"tests": [test._asdict() for test in node.tests]} if node.tests else {}),
        "measures": [
            {
                "text": measure.text,
                "column": measure.column,
                "homes": list(measure.homes),
                "measure": measure.measure,
                "verdict": measure.verdict,
            }
            for measure in node.measures
        ],
        "artifact": node.artifact or None,
    }
