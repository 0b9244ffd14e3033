"""The texts of nodes and relationships in pictures, and their widths."""

from __future__ import annotations

from cbx.graph.graph_document import HomeNode, Node, Relation

_KINDS = {
    "streaming_table": "streaming table",
    "materialized_view": "materialized view",
    "view": "view",
    "auto_cdc": "AUTO CDC table",
    "auto_cdc_from_snapshot": "AUTO CDC table",
    "flow": "flow",
    "seed": "seed",
}
_SOURCES = {
    "table": "external table",
    "dependency": "table of another project",
    "function": "Python function",
    "kafka": "Kafka topic",
    "eventhubs": "event hub",
    "kinesis": "Kinesis stream",
    "pubsub": "Pub/Sub topic",
    "pulsar": "Pulsar topic",
}
_SINKS = {"kafka": "Kafka", "delta": "Delta", "foreach_batch": "Python"}
_FILE_FORMATS = frozenset({"json", "csv", "parquet", "avro", "orc", "text", "xml", "binaryFile"})
_WIDE, _NARROW = frozenset("mwMWABCDEFGHKNOPQRSTUVXYZ@%&_"), frozenset("ijlftrI.,:;|'!()[] ")


def one_line(text: str) -> str:
    """A text on one line; characters that terminals or XML cannot show are replaced."""
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in " ".join(text.split())
    )


def kind_in_words(node: Node) -> str:
    """The kind of a node as words, such as ``streaming table``."""
    if node.kind == "sink":
        sink_format = str(node.config.get("format", ""))
        return f"{_SINKS.get(sink_format.lower(), sink_format)} sink".strip()
    if node.has_history:
        return "SCD type 2 table"
    if node.is_model:
        return _KINDS.get(node.kind, node.kind)
    if node.kind in _FILE_FORMATS:
        return f"{node.kind.upper()} files"
    return _SOURCES.get(node.kind.lower(), f"{node.kind} source")


def notes_on_keys(node: Node, column: str) -> list[str]:
    """The keys of a column with their verdicts: ``key proven``, ``further key unproven``."""
    words = ["key"] * bool(node.key) + ["further key"] * len(node.further_keys)
    return [
        f"{word} {key.verdict}" if key.verdict else word
        for word, key in zip(words, node.keys, strict=True)
        if column in key.columns
    ]


def notes_on_versions(node: Node) -> dict[str, str]:
    """The columns that tell the versions of a row apart, in a table that has all of them, with a note on each."""
    if not node.has_history:
        return {}
    return {"__START_AT": "start of a version", "__END_AT": "its end; NULL: current"}


def home_in_words(home: HomeNode) -> str:
    """``home silver.orders``, or ``per order_id`` for rows that a query itself makes."""
    return f"home {' and '.join(home.tables)}" if home.tables else f"per {', '.join(home.key)}"


REPEATED = "repeated"
"""The mark of a column that is repeated in its table."""

REPEATED_IN_WORDS = "a row of its home is in several rows here, so a sum counts it several times"


def on_in_words(relation: Relation) -> str:
    """The columns of a relationship: ``id``, or ``customer_id = id`` if child and parent have different names."""
    return ", ".join(child if child == parent else f"{child} = {parent}" for child, parent in relation.on)


def text_width(text: str, size: float, *, is_bold: bool = False) -> float:
    """The approximate width of a text in the usual sans-serif fonts, in pixels; rather too wide than too narrow.

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
    """Cut a text to a width in pixels, with an ellipsis if something is omitted."""
    if text_width(text, size, is_bold=is_bold) <= width:
        return text
    start = text
    while start and text_width(f"{start}…", size, is_bold=is_bold) > width:
        start = start[:-1]
    return f"{start}…"
