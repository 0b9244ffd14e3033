"""``cbx list``: prints the selected models and sources."""

from __future__ import annotations

import json
import sys
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cbx.cli.options import EnvOption, ExcludeOption, NoTraceOption, ProjectOption, SelectOption, StateManifestOption
from cbx.cli.selection import SelectionOptions

if TYPE_CHECKING:
    from cbx.graph.graph_document import GraphDocument, Node


class ListFormat(str, Enum):
    """The format of the list."""

    name = "name"
    json = "json"


class ResourceType(str, Enum):
    """The kinds of nodes."""

    model = "model"
    source = "source"


def list_command(
    select: SelectOption = None,
    exclude: ExcludeOption = None,
    resource_type: Annotated[
        ResourceType | None,
        typer.Option("--resource-type", help="Only models, or only sources."),
    ] = None,
    output_format: Annotated[ListFormat, typer.Option("--format", help="json: one object per line.")] = ListFormat.name,
    state_manifest: StateManifestOption = None,
    project: ProjectOption = None,
    env: EnvOption = "local",
    no_trace: NoTraceOption = False,
) -> None:
    """Print the ids of the selected models and sources, one per line."""
    from cbx.cli.places import project_folder
    from cbx.cli.selection import project_graph, select_nodes
    from cbx.incremental.options import Options

    graph = project_graph(project_folder(project), Options(env, with_trace=not no_trace))
    nodes = [
        graph.by_id[node_id] for node_id in select_nodes(graph, SelectionOptions.of(select, exclude, state_manifest))
    ]
    if resource_type is not None:
        nodes = [node for node in nodes if node.resource_type == resource_type.value]
    if not nodes:
        print("Nothing is selected.", file=sys.stderr)
    for node in nodes:
        print(json.dumps(_row(node, graph), ensure_ascii=False) if output_format is ListFormat.json else node.id)


def _row(node: Node, graph: GraphDocument) -> dict[str, Any]:
    """A node with the property names of ``dbt list --output json``."""
    return {
        "unique_id": node.id,
        "resource_type": node.resource_type,
        "name": node.name,
        "layer": node.layer,
        "original_file_path": node.path,
        "tags": list(node.tags),
        "config": {"materialized": node.kind},
        "depends_on": {"nodes": list(graph.parents[node.id])},
    }
