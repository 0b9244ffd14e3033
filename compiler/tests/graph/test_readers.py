"""Topics of streaming services and tables of databases in the graph."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from literate import lay_out

from cbx.compiler import compile_project
from cbx.graph.graph_document import GraphDocument
from cbx.graph.read_manifest import read_manifest
from cbx.graph.selectors import select
from compiler.tests.command import invoke_cbx

FILES = {
    "project.toml": '[project]\nname = "shop"\n',
    "models/bronze/orders.sql": """{{ streaming_table() }}
SELECT CAST(value AS STRING) AS body FROM {{ kafka("orders", servers="x:1") }}""",
    "models/bronze/clicks.sql": """{{ streaming_table() }}
SELECT data FROM {{ read_stream("kinesis", options={"streamName": "clicks,views"}) }}""",
    "models/bronze/buyers.sql": """{{ materialized_view() }}
SELECT b.name, o.name AS other FROM {{ read("jdbc", options={"url": "jdbc:x", "dbtable": "public.buyers"}) }} b
JOIN {{ source("public.buyers") }} o ON o.id = b.id""",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    lay_out(FILES, tmp_path)
    return tmp_path


@pytest.fixture
def document(project: Path) -> GraphDocument:
    compilation = compile_project(project, with_trace=False)
    text = next(artifact.text for artifact in compilation.artifacts if artifact.path == "manifest.json")
    return read_manifest(json.loads(text))


def test_each_system_is_a_source_of_its_own(document: GraphDocument) -> None:
    """A table of a database is not the table of the same name in the catalog."""
    sources = {node.id: node.kind for node in document.nodes if not node.is_model}

    assert sources == {
        "source:jdbc:public.buyers": "jdbc",
        "source:kafka:orders": "kafka",
        "source:kinesis:clicks,views": "kinesis",
        "source:public.buyers": "table",
    }


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ("source:kafka", "source:kafka:orders"),
        ("source:kafka:orders", "source:kafka:orders"),
        ("source:orders", "source:kafka:orders"),
        ("source:views+1", "source:kinesis:clicks,views bronze.clicks"),
        ("source:jdbc:*", "source:jdbc:public.buyers"),
        ("source:public.buyers", "source:jdbc:public.buyers source:public.buyers"),
        ("source:public", "source:jdbc:public.buyers source:public.buyers"),
    ],
)
def test_topics_are_found_by_service_and_name(document: GraphDocument, selector: str, found: str) -> None:
    """The name of a topic alone will do."""
    assert set(select(document, [selector])) == set(found.split())


def test_the_lineage_of_a_column_begins_at_the_message(document: GraphDocument) -> None:
    """The columns of messages are known."""
    node = next(node for node in document.nodes if node.id == "bronze.orders")

    assert node.columns[0].lineage == (("source:kafka:orders", "value"),)


@pytest.mark.parametrize("form", ["tree", "mermaid", "dot", "svg", "html"])
def test_pictures_name_the_system(project: Path, form: str) -> None:
    """In words for streaming services, by the format for others."""
    output = project / f"graph.{form}"
    result = invoke_cbx("graph", "--format", form, "--output", output, "--project", project)
    text = output.read_text() if output.exists() else result.stdout

    assert [words in text for words in ("Kafka topic", "Kinesis stream", "jdbc source")] == [True] * 3
