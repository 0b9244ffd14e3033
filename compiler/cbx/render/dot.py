"""The graph in the words of Graphviz."""

from __future__ import annotations

from html import escape

from cbx.graph_document import GraphDocument
from cbx.render.column_lineage import ColumnGraph
from cbx.render.palette import layer_colours
from cbx.render.words import kind_in_words

_HEAD = (
    "digraph lineage {",
    '  graph [rankdir=LR, fontname="Helvetica", ranksep=0.9, nodesep=0.25, compound=true]',
    '  node [shape=box, style="rounded,filled", fillcolor=white, fontname="Helvetica", fontsize=11, margin="0.2,0.1"]',
    '  edge [color="#8a94a3", arrowsize=0.7]',
)


def render_dot(document: GraphDocument) -> str:
    """A directed graph from left to right, a cluster a layer; dashed arrows are streams."""
    colours = layer_colours(document.lanes)
    lines = list(_HEAD)
    for place, layer in enumerate(document.lanes):
        colour = colours[layer].light
        lines.append(f"  subgraph cluster_{place} {{")
        lines.append(f'    label={_quoted(layer)}; fontcolor="{colour}"; color="{colour}55"; style=rounded')
        for node in document.nodes:
            if node.layer == layer:
                shape = "" if node.is_model else ", shape=cylinder"
                label = f"{node.name}\n{kind_in_words(node)}"
                lines.append(f'    {_quoted(node.id)} [label={_quoted(label)}, color="{colour}"{shape}]')
        lines.append("  }")
    for edge in document.edges:
        style = " [style=dashed]" if edge.mode == "stream" else ""
        lines.append(f"  {_quoted(edge.source)} -> {_quoted(edge.target)}{style}")
    return "\n".join([*lines, "}"]) + "\n"


def render_dot_columns(graph: ColumnGraph) -> str:
    """A directed graph of tables of columns; arrows lead from column to column."""
    colours = layer_colours(graph.document.lanes)
    places = {(node, name): place for node, names in graph.columns.items() for place, name in enumerate(names)}
    lines = [*_HEAD, "  node [shape=plain, style=solid]"]
    for node, names in graph.columns.items():
        colour = colours[graph.document.by_id[node].layer].light
        rows = "".join(
            f'<TR><TD ALIGN="LEFT" PORT="c{places[node, name]}">{_marked(graph, node, name)}</TD></TR>'
            for name in names
        )
        head = f'<TR><TD ALIGN="LEFT" BGCOLOR="{colour}"><FONT COLOR="white"><B>{_html(node)}</B></FONT></TD></TR>'
        table = (
            f'<TABLE BORDER="1" COLOR="{colour}" CELLBORDER="0" CELLSPACING="0" CELLPADDING="5">{head}{rows}</TABLE>'
        )
        lines.append(f"  {_quoted(node)} [label=<{table}>]")
    for (node, name), (reader, made) in graph.edges:
        left, right = f"c{places[node, name]}:e", f"c{places[reader, made]}:w"
        lines.append(f"  {_quoted(node)}:{left} -> {_quoted(reader)}:{right}")
    return "\n".join([*lines, "}"]) + "\n"


def _marked(graph: ColumnGraph, node: str, name: str) -> str:
    return f"<B>{_html(name)}</B>" if graph.asked == (node, name) else _html(name)


def _html(text: str) -> str:
    """Text within a label of HTML; Graphviz takes no empty one."""
    return escape(text) or " "


def _quoted(text: str) -> str:
    """A text as Graphviz writes one: a backslash would begin an escape of a label."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "")
    return f'"{escaped}"'
