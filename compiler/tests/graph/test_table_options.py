"""How a table is stored, refreshed and shown, in documents, pages and selectors."""

from __future__ import annotations

import json
from pathlib import Path

from literate import lay_out

from cbx.compiler import compile_project
from cbx.graph.read_manifest import read_manifest
from cbx.graph.selectors import select
from cbx.render.json_text import render_json

FILES = {
    "project.toml": '[project]\nname = "shop"\n',
    "models/silver/customers.sql": """{{ materialized_view(
    partition_cols=["country"], row_filter="security.own ON (country)", spark_conf={"spark.sql.ansi.enabled": True},
    table_tags={"domain": "sales", "certified": ""},
    columns={"country": "STRING", "email": column("STRING", mask="security.hide", tags={"pii": "email"})},
) }}
SELECT country, email FROM {{ source("raw.customers") }}
""",
    "models/silver/plain.sql": '{{ materialized_view() }}\nSELECT country FROM {{ source("raw.customers") }}\n',
}


def test_options_are_shown_where_there_are_some(tmp_path: Path) -> None:
    lay_out(FILES, tmp_path)
    compilation = compile_project(tmp_path)
    manifest = next(artifact.text for artifact in compilation.artifacts if artifact.path == "manifest.json")
    document = read_manifest(json.loads(manifest))
    nodes = {node["id"]: node for node in json.loads(render_json(document))["nodes"]}

    assert nodes["silver.customers"]["options"] == {
        "Partitioned by": "country",
        "Row filter": "security.own ON (country)",
        "Spark settings": "spark.sql.ansi.enabled = true",
        "Table tags": "domain = sales, certified",
        "Masks": "email = security.hide",
        "Column tags": "email: pii = email",
    }
    assert "options" not in nodes["silver.plain"]
    assert set(select(document, ["config.table_tags.domain:sales"])) == {"silver.customers"}
