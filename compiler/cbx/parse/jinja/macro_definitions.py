"""The macros that a file defines, and which macros use others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jinja2 import nodes


def outermost_macros(node: nodes.Node) -> Iterator[nodes.Macro]:
    """The macros of a file in their order, without those inside another."""
    for child in node.iter_child_nodes():
        if isinstance(child, nodes.Macro):
            yield child
        else:
            yield from outermost_macros(child)


def add_callers(broken: set[str], macros: Sequence[nodes.Macro]) -> set[str]:
    """Broken macros, and the macros of their file that use them, directly or indirectly."""
    names = {macro.name: {name.name for name in macro.find_all(nodes.Name)} for macro in macros}
    while more := {name for name, used in names.items() if used & broken} - broken:
        broken = broken | more
    return broken
