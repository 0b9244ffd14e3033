"""Renders the graph as DOT for Graphviz.

The ids of nodes are their names in the graph; what people read is in HTML labels.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape

from cbx.graph.graph_document import ColumnId, GraphDocument, Node
from cbx.render.column_lineage import ColumnGraph
from cbx.render.labels import kind_in_words, notes_on_keys, notes_on_versions, on_in_words, one_line
from cbx.render.palette import WARNING, Colour, layer_colours

_FAINT, _STREAM = "#5d6877", "#0b7285"
_HEAD = (
    '  graph [rankdir=LR, fontname="Helvetica", ranksep=0.9, nodesep=0.25]',
    '  node [shape=box, style="rounded,filled", fillcolor=white, fontname="Helvetica", fontsize=11, margin="0.2,0.1"]',
    '  edge [color="#8a94a3", fontname="Helvetica", fontsize=9, arrowsize=0.7]',
)


def render_dot(document: GraphDocument) -> str:
    """A directed graph from left to right, with a cluster for each layer; dashed arrows are streams."""
    return _graph("lineage", [*_lanes(document), *_arrows(document)])


def _graph(name: str, lines: Iterable[str]) -> str:
    return "\n".join([f"digraph {name} {{", *_HEAD, *lines, "}"]) + "\n"


def _lanes(document: GraphDocument) -> Iterator[str]:
    colours = layer_colours(document.lanes)
    for place, layer in enumerate(document.lanes):
        colour = colours[layer].light
        settings = f'fontcolor="{colour}"; color="{colour}55"; style=rounded; fontsize=12'
        yield f"  subgraph cluster_{place} {{"
        yield f"    label=<<B>{_escape(layer)}</B>>; {settings}"
        for node in document.nodes:
            if node.layer == layer:
                kind = f'<FONT POINT-SIZE="9" COLOR="{_FAINT}">{_escape(kind_in_words(node))}</FONT>'
                shape = "" if node.is_model else ", shape=cylinder"
                label = f'<B>{_escape(node.name)}</B><BR/><FONT POINT-SIZE="4"> <BR/></FONT>{kind}'
                yield f'    {_quote(node.id)} [label=<{label}>, color="{colour}"{shape}{_tip(node)}]'
        yield "  }"


def _tip(node: Node) -> str:
    return f", tooltip={_quote(one_line(node.description))}" if node.description else ""


def _arrows(document: GraphDocument) -> Iterator[str]:
    for edge in document.edges:
        style = f' [style=dashed, color="{_STREAM}"]' if edge.mode == "stream" else ""
        yield f"  {_quote(edge.source)} -> {_quote(edge.target)}{style}"
    if any(edge.mode == "stream" for edge in document.edges):
        yield f'  labelloc=b; fontsize=9; fontcolor="{_FAINT}"; label="dashed: reads new rows (stream)"'


def render_dot_columns(graph: ColumnGraph) -> str:
    """A directed graph of tables of columns; arrows lead from column to column."""
    document = graph.document
    colours = layer_colours(document.lanes)
    ports = {(node, name): f"c{place}" for node, names in graph.columns.items() for place, name in enumerate(names)}
    lines = ["  node [shape=plain, style=solid]"]
    for node, names in graph.columns.items():
        rows = [(ports[node, name], _column_label(graph, (node, name))) for name in names]
        lines.append(_table(node, rows, colours[document.by_id[node].layer]))
    for (node, name), (reader, target) in graph.edges:
        left, right = ports[node, name], ports[reader, target]
        lines.append(f"  {_quote(node)}:{left}:e -> {_quote(reader)}:{right}:w")
    return _graph("columns", lines)


def _column_label(graph: ColumnGraph, column: ColumnId) -> str:
    name = _escape(column[1])
    label = f"<B>{name}</B>" if graph.selected == column else name
    colour = WARNING.light if graph.is_marked(column) else _FAINT
    notes = ", ".join(graph.notes(column))
    return f'{label}<FONT POINT-SIZE="9" COLOR="{colour}"> {_escape(notes)}</FONT>' if notes else label


def _table(node: str, rows: Iterable[tuple[str, str]], colour: Colour) -> str:
    """A node that is an HTML table; each row is a pair of a port and HTML."""
    cells = "".join(f'<TR><TD ALIGN="LEFT" PORT="{port}">{text}</TD></TR>' for port, text in rows)
    head = f'<TR><TD ALIGN="LEFT" BGCOLOR="{colour.light}"><FONT COLOR="white"><B>{_escape(node)}</B></FONT></TD></TR>'
    table = (
        f'<TABLE BORDER="1" COLOR="{colour.light}" CELLBORDER="0" CELLSPACING="0" CELLPADDING="5">{head}{cells}</TABLE>'
    )
    return f"  {_quote(node)} [label=<{table}>]"


def render_dot_relationships(document: GraphDocument) -> str:
    """An entity-relationship diagram with crow's feet; relationships that are not proven are dashed."""
    colours = layer_colours(document.lanes)
    lines = ["  node [shape=plain, style=solid]", "  edge [dir=both, arrowsize=1]"]
    for node in document.with_relationships.nodes:
        rows = [(f"c{place}", text) for place, text in enumerate(_key_rows(node, document.references))]
        lines.append(_table(node.id, rows, colours[node.layer]))
    for relation in document.relations:
        head = "teeodot" if relation.child_end == "zero or one" else "crowodot"
        tail = "teetee" if relation.parent_end == "exactly one" else "teeodot"
        style = "" if relation.verdict == "proven" else ", style=dashed"
        settings = f"arrowhead={head}, arrowtail={tail}, label={_quote(one_line(on_in_words(relation)))}{style}"
        lines.append(f"  {_quote(relation.parent)} -> {_quote(relation.child)} [{settings}]")
    return _graph("relationships", lines)


def _key_rows(node: Node, references: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """The columns of keys, then the columns of relationships, then those of versions."""
    names = dict.fromkeys(name for key in node.keys for name in key.columns)
    for name in names:
        notes = ", ".join(notes_on_keys(node, name))
        yield f'<B>{_escape(name)}</B><FONT POINT-SIZE="9" COLOR="{_FAINT}"> {_escape(notes)}</FONT>'
    yield from (_escape(name) for name in references.get(node.id, ()) if name not in names)
    for name, note in notes_on_versions(node).items():
        yield f'{name}<FONT POINT-SIZE="9" COLOR="{_FAINT}"> {note}</FONT>'


def _escape(text: str) -> str:
    """Text in an HTML label, which must not be empty; Graphviz reads backslashes there, too, as escapes."""
    return escape(one_line(text)).replace("\\", "\\\\") or " "


def _quote(text: str) -> str:
    """A text as a quoted string of Graphviz, in which a backslash begins an escape."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "")
    return f'"{escaped}"'
