"""A graph whose every text tries to be something else than text."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from cbx.graph.graph_document import SOURCE_LAYER, ColumnNode, Edge, GraphDocument, HomeNode, Node, NodeKey, Relation

TEXTS = (
    "end",
    "graph",
    "click",
    "subgraph",
    "PK",
    "<script>window.hacked = true</script>",
    "<img src=x onerror='window.hacked = true'>",
    "]]> --> <b>bold</b> &amp; &lt;",
    '"; alert(1); "',
    'a\\nb \\\\ \\"quoted\\"',
    "back`tick` ${x} #35; #quot;",
    "style: <b>classDef: #60;</b>; linkStyle 0",
    "%% comment %%{init: {}}%%",
    "[]{}()|;--o{",
    "größe 数量 🚀",
    'it\'s 100% "fine"',
)
"""As names, descriptions, layers and columns; all of them are one line."""


def hostile_graph() -> GraphDocument:
    """A source and a chain of models in a layer each, named, described, keyed twice and related by `TEXTS`."""
    layers = tuple(f"{place} {text}" for place, text in enumerate(TEXTS))
    nodes = [Node("source:x", "source", "table", SOURCE_LAYER, TEXTS[5], dataset="", path="x", description=TEXTS[6])]
    for layer, text in zip(layers, TEXTS, strict=True):
        before = nodes[-1]
        lineage = ((before.id, before.columns[0].name),) if before.columns else (("source:x", TEXTS[7]),)
        columns = (
            ColumnNode(text, text, text, is_not_null=True, lineage=lineage),
            ColumnNode("other", "DECIMAL(10, 2)", None, is_not_null=False, lineage=()),
            ColumnNode(
                f"amount {text}",
                text,
                text,
                is_not_null=False,
                lineage=(*lineage, ("source:x", "amount")),
                home=HomeNode((text,), ()),
                is_repeated=True,
            ),
        )
        node = Node(f"{layer}.{text}", "model", "view", layer, text, dataset=text, path=text, description=text)
        keys = {"key": (text,), "key_verdict": "unproven", "further_keys": (NodeKey(("other", text), "proven"),)}
        nodes.append(replace(node, columns=columns, owner=text, tags=(text,), options=((text, text),), **keys))
    edges = [
        Edge(left.id, right.id, "stream" if place % 2 else "batch")
        for place, (left, right) in enumerate(pairwise(nodes))
    ]
    relations = [
        Relation(
            left.id,
            right.id,
            ((right.name, left.name),),
            *(
                ("one_to_many", verdict, "zero or one", "zero or more")
                if place % 2
                else ("one_to_one", verdict, "exactly one", "zero or one")
            ),
        )
        for place, (left, right) in enumerate(pairwise(nodes[1:]))
        for verdict in (("proven", "unproven")[place % 2],)
    ]
    itself = Relation(
        nodes[1].id, nodes[1].id, (("other", TEXTS[0]),), "one_to_many", "unproven", "exactly one", "zero or more"
    )
    return GraphDocument("<b>project</b>", layers, tuple(nodes), tuple(edges), (*relations, itself))
