"""Sinks and snapshots in the graph: kinds in words, sources, selectors and column lineage."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from literate import lay_out

from cbx.compiler import compile_project
from cbx.graph.graph_document import GraphDocument
from cbx.graph.read_manifest import read_manifest
from cbx.graph.selectors import select
from cbx.render.column_lineage import column_lineage
from cbx.render.labels import kind_in_words

FILES = {
    "project.toml": '[project]\nname = "shop"\n',
    "macros/feeds.py": """def next_shops(last_version):
    return None


def send(rows, number):
    rows.show()
""",
    "models/silver/merchants.sql": """{{ auto_cdc_from_snapshot(key="id", scd_type=2) }}
SELECT id, name FROM {{ snapshots("/landing/merchants", format="csv") }}""",
    "models/silver/shops.sql": """{{ auto_cdc_from_snapshot(key="id") }}
SELECT id FROM {{ snapshots(function="macros.feeds.next_shops", version="BIGINT") }}""",
    "models/silver/orders.sql": """{{ streaming_table() }}
SELECT id, amount FROM {{ stream_source("raw.orders") }}""",
    "models/gold/messages.sql": """{{ sink(
    format="kafka", options={"kafka.bootstrap.servers": "b", "topic": "orders"},
) }}
SELECT CAST(id AS STRING) AS value FROM {{ stream("silver.orders") }}""",
    "models/gold/shared.sql": """{{ sink(format="delta", options={"tableName": "a.b.c"}) }}
SELECT id FROM {{ stream("silver.orders") }}""",
    "models/gold/mails.sql": """{{ sink(format="com.example.mail") }}
SELECT id FROM {{ stream("silver.orders") }}""",
    "models/gold/posts.sql": """{{ sink(foreach_batch="macros.feeds.send") }}
SELECT id FROM {{ stream("silver.orders") }}""",
}


@pytest.fixture
def document(tmp_path: Path) -> GraphDocument:
    lay_out(FILES, tmp_path)
    compilation = compile_project(tmp_path, with_trace=False)
    assert compilation.succeeded, compilation.diagnostics
    text = next(artifact.text for artifact in compilation.artifacts if artifact.path == "manifest.json")
    return read_manifest(json.loads(text))


def test_a_picture_says_where_rows_come_from_and_go(document: GraphDocument) -> None:
    """The format of a sink, and of a folder of snapshots; a function is one."""
    words = {node.id: kind_in_words(node) for node in document.nodes}

    assert words == {
        "source:/landing/merchants": "CSV files",
        "source:next_shops": "Python function",
        "source:raw.orders": "external table",
        "silver.merchants": "SCD type 2 table",
        "silver.shops": "AUTO CDC table",
        "silver.orders": "streaming table",
        "gold.messages": "Kafka sink",
        "gold.shared": "Delta sink",
        "gold.mails": "com.example.mail sink",
        "gold.posts": "Python sink",
    }


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ("kind:sink", "gold.messages gold.shared gold.mails gold.posts"),
        ("config.format:kafka", "gold.messages"),
        ("config.format:foreach_batch", "gold.posts"),
        ("kind:auto_cdc_from_snapshot", "silver.merchants silver.shops"),
        ("source:next_shops+", "source:next_shops silver.shops"),
        ("+gold.shared", "source:raw.orders silver.orders gold.shared"),
    ],
)
def test_they_are_selected_as_other_models(document: GraphDocument, selector: str, found: str) -> None:
    """By kind, by format, and by their neighbours."""
    assert set(select(document, [selector])) == set(found.split())


def test_columns_are_followed_into_a_sink(document: GraphDocument) -> None:
    """What leaves the pipeline is known by column."""
    assert (("silver.orders", "id"), ("gold.messages", "value")) in column_lineage(document).edges
