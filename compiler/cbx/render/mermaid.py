"""Renders the graph as Mermaid, which GitHub and GitLab draw in Markdown.

Ids come from names, so that a new model changes no other line, with a letter in front, so that none is a keyword of
Mermaid. Names are in quoted texts, with Mermaid's entity codes for special characters.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from cbx.graph.graph_document import ColumnId, GraphDocument, Node
from cbx.render.column_lineage import ColumnGraph
from cbx.render.labels import kind_in_words, notes_on_keys, notes_on_versions, on_in_words, one_line
from cbx.render.palette import WARNING, layer_colours

_ENTITIES = {character: f"#{ord(character)};" for character in '#"<>&`\\{}[]()|;:%$'}
_Key = TypeVar("_Key")
_NO_ID = re.compile(r"[^A-Za-z0-9]+")
_KEYS = {"PK", "FK", "UK"}
_NOT_A_WORD = re.compile(r"[^A-Za-z0-9_\u00c0-\ufff0]+")


def render_mermaid(document: GraphDocument) -> str:
    """A flowchart from left to right, with a subgraph for each layer; dotted arrows are streams."""
    ids = _ids("n", {node.id: node.id for node in document.nodes})
    lines = ["flowchart LR", "  accDescr: Dotted arrows read new rows (stream), solid arrows read all rows (batch)"]
    for place, layer in enumerate(document.lanes):
        lines.append(f'  subgraph layer{place}["{_text(layer)}"]')
        lines += [f"    {ids[node.id]}{_shape(node)}" for node in document.nodes if node.layer == layer]
        lines.append("  end")
    for edge in document.edges:
        arrow = "-.->" if edge.mode == "stream" else "-->"
        lines.append(f"  {ids[edge.source]} {arrow} {ids[edge.target]}")
    return _add_colours(lines, document, ids)


def _ids(letter: str, names: Mapping[_Key, str]) -> dict[_Key, str]:
    """A unique id for each name: ``silver.orders`` becomes ``n_silver_orders``."""
    ids: dict[_Key, str] = {}
    counts: Counter[str] = Counter()
    for key, name in names.items():
        slug = f"{letter}_{_NO_ID.sub('_', name).strip('_')}"
        counts[slug] += 1
        ids[key] = slug if counts[slug] == 1 else f"{slug}__{counts[slug]}"
    return ids


def _shape(node: Node) -> str:
    label = f"{_text(node.name)}<br/><small>{_text(kind_in_words(node))}</small>"
    return f'["{label}"]' if node.is_model else f'[("{label}")]'


def _text(text: str) -> str:
    """Text inside quotes."""
    return "".join(_ENTITIES.get(character, character) for character in one_line(text))


def _add_colours(lines: list[str], document: GraphDocument, ids: Mapping[str, str]) -> str:
    """Add the colours of the layers to the lines of a flowchart."""
    colours = layer_colours(document.lanes)
    for place, layer in enumerate(document.lanes):
        colour = colours[layer].anywhere
        members = [ids[node.id] for node in document.nodes if node.layer == layer]
        lines += [
            f"  style layer{place} fill:{colour}14,stroke:{colour}66",
            f"  classDef colour{place} stroke:{colour},stroke-width:2px",
        ]
        lines.append(f"  class {','.join(members)} colour{place}")
    return "\n".join(lines) + "\n"


def render_mermaid_columns(graph: ColumnGraph) -> str:
    """A flowchart of columns, with a subgraph for each model."""
    columns = [(node, name) for node, names in graph.columns.items() for name in names]
    ids = _ids("c", {column: ".".join(column) for column in columns})
    colours = layer_colours(graph.document.lanes)
    lines = ["flowchart LR"]
    for place, (node, names) in enumerate(graph.columns.items()):
        lines.append(f'  subgraph model{place}["{_text(node)}"]')
        lines += [f'    {ids[node, name]}["{_column_label(graph, (node, name))}"]' for name in names]
        colour = colours[graph.document.by_id[node].layer].anywhere
        lines += ["  end", f"  style model{place} fill:{colour}14,stroke:{colour}"]
    lines += [f"  {ids[origin]} --> {ids[target]}" for origin, target in graph.edges]
    repeated = [ids[column] for column in columns if graph.is_marked(column)]
    if repeated:
        lines += [f"  classDef repeated stroke:{WARNING.anywhere}", f"  class {','.join(repeated)} repeated"]
    if graph.selected is not None:
        selected = [ids[column] for column in columns if column == graph.selected]
        lines += ["  classDef selected stroke-width:3px", f"  class {','.join(selected)} selected"] if selected else []
    return "\n".join(lines) + "\n"


def _column_label(graph: ColumnGraph, column: ColumnId) -> str:
    name, notes = _text(column[1]), graph.notes(column)
    return f"{name}<br/><small>{_text(', '.join(notes))}</small>" if notes else name


def render_mermaid_relationships(document: GraphDocument) -> str:
    """An entity-relationship diagram; lines are solid for proven relationships, else dashed."""
    entities = document.with_relationships.nodes
    ids = _ids("e", {node.id: node.id for node in entities})
    lines = ["erDiagram"]
    for node in entities:
        lines.append(f'  {ids[node.id]}["{_text(node.id)}"] {{')
        lines += [f"    {line}" for line in _attributes(node, document.references.get(node.id, ()))]
        lines.append("  }")
    for relation in document.relations:
        line = "--" if relation.verdict == "proven" else ".."
        start = "||" if relation.parent_end == "exactly one" else "|o"
        end = "o|" if relation.child_end == "zero or one" else "o{"
        ends = f"{ids[relation.parent]} {start}{line}{end} {ids[relation.child]}"
        lines.append(f'  {ends} : "{_text(on_in_words(relation))}"')
    return "\n".join(lines) + "\n"


def _attributes(node: Node, references: Sequence[str]) -> Iterator[str]:
    """The columns of keys and relationships, as ``type name PK, FK "notes"``."""
    types = {column.name: column.type for column in node.columns}
    further = {name for key in node.further_keys for name in key.columns}
    for name in dict.fromkeys([*(name for key in node.keys for name in key.columns), *references]):
        marks = [mark for mark, its in (("PK", node.key), ("FK", references), ("UK", further)) if name in its]
        word = _NOT_A_WORD.sub("_", name)
        notes = [name] if word != name else []
        notes += notes_on_keys(node, name)
        note = f' "{_text(", ".join(notes))}"' if notes else ""
        yield f"{_word(types.get(name) or 'unknown')} {_word(word)} {', '.join(marks)}{note}"
    for name, note in notes_on_versions(node).items():
        yield f'{_word(types.get(name) or "unknown")} {name} "{note}"'


def _word(text: str) -> str:
    """A single word of Mermaid: ``DECIMAL(10, 2)`` becomes ``DECIMAL_10_2``."""
    word = _NOT_A_WORD.sub("_", text).strip("_") or "unknown"
    return f"_{word}" if word[0].isdigit() or word in _KEYS else word
