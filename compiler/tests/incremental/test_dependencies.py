"""Two projects: the second reads tables of the first by its manifest."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cbx.compiler import compile_project
from cbx.emit import manifest
from cbx.graph.read_manifest import read_manifest
from cbx.incremental.build import Build, build, up_to_date_manifest
from cbx.incremental.options import Options
from cbx.passes.facts.published_facts import published_facts
from cbx.project import dependencies
from cbx.testing.project.compiled_project import to_data

OPTIONS = Options("local", with_trace=False)

CRM = {
    "project.toml": '[project]\nname = "crm"\n',
    "models/silver/customers.sql": (
        '{{ materialized_view(key="id", columns={"id": "BIGINT", "city": "STRING"}) }}\n'
        'SELECT id, city FROM {{ source("raw.customers") }}\n'
    ),
}
SHOP = {
    "project.toml": (
        '[project]\nname = "shop"\n\n'
        '[dependencies.crm]\nmanifest = "../crm/target/manifest.json"\ncatalog = "crm_prod"\n'
    ),
    "models/gold/customers.sql": (
        '{{ materialized_view(key="id") }}\nSELECT id, upper(city) AS city FROM {{ ref("crm", "silver.customers") }}\n'
    ),
}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The folder of the second project; that of the first is beside it, compiled."""
    for name, files in (("crm", CRM), ("shop", SHOP)):
        for path, text in files.items():
            (tmp_path / name / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name / path).write_text(text)
    build(tmp_path / "crm", OPTIONS)
    return tmp_path / "shop"


def test_the_manifest_that_is_written_can_be_read() -> None:
    """A new version of its schema needs a new reader."""
    assert manifest.SCHEMA_VERSION == dependencies.SCHEMA_VERSION


def edit(path: Path, before: str, after: str) -> None:
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def codes_of(built: Build) -> list[str]:
    return [diagnostic.code.id for diagnostic in built.diagnostics]


def test_a_key_is_proven_by_that_of_the_other_project(shop: Path) -> None:
    """The key, the types and the name of the table are those of the other project."""
    build(shop, OPTIONS)
    model = json.loads((shop / "target/manifest.json").read_text())["models"]["gold.customers"]

    assert model["key_verdict"] == "proven"
    assert [column["type"] for column in model["columns"]] == ["BIGINT", "STRING"]
    assert model["inputs"] == [
        {"table": "crm_prod.silver.customers", "mode": "batch", "dependency": "crm:silver.customers"}
    ]


def test_a_changed_manifest_of_the_other_project_is_read(shop: Path) -> None:
    """A column that is removed there is missing here; one that comes back is there again."""
    assert codes_of(build(shop, OPTIONS)) == []
    model = shop.parent / "crm/models/silver/customers.sql"

    edit(model, "city", "town")
    assert up_to_date_manifest(shop, OPTIONS) is not None
    build(shop.parent / "crm", OPTIONS)
    assert up_to_date_manifest(shop, OPTIONS) is None
    assert codes_of(build(shop, OPTIONS)) == ["CBX405"]
    assert codes_of(build(shop, OPTIONS, check=True)) == ["CBX405"]

    edit(model, "town", "city")
    build(shop.parent / "crm", OPTIONS)
    assert codes_of(build(shop, OPTIONS)) == []


def test_a_removed_manifest_is_reported(shop: Path) -> None:
    """The record of the last compilation does not hide that the file is missing."""
    build(shop, OPTIONS)
    (shop.parent / "crm/target/manifest.json").unlink()

    assert codes_of(build(shop, OPTIONS)) == ["CBX273"]


def test_a_changed_model_is_compiled_with_the_other_project(shop: Path) -> None:
    """A part of the project knows the tables of the other, too."""
    build(shop, OPTIONS)
    edit(shop / "models/gold/customers.sql", "upper(city)", "lower(city)")
    assert codes_of(build(shop, OPTIONS)) == []

    edit(shop / "models/gold/customers.sql", "lower(city)", "lower(cty)")
    assert codes_of(build(shop, OPTIONS)) == ["CBX405"]


def test_the_graph_and_tests_name_the_other_project(shop: Path) -> None:
    """The table is a source with the name of its project, and tests know its columns."""
    compilation = compile_project(shop, with_trace=False)
    assert compilation.plan is not None
    data = to_data(compilation, compilation.plan)
    node = read_manifest(json.loads(data["manifest"])).by_id["source:crm:silver.customers"]
    read = data["models"][0]["inputs"][0]

    assert (node.kind, node.name, node.path) == ("dependency", "crm:silver.customers", "crm_prod.silver.customers")
    assert (read["name"], read["table"]) == ("crm:silver.customers", "crm_prod.silver.customers")
    assert read["columns"] == (("id", "BIGINT"), ("city", "STRING"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"schema_version": "1"}',
        '{"schema_version": 1, "models": []}',
        "[" * 100_000,
        "\0",
        '"\\ud800"',
    ],
)
def test_what_is_no_manifest_is_a_diagnostic(shop: Path, text: str) -> None:
    """Whatever is in the file, it is one problem at the setting."""
    (shop.parent / "crm/target/manifest.json").write_text(text)

    assert codes_of(build(shop, OPTIONS)) == ["CBX273"]


@pytest.mark.parametrize("dataset", ["silver.customers; DROP", "a.b.c", "{x}.y", "silver.customers\n", ""])
def test_a_name_in_a_manifest_never_becomes_code(shop: Path, dataset: str) -> None:
    """A table of another project has a plain name."""
    model = {"kind": "seed", "dataset": dataset}
    manifest = {"schema_version": 1, "models": {"silver.customers": model}}
    (shop.parent / "crm/target/manifest.json").write_text(json.dumps(manifest))

    assert codes_of(build(shop, OPTIONS)) == ["CBX273"]


@pytest.mark.parametrize(("constraints", "expected"), [("primary", True), ("none", False)])
def test_not_null_counts_where_the_table_refuses_null(shop: Path, constraints: str, *, expected: bool) -> None:
    """Without constraints the table of the other project has no schema, and may have NULL."""
    crm = shop.parent / "crm"
    settings = crm / "project.toml"
    settings.write_text(f'{settings.read_text()}\n[compile]\nconstraints = "{constraints}"\n')
    edit(crm / "models/silver/customers.sql", '"id": "BIGINT"', '"id": column("BIGINT", not_null=True)')
    build(crm, OPTIONS)
    project = compile_project(shop, with_trace=False).project
    assert project is not None
    facts = published_facts(project, "crm:silver.customers", is_streaming=False)

    assert facts is not None
    assert [column.not_null for column in facts.columns or ()] == [expected, False]


RELATED = (
    '{{ materialized_view(key="order_id", columns={"order_id": "BIGINT", "customer_id": "BIGINT"},\n'
    '    relationships=[many_to_one("crm", "silver.customers", on={"customer_id": "id"})]) }}\n'
    'SELECT order_id, customer_id FROM {{ source("raw.orders") }}\n'
)


def test_a_related_model_is_compiled_as_a_part(shop: Path) -> None:
    """The manifest is that of a full compilation."""
    model = shop / "models/silver/orders.sql"
    model.parent.mkdir()
    model.write_text(RELATED)
    build(shop, OPTIONS)
    edit(model, "SELECT order_id", "SELECT DISTINCT order_id")
    build(shop, OPTIONS)
    manifest_of_part = (shop / "target/manifest.json").read_text()
    compilation = compile_project(shop, with_trace=False)
    whole = next(artifact.text for artifact in compilation.artifacts if artifact.path == "manifest.json")

    assert manifest_of_part == whole
    assert '"table": "crm_prod.silver.customers"' in whole


def test_a_type_that_changes_in_the_other_project_is_compared(shop: Path) -> None:
    """The columns of a relationship are those of the manifest as it is now."""
    (shop / "models/silver").mkdir()
    (shop / "models/silver/orders.sql").write_text(RELATED)
    before = codes_of(build(shop, OPTIONS))
    customers = shop.parent / "crm/models/silver/customers.sql"
    customers.write_text(customers.read_text().replace('"id": "BIGINT"', '"id": "DATE"'))
    build(shop.parent / "crm", OPTIONS)

    assert (before, codes_of(build(shop, OPTIONS))) == (["CBX309"], ["CBX306"])
