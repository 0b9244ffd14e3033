"""The ends of relationships: a reference that may be NULL has no parent row."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from literate import lay_out

from cbx.compiler import compile_project
from cbx.graph.graph_document import GraphDocument
from cbx.graph.read_manifest import read_manifest
from cbx.render.dot import render_dot_relationships
from cbx.render.json_text import render_json
from cbx.render.mermaid import render_mermaid_relationships
from cbx.render.svg_relationships import render_svg_relationships

FILES = {
    "project.toml": '[project]\nname = "shop"\n',
    "models/bronze/people.sql": """{{ materialized_view(key="id", columns={"id": column("BIGINT", not_null=True)}) }}
SELECT DISTINCT id FROM {{ source("raw.people") }}""",
    "models/silver/parcels.sql": """{{ materialized_view(
    columns={"buyer": "BIGINT", "seller": column("BIGINT", not_null=True)},
    relationships=[
        many_to_one("bronze.people", on={"buyer": "id"}),
        many_to_one("bronze.people", on={"seller": "id"}),
    ],
) }}
SELECT buyer, seller FROM {{ source("raw.parcels") }}""",
    "models/silver/homes.sql": """{{ auto_cdc(key="id", sequence_by="at", scd_type=2,
    relationships=[one_to_one("bronze.people", on="id")]) }}
SELECT id, at FROM {{ stream_source("raw.homes") }}""",
}


@pytest.fixture
def document(tmp_path: Path) -> GraphDocument:
    lay_out(FILES, tmp_path)
    compilation = compile_project(tmp_path, with_trace=False)
    assert compilation.succeeded, compilation.diagnostics
    text = next(artifact.text for artifact in compilation.artifacts if artifact.path == "manifest.json")
    return read_manifest(json.loads(text))


def test_the_document_knows_both_ends(document: GraphDocument) -> None:
    """Of the child's columns and of the cardinality."""
    ends = {
        (relation.child, relation.on[0][0]): (relation.parent_end, relation.child_end)
        for relation in document.relations
    }

    assert ends[("silver.parcels", "buyer")] == ("zero or one", "zero or more")
    assert ends[("silver.parcels", "seller")] == ("exactly one", "zero or more")
    assert ends[("silver.homes", "id")][1] == "zero or one"


def test_every_picture_draws_them(document: GraphDocument) -> None:
    """A guest's parcel has no buyer."""
    mermaid = render_mermaid_relationships(document)
    dot = render_dot_relationships(document)
    svg = render_svg_relationships(document)

    assert 'e_bronze_people |o..o{ e_silver_parcels : "buyer = id"' in mermaid
    assert 'e_bronze_people ||..o{ e_silver_parcels : "seller = id"' in mermaid
    assert 'arrowhead=crowodot, arrowtail=teeodot, label="buyer = id"' in dot
    assert 'arrowhead=crowodot, arrowtail=teetee, label="seller = id"' in dot
    assert _circles(svg, "buyer = id") == 2
    assert _circles(svg, "seller = id") == 1
    assert [entry["parent_end"] for entry in json.loads(render_json(document))["relationships"]].count(
        "exactly one"
    ) == sum(relation.parent_end == "exactly one" for relation in document.relations)


def test_a_table_with_history_shows_its_versions(document: GraphDocument) -> None:
    """The key alone does not tell its rows apart."""
    assert '__START_AT "start of a version"' in render_mermaid_relationships(document)
    assert "__START_AT" in render_dot_relationships(document)
    assert "__START_AT" in render_svg_relationships(document)


def _circles(svg: str, on: str) -> int:
    """The circles of the line of a relationship: one for each end that may be empty."""
    line = next(part for part in svg.split("<g>") if f"on {on}," in part)
    return line.split("</g>")[0].count("<circle")
