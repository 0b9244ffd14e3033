"""Renders the graph as a tree for a terminal: sources at the root, the models that read them on the branches."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from textwrap import shorten
from typing import TypeVar

from rich.console import Group
from rich.text import Text
from rich.tree import Tree

from cbx.graph.graph_document import ColumnId, GraphDocument, Node, Relation
from cbx.render.column_lineage import ColumnGraph
from cbx.render.labels import REPEATED, REPEATED_IN_WORDS, kind_in_words, on_in_words, one_line
from cbx.render.palette import Colour, layer_colours

_Item = TypeVar("_Item", bound=Hashable)
_STREAM, _BATCH, _AGAIN = "⇢", "→", " ↑ above"
_NOTES = {REPEATED: "yellow"}
_ARROWS = {None: ("", ""), "stream": (f"{_STREAM} ", "cyan"), "batch": (f"{_BATCH} ", "dim")}


def render_tree(document: GraphDocument) -> Group:
    """A tree of inputs and readers; a node with several inputs is expanded once, and only named after that."""
    colours = layer_colours(document.lanes)
    modes = {(edge.source, edge.target): edge.mode for edge in document.edges}

    def label(name: str, parent: str | None, *, is_again: bool) -> Text:
        node = document.by_id[name]
        arrow = _ARROWS[None if parent is None else modes[parent, name]]
        text = Text.assemble(arrow, _name(name, colours[node.layer]))
        if is_again:
            return text.append(_AGAIN if document.children[name] else "", "dim")
        return text.append("  " + " · ".join([kind_in_words(node), *_keys(node)]), "dim")

    roots = [node.id for node in document.nodes if not document.parents[node.id]]
    tree = _tree(document)
    _add_branches(tree, roots, lambda name: document.children[name], label)
    used = set(modes.values())
    words = {"stream": "reads new rows (stream)   ", "batch": "reads all rows (batch)"}
    legend = Text.assemble(*(part for mode in words if mode in used for part in (_ARROWS[mode], (words[mode], "dim"))))
    return Group(tree, *([legend] if used else []))


def _tree(document: GraphDocument) -> Tree:
    return Tree(Text(one_line(document.project), "bold"), guide_style="dim")


def _name(text: str, colour: Colour) -> tuple[str, str]:
    return one_line(text), f"bold {colour.anywhere}"


def _keys(node: Node) -> list[str]:
    """Each key of a node, with its verdict."""
    return [one_line(f"key {', '.join(key.columns)}{f' ({key.verdict})' if key.verdict else ''}") for key in node.keys]


def render_column_tree(graph: ColumnGraph) -> Group:
    """A tree of columns and the columns computed from them."""
    document = graph.document
    colours = layer_colours(document.lanes)
    targets: dict[ColumnId, list[ColumnId]] = {
        (node, name): [] for node, names in graph.columns.items() for name in names
    }
    roots = dict.fromkeys(targets)
    for origin, column in graph.edges:
        targets[origin].append(column)
        roots.pop(column, None)

    def label(item: ColumnId, parent: ColumnId | None, *, is_again: bool) -> Text:
        node, column = item
        is_selected = graph.selected is not None and graph.selected[0] == node and graph.selected[1] in {None, column}
        style = f"{'bold reverse ' if is_selected else ''}{colours[document.by_id[node].layer].anywhere}"
        text = Text.assemble(
            ("" if parent is None else f"{_BATCH} ", "dim"), (f"{one_line(node)}.", "dim"), (one_line(column), style)
        )
        if is_again:
            return text.append(_AGAIN if targets[item] else "", "dim")
        type_of_column = graph.described[item].type if item in graph.described else None
        notes = [shorten(type_of_column or "", 48, placeholder=" …"), *graph.notes(item)]
        parts = ((f"{'  ' if at == 0 else ' · '}{one_line(note)}", note) for at, note in enumerate(filter(None, notes)))
        return text.append_text(Text.assemble(*((part, _NOTES.get(note, "dim")) for part, note in parts)))

    tree = _tree(document)
    _add_branches(tree, list(roots), lambda column: targets[column], label)
    legend = Text.assemble((REPEATED, _NOTES[REPEATED]), (f": {REPEATED_IN_WORDS}", "dim"))
    return Group(tree, *([legend] if any(map(graph.is_marked, targets)) else []))


def render_relationship_tree(document: GraphDocument) -> Group:
    """A tree of parents and their children."""
    colours = layer_colours(document.lanes)
    children: dict[str, list[Relation]] = {}
    for relation in document.relations:
        children.setdefault(relation.parent, []).append(relation)
    tree = _tree(document)
    for node in document.nodes:
        if node.id in children:
            name = Text.assemble(_name(node.id, colours[node.layer]), (f"  {' '.join(_keys(node))}".rstrip(), "dim"))
            branch = tree.add(name)
            for relation in children[node.id]:
                parents = "1" if relation.parent_end == "exactly one" else "0..1"
                count = f"{parents}:{'1' if relation.child_end == 'zero or one' else 'n'}"
                child = _name(relation.child, colours[document.by_id[relation.child].layer])
                details = f"  on {one_line(on_in_words(relation))} ({relation.verdict})"
                branch.add(Text.assemble((f"{count} ", "bold"), child, (details, "dim")))
    return Group(tree)


def _add_branches(
    tree: Tree,
    roots: Sequence[_Item],
    further: Callable[[_Item], Sequence[_Item]],
    label: Callable[..., Text],
) -> None:
    """Add items to a tree, depth first, without recursion, since a pipeline may be long."""
    seen: set[_Item] = set()
    waiting: list[tuple[Tree, _Item, _Item | None]] = [(tree, root, None) for root in reversed(roots)]
    while waiting:
        branch, item, parent = waiting.pop()
        is_again = item in seen
        twig = branch.add(label(item, parent, is_again=is_again))
        seen.add(item)
        if not is_again:
            waiting += [(twig, child, item) for child in reversed(further(item))]
