"""``cbx list``: the names of what is selected."""

from __future__ import annotations

import json
import sys
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cbx.cli.selection import EnvOption, ExcludeOption, ProjectOption, Selection, SelectOption, StateManifestOption

if TYPE_CHECKING:
    from cbx.graph.graph_document import GraphDocument, Node


class Format(str, Enum):
    """How the list is printed."""

    name = "name"
    json = "json"


class ResourceType(str, Enum):
    """What is listed."""

    model = "model"
    source = "source"


def list_command(
    select: SelectOption = None,
    exclude: ExcludeOption = None,
    resource_type: Annotated[
        ResourceType | None, typer.Option("--resource-type", help="Only models, or only what they read from outside.")
    ] = None,
    output_format: Annotated[Format, typer.Option("--format", help="json: one object a line.")] = Format.name,
    state_manifest: StateManifestOption = None,
    project: ProjectOption = None,
    env: EnvOption = "local",
) -> None:
    """Print the ids of the models and sources that are selected, one a line."""
    from cbx.cli.places import project_folder
    from cbx.cli.selection import chosen, project_graph

    graph = project_graph(project_folder(project), env)
    nodes = [graph.by_id[one] for one in chosen(graph, Selection.of(select, exclude, state_manifest))]
    if resource_type is not None:
        nodes = [node for node in nodes if node.resource_type == resource_type.value]
    if not nodes:
        print("Nothing is selected.", file=sys.stderr)
    for node in nodes:
        print(json.dumps(_row(node, graph), ensure_ascii=False) if output_format is Format.json else node.id)


def _row(node: Node, graph: GraphDocument) -> dict[str, Any]:
    """A node with the names that ``dbt list --output json`` gives to its properties."""
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
