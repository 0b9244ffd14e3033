"""The graph as a tree for a terminal: what stands outside at the root, what reads it on the branches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from rich.text import Text
from rich.tree import Tree

from cbx.graph_document import ColumnId, GraphDocument, Node
from cbx.render.column_lineage import ColumnGraph
from cbx.render.palette import layer_colours
from cbx.render.words import kind_in_words

_Item = TypeVar("_Item")


def render_tree(document: GraphDocument) -> Tree:
    """A tree of what reads what; a node that several read from stands in full once, and is only named after that."""
    colours = layer_colours(document.lanes)
    modes = {(edge.source, edge.target): edge.mode for edge in document.edges}

    def label(one: str, parent: str | None, *, is_again: bool) -> Text:
        node = document.by_id[one]
        arrow = "" if parent is None else "⇢ " if modes[parent, one] == "stream" else "→ "
        text = Text.assemble((arrow, "dim"), (one, f"bold {colours[node.layer].dark}"))
        if is_again:
            return text.append(" ↑ above", "dim")
        return text.append(f"  {kind_in_words(node)}{_key(node)}", "dim")

    roots = [node.id for node in document.nodes if not document.parents[node.id]]
    tree = Tree(Text(document.project, style="bold"), guide_style="dim")
    _grow(tree, roots, lambda one: document.children[one], label)
    if any(mode == "stream" for mode in modes.values()):
        tree.add(Text("⇢ reads as a stream   → reads in batch", style="dim italic"))
    return tree


def _key(node: Node) -> str:
    return f"  key {', '.join(node.key)}" + (f" ({node.key_verdict})" if node.key_verdict else "") if node.key else ""


def render_column_tree(graph: ColumnGraph) -> Tree:
    """A tree of columns and what is made of them."""
    document = graph.document
    colours = layer_colours(document.lanes)
    made: dict[ColumnId, list[ColumnId]] = {(node, name): [] for node, names in graph.columns.items() for name in names}
    roots = dict.fromkeys(made)
    for origin, column in graph.edges:
        made[origin].append(column)
        roots.pop(column, None)

    def label(one: ColumnId, parent: ColumnId | None, *, is_again: bool) -> Text:
        node, column = one
        is_asked = graph.asked is not None and graph.asked[0] == node and graph.asked[1] in {None, column}
        style = f"{'bold ' if is_asked else ''}{colours[document.by_id[node].layer].dark}"
        text = Text.assemble(("" if parent is None else "→ ", "dim"), (f"{node}.", "dim"), (column, style))
        return text.append(" ↑ above", "dim") if is_again else text

    tree = Tree(Text(document.project, style="bold"), guide_style="dim")
    _grow(tree, list(roots), lambda one: made[one], label)
    return tree


def _grow(
    tree: Tree,
    roots: Sequence[_Item],
    further: Callable[[_Item], Sequence[_Item]],
    label: Callable[..., Text],
) -> None:
    """Hang items under a tree, depth first and without recursion, since a pipeline may be long."""
    seen: set[_Item] = set()
    waiting: list[tuple[Tree, _Item, _Item | None]] = [(tree, root, None) for root in reversed(roots)]
    while waiting:
        branch, item, parent = waiting.pop()
        is_again = item in seen
        twig = branch.add(label(item, parent, is_again=is_again and bool(further(item))))
        seen.add(item)
        if not is_again:
            waiting += [(twig, one, item) for one in reversed(further(item))]
