"""Readers of other systems in compiled notebooks, for which folders and files stand in."""

from __future__ import annotations

from pathlib import Path

import pytest
from literate import lay_out
from pyspark.sql import SparkSession

from cbx.compiler import compile_project
from cbx.declare.outside_systems import HEADERS, STREAMING_SERVICES
from cbx.runtime.outside.message_services import SERVICES, columns_of
from cbx.runtime.outside.stored_messages import message_schema
from compiler.tests.runtime.pipelines import Pipeline, problems

FILES = {
    "project.toml": '[project]\nname = "shop"\n\n[vars]\nbrokers = "broker:9092"\nstage = "dev"\n',
    "models/bronze/orders.sql": """{{ streaming_table() }}
SELECT CAST(value AS STRING) AS body, topic, offset
FROM {{ kafka("orders", servers=var("brokers"), options={
    "kafka.sasl.jaas.config": "password='" ~ secret("kafka-" ~ var("stage"), "password") ~ "'",
}) }}
""",
    "models/bronze/buyers.py": """from cbx import materialized_view, read, secret


@materialized_view()
def buyers(
    rows=read(
        "jdbc",
        options={
            "url": "jdbc:postgresql://nowhere.invalid/db",
            "dbtable": "public.buyers",
            "password": secret("db", "password"),
        },
    )
):
    return rows
""",
}
CONFIGURATION = {"shop.brokers": "broker:9092", "shop.stage": "dev"}
SECRETS = {"CBX_SECRET_KAFKA_DEV_PASSWORD": "hunter2", "CBX_SECRET_DB_PASSWORD": "hunter3"}


def compile_into(pipeline: Pipeline) -> str:
    """Write the compiled notebooks, and return all that was compiled."""
    project = pipeline.folder / "project"
    lay_out(FILES, project)
    compilation = compile_project(project, with_trace=False)
    assert compilation.succeeded, compilation.diagnostics
    for artifact in compilation.artifacts:
        if artifact.path.startswith("notebooks/"):
            pipeline.notebook(artifact.text, Path(artifact.path).name)
    return "\n".join(artifact.text for artifact in compilation.artifacts)


@pytest.mark.needs_spark("the environment of this process")
def test_messages_and_rows_stand_in_and_secrets_stay_out(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    """Secrets come from the environment of the run, which has no effect on what is compiled."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    compiled = compile_into(pipeline)
    pipeline.land("orders/1.json", '{"id": 1}\n{"id": 2}\n')
    pipeline.land("buyers.csv", "id,name\n1,Ann\n")
    stand_ins = {"streams": {"orders": "landing/orders"}, "tables": {"public.buyers": "landing/buyers.csv"}}
    pipeline.succeed(configuration=CONFIGURATION, **stand_ins)
    pipeline.land("orders/2.json", '{"id": 3}\n')
    second = pipeline.succeed(configuration=CONFIGURATION, **stand_ins)

    assert pipeline.rows("bronze.orders") == [(f'{{"id": {number + 1}}}', "orders", number) for number in range(3)]
    assert pipeline.rows("bronze.buyers") == [(1, "Ann")]
    assert second["bronze.orders"].rows_written == 1
    assert not any(value in compiled for value in SECRETS.values())


@pytest.mark.needs_spark("readers of other systems")
def test_what_is_missing_is_named_with_the_way_to_give_it(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret first, then the folder of a topic and the file of a table."""
    compile_into(pipeline)
    without = problems(pipeline.run(configuration=CONFIGURATION))
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    unconnected = problems(pipeline.run(configuration=CONFIGURATION))

    assert sorted(problem.hint for problem in without) == [
        "set the environment variable CBX_SECRET_DB_PASSWORD, or --var db.password=...",
        "set the environment variable CBX_SECRET_KAFKA_DEV_PASSWORD, or --var kafka-dev.password=...",
    ]
    assert sorted(problem.hint for problem in unconnected) == [
        "let a file stand in for it: --table public.buyers=FILE",
        "let a folder of messages stand in for it: --stream orders=DIR",
    ]


@pytest.mark.parametrize("service", [name for name, service in STREAMING_SERVICES.items() if service.columns])
def test_messages_have_the_columns_that_the_compiler_knows(spark: SparkSession, service: str) -> None:
    """Names and types are the same, for Kafka also with headers."""
    columns = STREAMING_SERVICES[service].columns or ()
    messages = spark.createDataFrame([], message_schema())
    options = {"includeHeaders": "true"} if service == "kafka" else {}
    schema = messages.selectExpr(*columns_of(service, options)).schema
    headers = (HEADERS,) if service == "kafka" else ()

    assert [(field.name, field.dataType.simpleString()) for field in schema] == [
        (column.name, _simple(spark, column.type)) for column in (*columns, *headers)
    ]


def _simple(spark: SparkSession, kind: str) -> str:
    return spark.sql(f"SELECT CAST(NULL AS {kind}) AS it").schema[0].dataType.simpleString()


def test_each_service_is_known_to_the_compiler_and_the_runtime() -> None:
    """Both have the same names."""
    assert STREAMING_SERVICES.keys() == SERVICES.keys()
