"""What pictures say of nodes, and how much of it fits."""

from __future__ import annotations

from cbx.graph.graph_document import Node, Relation

_KINDS = {
    "streaming_table": "streaming table",
    "materialized_view": "materialized view",
    "view": "view",
    "auto_cdc": "AUTO CDC table",
}
_WIDE, _NARROW = frozenset("mwMWABCDEFGHKNOPQRSTUVXYZ@%&_"), frozenset("ijlftrI.,:;|'!()[] ")


def one_line(text: str) -> str:
    """A text on one line, without what no terminal and no XML has a sign for."""
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in " ".join(text.split())
    )


def kind_in_words(node: Node) -> str:
    """What a node is, for people."""
    if node.is_model:
        return _KINDS.get(node.kind, node.kind)
    return "external table" if node.kind == "table" else f"{node.kind.upper()} files"


def notes_on_keys(node: Node, column: str) -> list[str]:
    """What is known of each key that a column belongs to: ``key proven``, ``further key unproven``."""
    words = ["key"] * bool(node.key) + ["further key"] * len(node.further_keys)
    return [
        f"{word} {key.verdict}" if key.verdict else word
        for word, key in zip(words, node.keys, strict=True)
        if column in key.columns
    ]


def on_in_words(relation: Relation) -> str:
    """The columns of a relationship: one name where child and parent call them the same, else the child's first."""
    return ", ".join(child if child == parent else f"{child} = {parent}" for child, parent in relation.on)


def text_width(text: str, size: float, *, is_bold: bool = False) -> float:
    """About how wide a text is in the usual sans-serif fonts, rather too wide than too narrow.

    Args:
        text: One line.
        size: Of the font, in pixels.
        is_bold: Whether it is set in a heavier weight.
    """
    ems = sum(
        0.4 if character in _NARROW else 0.8 if character in _WIDE else 1.0 if ord(character) > 0x2E80 else 0.62
        for character in text
    )
    return ems * size * (1.1 if is_bold else 1)


def fit_text(text: str, size: float, width: float, *, is_bold: bool = False) -> str:
    """As much of a text as fits, with an ellipsis where something is left out."""
    if text_width(text, size, is_bold=is_bold) <= width:
        return text
    kept = text
    while kept and text_width(f"{kept}…", size, is_bold=is_bold) > width:
        kept = kept[:-1]
    return f"{kept}…"
