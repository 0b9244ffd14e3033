"""`cbx contract`: what a project promises is exported, what others promise is imported."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from textwrap import dedent
from typing import Any

import jsonschema_rs
import pytest
import yaml

from compiler.tests.command import run_cbx

SHOP = Path(__file__).parents[3]
PROJECT = '[project]\nname = "reports"\nlayers = ["raw", "mart"]\n'
FOREIGN = """
    kind: DataContract
    apiVersion: v3.1.0
    id: crm
    version: 2.0.0
    status: active
    team: {name: sales-team}
    support: [{channel: "#crm"}]
    servers: [{server: db, type: postgres, database: crm, schema: public, host: db, port: 5432}]
    slaProperties:
    - {property: latency, value: 2, unit: d, element: Accounts.seen}
    - {property: retention, value: 3, unit: y}
    schema:
    - name: Accounts
      physicalName: acc
      description: "Accounts {{ now }}"
      properties:
      - {name: id, physicalType: int8, logicalType: integer, primaryKey: true, required: true}
      - {name: e mail, logicalType: string, unique: true, logicalTypeOptions: {maxLength: 80}}
      - name: state
        logicalType: string
        quality:
        - {metric: invalidValues, arguments: {validValues: [open, "it's"]}, mustBe: 0, name: known}
        - {type: text, description: mostly open}
      - name: paid
        physicalType: "numeric(10,2)"
        logicalType: number
        quality: [{metric: nullValues, unit: percent, mustBeLessOrEqualTo: 5, severity: error}]
      - {name: seen, logicalType: timestamp}
      - {name: tags, logicalType: array, items: {logicalType: string}}
      quality:
      - {type: sql, name: no debt, query: "SELECT count(*) FROM ${object} WHERE paid < 0", mustBe: 0}
      - {type: sql, name: others, query: "SELECT count(*) FROM elsewhere WHERE paid < 0", mustBe: 0}
      - {metric: rowCount, mustBeGreaterThan: 9}
      - {type: library, metric: duplicateValues, mustBe: 0, arguments: {properties: [state, paid]}}
    - name: visits
      properties:
      - {name: visit, logicalType: integer, primaryKey: true, primaryKeyPosition: 2}
      - {name: account, logicalType: integer, primaryKeyPosition: 1, primaryKey: true,
         relationships: [{type: foreignKey, to: Accounts.id}, {to: nowhere.id}]}
"""
ACCOUNTS = """\
{{ view(
    key="id",
    keys=["e mail", ["state", "paid"]],
    columns={
        "id": column("BIGINT", not_null=True),
        "e mail": "STRING",
        "state": "STRING",
        "paid": "DECIMAL(10, 2)",
        "seen": "TIMESTAMP",
        "tags": "ARRAY<STRING>",
    },
    expectations=[
        expect("no debt", "NOT COALESCE((paid < 0), FALSE)"),
        expect("length(`e mail`) <= 80", "`e mail` IS NULL OR length(`e mail`) <= 80"),
    ],
    tests=[
        accepted_values("state", ["open", "it's"]),
        not_null("paid", at_least=0.95, enforce="fail"),
        row_count(at_least=10),
        freshness("seen", within="2 day"),
    ],
    owner="sales-team",
) }}
-- Accounts {{ "{{" }} now }}

SELECT
    id,
    `e mail`,
    state,
    paid,
    seen,
    tags
FROM {{ source("public.acc") }}
"""


def export(folder: Path, *arguments: str) -> dict[str, Any]:
    done = run_cbx(folder, "contract", "export", *arguments)
    assert done.returncode == 0, done.stderr
    contract: dict[str, Any] = yaml.safe_load(done.stdout)
    return contract


def write_project(folder: Path, contract: str) -> Path:
    (folder / "project.toml").write_text(PROJECT, encoding="utf-8")
    file = folder / "contract.yaml"
    file.write_text(dedent(contract), encoding="utf-8")
    return file


def test_what_circuit_box_promises_is_a_contract_of_the_standard() -> None:
    """Held against the standard's own schema; where tables are is known only for an environment with a catalog."""
    schema = json.loads((files("open_data_contract_standard") / "schema.json").read_text(encoding="utf-8"))
    contract = export(SHOP, "--env", "prod")
    orders = next(table for table in contract["schema"] if table["id"] == "silver_orders")
    customer = next(column for column in orders["properties"] if column["name"] == "customer_id")

    jsonschema_rs.validator_for(schema).validate(contract)
    assert {server["schema"] for server in contract["servers"]} == {"bronze", "silver", "gold"}
    assert [column["name"] for column in orders["properties"] if column.get("primaryKey")] == ["order_id", "item_id"]
    assert customer["relationships"][0]["to"] == "silver_customers.customer_id"
    assert "servers" not in export(SHOP)


def test_views_and_private_tables_are_not_promised(tmp_path: Path) -> None:
    (tmp_path / "project.toml").write_text(PROJECT, encoding="utf-8")
    for name, declaration in {
        "a": "view()",
        "b": "materialized_view(private=True)",
        "c": "materialized_view()",
    }.items():
        file = tmp_path / "models" / "raw" / f"{name}.sql"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{{{{ {declaration} }}}}\nSELECT 1 AS x\n", encoding="utf-8")

    assert [table["name"] for table in export(tmp_path)["schema"]] == ["c"]
    assert run_cbx(tmp_path, "contract", "export", "-s", "raw.a").returncode == 1


def test_what_people_wrote_stays(tmp_path: Path) -> None:
    """The tables are replaced; the version, the price and the description are theirs."""
    file = tmp_path / "contract.yaml"
    file.write_text(
        "kind: DataContract\nversion: 7.1.0\nid: mine\nprice: {priceAmount: 3}\nschema: []\n", encoding="utf-8"
    )
    done = run_cbx(SHOP, "contract", "export", "--select", "gold.customer_order_summary", "--output", file)
    contract = yaml.safe_load(file.read_text(encoding="utf-8"))

    assert done.returncode == 0, done.stderr
    assert (contract["version"], contract["id"], contract["price"]) == ("7.1.0", "mine", {"priceAmount": 3})
    assert [table["id"] for table in contract["schema"]] == ["gold_customer_order_summary"]


@pytest.mark.parametrize(
    ("project", "models"), [(".", "layer:silver"), ("examples/payments", "silver.merchants")], ids=["shop", "payments"]
)
def test_an_exported_contract_comes_back(project: str, models: str, tmp_path: Path) -> None:
    """The imported models declare what the exported ones did: their contract has the same columns and keys."""
    ours = export(SHOP / project, "--select", models)
    file = write_project(tmp_path, yaml.safe_dump(ours))
    imported = run_cbx(tmp_path, "contract", "import", file, "--layer", "raw", "--kind", "materialized_view")
    theirs = export(tmp_path)

    def declarations(contract: dict[str, Any]) -> Any:
        kept = ("properties", "quality", "relationships", "dataGranularityDescription", "description")
        return {table["name"]: {name: table.get(name) for name in kept} for table in contract["schema"]}

    assert imported.returncode == 0, imported.stderr
    assert "Not in the models" not in imported.stdout
    assert declarations(theirs) == declarations(ours)


def test_a_contract_of_others_becomes_models(tmp_path: Path) -> None:
    """Types as their server spells them, keys, rules and relationships; what no model can say is told."""
    file = write_project(tmp_path, FOREIGN)
    done = run_cbx(tmp_path, "contract", "import", file, "--layer", "raw")
    compiled = run_cbx(tmp_path, "compile", "--format", "json")

    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "models/raw/accounts.sql").read_text(encoding="utf-8") == ACCOUNTS
    assert 'key=["account", "visit"]' in (tmp_path / "models/raw/visits.sql").read_text(encoding="utf-8")
    assert done.stdout.partition("Not in the models:\n")[2] == (
        "  Accounts: the rule `others`\n"
        "  Accounts.state: the rule `mostly open`\n"
        "  visits: the relationship to `nowhere.id`, no table of the contract\n"
        "  `support`: about the contract, not about its tables\n"
        "  `slaProperties`: 1 of 2\n"
    )
    assert compiled.returncode == 0, compiled.stdout + compiled.stderr
    assert (tmp_path / "models/raw/visits.sql").stat().st_mode == file.stat().st_mode


MEASUREMENTS = """
    kind: DataContract
    apiVersion: v3.1.0
    id: weather
    version: 1.0.0
    status: active
    schema:
    - name: stations
      properties:
      - {name: station, logicalType: integer, primaryKey: true}
      - {name: height, logicalType: number, required: true, logicalTypeOptions: {minimum: 0, multipleOf: 5}}
      - {name: since, logicalType: date, logicalTypeOptions: {minimum: "2020-01-01", format: yyyy-MM-dd}}
      - {name: opens, physicalType: time, logicalType: time}
      quality:
      - {metric: rowCount, mustBeBetween: [1.5, 9.5]}
      - {type: sql, name: sane, query: "SELECT count(station) FROM {object} WHERE height > 9000", mustBe: 0}
      - {type: sql, name: sane, query: "SELECT count(*) FROM {object} WHERE height > 9000", mustBe: 0}
    - name: values
      properties:
      - {name: station, logicalType: integer, primaryKey: true, relationships: [{to: stations.station}]}
      - {name: value, logicalType: number, quality: [{metric: invalidValues, arguments: {pattern: "^1"}, mustBe: 0}]}
      - {name: extra, physicalType: JSON, logicalType: object}
      - name: place
        logicalType: object
        properties: [{name: x, logicalType: number, quality: [{metric: nullValues, mustBe: 0, name: known}]}]
    """


def test_no_more_is_promised_than_the_contract_says(tmp_path: Path) -> None:
    """NULL breaks no bound, a count of values is not one of rows, a type of another system is no type of Spark."""
    file = write_project(tmp_path, MEASUREMENTS)
    done = run_cbx(tmp_path, "contract", "import", file, "--layer", "raw")
    compiled = run_cbx(tmp_path, "compile", "--format", "json")
    stations, values = (
        (tmp_path / f"models/raw/{name}.sql").read_text(encoding="utf-8") for name in ("stations", "values")
    )

    assert compiled.returncode == 0, compiled.stdout + compiled.stderr
    assert 'expect("height >= 0", "height >= 0")' in stations
    assert 'expect("sane", "NOT COALESCE((height > 9000), FALSE)")' in stations
    assert "row_count(at_least=2, at_most=9)" in stations
    assert '"opens": "STRING"' in stations
    assert 'one_to_one("raw.stations", on="station")' in values
    assert """"value IS NULL OR value RLIKE '^1'\"""" in values
    assert "columns=" not in values
    assert done.stdout.partition("Not in the models:\n")[2] == (
        "  stations: the rule `sane`\n"
        "  stations.height: the option `multipleOf`\n"
        "  stations.since: the option `minimum`\n"
        "  values.extra: its type is not known, so the model declares no columns\n"
        "  values.place: the rule `known` of a part of it\n"
    )


HISTORY = """{{ auto_cdc(
    key="id", keys=["name"], sequence_by="at", scd_type=2, tests=[not_null("name")],
    columns={"id": "BIGINT", "name": "STRING", "at": "TIMESTAMP"},
) }}
SELECT id, name, at FROM {{ stream_source("crm.customers") }}"""


def test_a_history_has_a_row_for_each_version(tmp_path: Path) -> None:
    """The key and the tests of such a table are those of its current rows."""
    write_project(tmp_path, "")
    (tmp_path / "models/raw").mkdir(parents=True)
    (tmp_path / "models/raw/customers.sql").write_text(HISTORY, encoding="utf-8")
    done = run_cbx(tmp_path, "contract", "export")
    (table,) = yaml.safe_load(done.stdout)["schema"]
    positions = {column["name"]: column.get("primaryKeyPosition") for column in table["properties"]}

    assert positions == {"id": 1, "name": None, "at": None, "__START_AT": 2, "__END_AT": None}
    assert table["dataGranularityDescription"] == "one row per id, __START_AT"
    assert not any("unique" in column or "quality" in column for column in table["properties"])
    assert done.stderr.partition("Not in the contract:\n")[2] == (
        "  raw.customers: the key id, which holds for current rows\n"
        "  raw.customers: the key name, which holds for current rows\n"
        "  raw.customers: the test `raw_customers_name_not_null`, which holds for current rows\n"
    )


ORDERS = """{{ materialized_view(
    key="ID", columns={"id": column("BIGINT", not_null=True), "buyer": "BIGINT"}, tests=[not_null("BUYER")],
    relationships=[many_to_one("raw.people", on={"buyer": "id"}), many_to_one("raw.payers", on={"buyer": "id"})],
) }}
SELECT id, buyer FROM {{ source("shop.orders") }}"""
PEOPLE = """{{ materialized_view(key="id", columns={"id": "BIGINT"}) }}\nSELECT id FROM {{ source("shop.people") }}"""


def test_columns_are_found_however_they_are_spelled(tmp_path: Path) -> None:
    """A column can have several relationships, too."""
    write_project(tmp_path, "")
    (tmp_path / "models/raw").mkdir(parents=True)
    for name, text in {"orders": ORDERS, "people": PEOPLE, "payers": PEOPLE}.items():
        (tmp_path / f"models/raw/{name}.sql").write_text(text, encoding="utf-8")
    first, buyer = next(table for table in export(tmp_path)["schema"] if table["name"] == "orders")["properties"]

    assert (first["primaryKey"], first["unique"]) == (True, True)
    assert sorted(relation["to"] for relation in buyer["relationships"]) == ["payers.id", "people.id"]
    assert [rule["metric"] for rule in buyer["quality"]] == ["nullValues"]


def test_no_file_is_overwritten(tmp_path: Path) -> None:
    """Not even one of several."""
    file = write_project(tmp_path, FOREIGN)
    existing = tmp_path / "models" / "raw" / "visits.sql"
    existing.parent.mkdir(parents=True)
    existing.write_text("mine", encoding="utf-8")
    done = run_cbx(tmp_path, "contract", "import", file, "--layer", "raw")

    assert done.returncode == 2
    assert "models/raw/visits.sql already exists; nothing was written" in done.stderr
    assert [path.name for path in existing.parent.iterdir()] == ["visits.sql"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("kind: [", "line 1: "),
        ("kind: Pipeline", "not a data contract"),
        ("kind: DataContract\nschema: 3\nstatuz: x", "`schema`: input should be a valid list\n       `statuz`: extra"),
        ("kind: DataContract\nschema: []", "the contract has no tables"),
        ("kind: DataContract\na: &a [1]\nb: [*a, *a]", "aliases"),
        ("\x00", "not YAML"),
    ],
)
def test_what_is_no_contract_is_refused(text: str, problem: str, tmp_path: Path) -> None:
    file = write_project(tmp_path, text)
    done = run_cbx(tmp_path, "contract", "import", file, "--layer", "raw")

    assert done.returncode == 2
    assert problem in done.stderr
