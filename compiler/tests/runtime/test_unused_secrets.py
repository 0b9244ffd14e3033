"""A run needs no secret for what files stand in for."""

from __future__ import annotations

from pathlib import Path

import pytest
from literate import lay_out

from cbx.cli.local_run.unused_secrets import unused_secrets
from cbx.compiler import compile_project
from cbx.runtime.results import StandInPaths

KAFKA = '{{ kafka(["orders", "refunds"], servers="x:1", options={"kafka.ssl.key.password": secret(SCOPE, "key")}) }}'
FILES = {
    "project.toml": '[project]\nname = "shop"\n\n[vars]\nstage = "dev"\n',
    "models/bronze/orders.sql": "{{ streaming_table() }}\nSELECT value FROM "
    + KAFKA.replace("SCOPE", '"kafka-" ~ var("stage")'),
    "models/bronze/buyers.sql": """{{ materialized_view() }}
SELECT * FROM {{ read("postgresql", options={"dbtable": "public.buyers", "password": secret("db", "key")}) }}""",
    "models/bronze/files.sql": """{{ streaming_table() }}
SELECT * FROM {{ auto_loader("/f", format="json", options={"cloudFiles.clientSecret": secret("azure", "key")}) }}""",
    "models/silver/alerts.sql": """{{ sink(format="kafka", options={
    "kafka.bootstrap.servers": "x:1", "topic": "alerts", "kafka.ssl.key.password": "{{ secret('sink', 'key') }}",
}) }}
SELECT CAST(value AS STRING) AS value FROM {{ stream("bronze.orders") }}""",
}
ALWAYS = ["azure.key", "sink.key"]


def find_unused(folder: Path, files: dict[str, str], tables: tuple[str, ...], streams: tuple[str, ...]) -> list[str]:
    lay_out(files, folder)
    compilation = compile_project(folder, with_trace=False)
    assert compilation.plan is not None, compilation.diagnostics
    stand_ins = StandInPaths(dict.fromkeys(tables, "x"), dict.fromkeys(streams, "x"))
    return list(unused_secrets(compilation.plan, stand_ins, {"shop.stage": "test"}))


@pytest.mark.parametrize(
    ("tables", "streams", "expected"),
    [
        ((), (), ALWAYS),
        (("public.buyers",), ("orders",), ["azure.key", "db.key", "sink.key"]),
        (("buyers",), ("orders", "refunds"), ["azure.key", "db.key", "kafka-test.key", "sink.key"]),
        (("main.buyers",), ("kafka",), ["azure.key", "kafka-test.key", "sink.key"]),
    ],
)
def test_a_secret_is_needed_where_nothing_stands_in(
    tmp_path: Path, tables: tuple[str, ...], streams: tuple[str, ...], expected: list[str]
) -> None:
    """For all topics of a reader, or for the service; files and sinks are local anyway."""
    assert find_unused(tmp_path, FILES, tables, streams) == expected


def test_a_secret_that_another_reader_needs_is_needed(tmp_path: Path) -> None:
    """One of two stand-ins is not enough."""
    more = """{{ streaming_table() }}
SELECT data FROM {{ read_stream("kinesis", options={"streamName": "s", "awsSecretKey": secret("azure", "key")}) }}"""
    files = {**FILES, "models/bronze/more.sql": more}

    assert find_unused(tmp_path, files, (), ()) == ["sink.key"]


def test_code_that_may_read_secrets_needs_all_of_them(tmp_path: Path) -> None:
    """It would compute with a wrong value."""
    code = """from cbx import ref, view


@view
def salted(orders=ref("bronze.buyers")):
    return orders.withColumn("salt", dbutils.secrets.get("sink", "key"))
"""
    files = {**FILES, "models/silver/salted.py": code}

    assert find_unused(tmp_path, files, ("public.buyers",), ("kafka",)) == []
