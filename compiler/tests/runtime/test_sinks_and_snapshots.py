"""Compiled sinks and tables of snapshots, over the days of a small shop."""

from __future__ import annotations

import json

import pytest
from literate import lay_out

from cbx.compiler import compile_project
from compiler.tests.runtime.pipelines import Pipeline, problems

ORDERS = """{{ streaming_table(columns={"id": "BIGINT", "amount": "BIGINT"}) }}
SELECT id, amount FROM {{ auto_loader("LANDING/orders", format="json") }}
"""
ALERTS = """{{ sink(format="kafka", options={"kafka.bootstrap.servers": "{{ var('brokers') }}", "topic": "alerts"}) }}
SELECT CAST(id AS STRING) AS key, to_json(struct(id, amount)) AS value
FROM {{ stream("silver.orders") }} WHERE amount > 10
"""
OUTBOX = '''from pathlib import Path

from cbx import sink, stream, var


def send(rows, number):
    """Append the ids of a micro-batch to a file."""
    ids = sorted(row["id"] for row in rows.collect())
    with Path(var("outbox")).open("a", encoding="utf-8") as file:
        file.write(f"{ids}\\n")


@sink(foreach_batch="send")
def outbox(orders=stream("silver.orders")):
    return orders.select("id")
'''
MERCHANTS = """{{ auto_cdc_from_snapshot(key="id", scd_type=2) }}
SELECT id, trim(name) AS name, '{a}' AS braces
FROM {{ snapshots("LANDING/merchants", format="csv", columns={"id": "BIGINT", "name": "STRING"}) }}
"""
NAMES = """{{ auto_cdc_from_snapshot(key="id") }}
SELECT id, name FROM {{ ref("silver.merchants") }} WHERE __END_AT IS NULL
"""
NAMED = """{{ auto_cdc_from_snapshot(
    key="id", expectations=[expect_or_drop("named", "name <> 'none'")], quarantine=True,
) }}
SELECT id, name FROM {{ ref("silver.merchants") }} WHERE __END_AT IS NULL
"""
NUMBERED = """from cbx import auto_cdc_from_snapshot, snapshots


def next_numbers(last_version):
    number = (last_version or 0) + 1
    return (spark.range(number), number) if number < 4 else None


@auto_cdc_from_snapshot(key="id", scd_type=2)
def numbered(*, rows=snapshots(function="next_numbers", version="BIGINT")):
    return rows
"""


def _compile(pipeline: Pipeline, api: str, **models: str) -> None:
    settings = f'[project]\nname = "shop"\n[compile]\napi = "{api}"\n[vars]\nbrokers = "b:1"\noutbox = "/unused"\n'
    files = {
        name.replace("__", "/").replace("_sql", ".sql").replace("_py", ".py"): text for name, text in models.items()
    }
    landing = str(pipeline.folder / "landing")
    files = {f"models/{name}": text.replace("LANDING", landing) for name, text in files.items()}
    lay_out({"project.toml": settings, **files}, pipeline.folder)
    compilation = compile_project(pipeline.folder, with_trace=False)
    assert compilation.succeeded, compilation.diagnostics
    for artifact in compilation.artifacts:
        if artifact.path.startswith("notebooks/"):
            pipeline.notebook(artifact.text, artifact.path.removeprefix("notebooks/"))


@pytest.mark.parametrize("api", ["dlt", "pipelines"])
@pytest.mark.needs_spark("a sink that is a function")
def test_a_sink_sends_each_row_once(pipeline: Pipeline, api: str) -> None:
    """Kafka gets the messages, and a function gets the micro-batches, of new rows only."""
    _compile(pipeline, api, silver__orders_sql=ORDERS, gold__alerts_sql=ALERTS, gold__outbox_py=OUTBOX)
    outbox = pipeline.folder / "outbox.txt"
    configuration = {"shop.brokers": "b:1", "shop.outbox": str(outbox)}
    pipeline.land("orders/1.json", '{"id": 1, "amount": 20}\n{"id": 2, "amount": 5}\n')
    first = pipeline.succeed(configuration=configuration)
    pipeline.land("orders/2.json", '{"id": 3, "amount": 30}\n')
    second = pipeline.succeed(configuration=configuration)
    sent = sorted((pipeline.state / "sinks" / "gold_alerts").glob("*.json"))
    messages = [json.loads(line) for file in sent for line in file.read_text(encoding="utf-8").splitlines()]

    assert [(results["gold_alerts"].kind, results["gold_alerts"].rows_written) for results in (first, second)] == [
        ("sink", 1),
        ("sink", 1),
    ]
    assert messages == [{"key": "1", "value": '{"id":1,"amount":20}'}, {"key": "3", "value": '{"id":3,"amount":30}'}]
    assert outbox.read_text(encoding="utf-8").splitlines() == ["[1, 2]", "[3]"]


@pytest.mark.parametrize("api", ["dlt", "pipelines"])
def test_snapshots_of_a_folder_and_of_a_table(pipeline: Pipeline, api: str) -> None:
    """All snapshots of a folder are applied in their order; a table is a snapshot of now; files of Hadoop are left."""
    _compile(pipeline, api, silver__merchants_sql=MERCHANTS, gold__names_sql=NAMES)
    pipeline.land("merchants/m_2026-01-01.csv", "id,name\n1, Ann\n2,none\n")
    pipeline.land("merchants/m_20260102.csv", "id,name\n1,Ann Lee\n")
    pipeline.land("merchants/.m_2026-01-01.csv.crc", "crc")
    pipeline.succeed()
    names = [pipeline.rows("gold.names")]
    pipeline.land("merchants/2026-01-03/part-1.csv", "id,name\n3,none\n")
    pipeline.land("merchants/2026-01-03/part-2.csv", "id,name\n1,Ann Lee\n4,Bob\n")
    pipeline.succeed()
    names.append(pipeline.rows("gold.names"))

    assert [tuple(map(str, row)) for row in pipeline.rows("silver.merchants")] == [
        ("1", "Ann", "{a}", "2026-01-01", "2026-01-02"),
        ("1", "Ann Lee", "{a}", "2026-01-02", "None"),
        ("2", "none", "{a}", "2026-01-01", "2026-01-02"),
        ("3", "none", "{a}", "2026-01-03", "None"),
        ("4", "Bob", "{a}", "2026-01-03", "None"),
    ]
    assert names == [[(1, "Ann Lee")], [(1, "Ann Lee"), (3, "none"), (4, "Bob")]]


def test_expectations_on_the_snapshot_of_a_table(pipeline: Pipeline) -> None:
    """They are checked on all of its rows."""
    _compile(pipeline, "pipelines", silver__merchants_sql=MERCHANTS, gold__named_sql=NAMED)
    pipeline.land("merchants/m_2026-01-01.csv", "id,name\n1,Ann\n3,none\n")
    results = pipeline.succeed()
    counts = [(rule.name, rule.passed, rule.failed) for rule in results["gold.named"].expectations]

    assert counts == [("named", 1, 1)]
    assert pipeline.rows("gold.named") == [(1, "Ann")]
    assert pipeline.rows("gold.named_quarantine") == [(3, "none", ["named"])]


def test_snapshots_of_a_function(pipeline: Pipeline) -> None:
    """Each update takes what the function has, until it has no more."""
    _compile(pipeline, "pipelines", silver__numbered_py=NUMBERED)
    pipeline.succeed()

    assert pipeline.rows("silver.numbered") == [(0, 1, None), (1, 2, None), (2, 3, None)]


def test_a_file_without_a_version_fails_the_update(pipeline: Pipeline) -> None:
    """It could be a snapshot whose rows would be missing."""
    _compile(pipeline, "pipelines", silver__merchants_sql=MERCHANTS)
    pipeline.land("merchants/merchants.csv", "id,name\n1,Ann\n")
    messages = [problem.message for problem in problems(pipeline.run())]

    assert any("the name of a snapshot has a date, such as 2026-01-31" in message for message in messages), messages


def test_the_first_update_needs_a_snapshot(pipeline: Pipeline) -> None:
    """As on Databricks; the message names the folder."""
    _compile(pipeline, "pipelines", silver__merchants_sql=MERCHANTS)
    (pipeline.folder / "landing" / "merchants").mkdir(parents=True)
    messages = [problem.message for problem in problems(pipeline.run())]

    assert any("there is no snapshot in " in message for message in messages), messages


@pytest.mark.parametrize(
    ("version", "names", "expected"),
    [
        ("BIGINT", ["m_9.json", "m_10.json"], [9, 10]),
        (
            "TIMESTAMP",
            ["m_2026-01-31T12-30.json", "20260201_083000.json"],
            ["2026-01-31 12:30:00", "2026-02-01 08:30:00"],
        ),
    ],
)
def test_the_versions_of_files(pipeline: Pipeline, version: str, names: list[str], expected: list[object]) -> None:
    """Numbers are compared as numbers; times are in UTC, in two spellings."""
    source = f'snapshots("LANDING/m", format="json", version="{version}")'
    model = f'{{{{ auto_cdc_from_snapshot(key="id", scd_type=2) }}}}\nSELECT id FROM {{{{ {source} }}}}\n'
    _compile(pipeline, "pipelines", silver__m_sql=model)
    for number, name in enumerate(names):
        pipeline.land(f"m/{name}", f'{{"id": {number}}}\n')
    pipeline.succeed()
    pipeline.succeed()
    starts = [row[1] for row in pipeline.rows("silver.m")]

    assert [str(start)[:19] for start in starts] == [str(value) for value in expected]
