"""Rows for topics of streaming services and tables of databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from cbx.testing import ModelTestError
from cbx.testing.fixtures import Models

pytestmark = pytest.mark.spark

PROJECT = {
    "project.toml": '[project]\nname = "shop"\n\n[vars]\nbrokers = "broker:9092"\nstage = "dev"\n',
    "models/bronze/orders.sql": """{{ streaming_table() }}
SELECT CAST(value AS STRING) AS body, topic, offset, timestamp
FROM {{ kafka("orders-" ~ var("stage"), servers=var("brokers"), options={
    "kafka.ssl.key.password": secret("kafka", "key"),
}) }}
""",
    "models/bronze/clicks.py": """from cbx import kafka, secret, streaming_table


@streaming_table()
def clicks(
    messages=kafka(
        ["clicks", "views"],
        servers="broker:9092",
        options={"kafka.sasl.jaas.config": f"password='{secret('kafka', 'password')}'", "includeHeaders": "true"},
    ),
):
    return messages.selectExpr("string(value) AS body", "topic", "headers[0].key AS header")
""",
    "models/bronze/buyers.py": """from cbx import materialized_view, read, secret


@materialized_view()
def buyers(
    rows=read("jdbc", options={"url": "jdbc:x", "dbtable": "public.buyers", "password": secret("db", "password")}),
    countries=read("jdbc", options={"url": "jdbc:x", "query": "SELECT 1"}),
):
    return rows.join(countries, "country")
""",
}


def test_the_columns_of_a_topic_have_their_types(models: Callable[..., Models]) -> None:
    """A text is bytes, and columns that are not given are NULL."""
    rows = [{"value": '{"id": 1}', "offset": 3}, {"topic": "orders-dev"}]
    result = models(PROJECT).run_model("bronze.orders", {"orders-dev": rows})

    assert result.rows("body", "topic", "offset") == [('{"id": 1}', None, 3), (None, "orders-dev", None)]
    assert [field.dataType.simpleString() for field in result.schema] == ["string", "string", "bigint", "timestamp"]


@pytest.mark.parametrize("name", ["kafka:clicks,views", "clicks,views", "messages"])
def test_a_topic_has_several_names(models: Callable[..., Models], name: str) -> None:
    """The name in the graph, the topics, and the parameter; secrets need no value."""
    row = {"value": "x", "topic": "views", "headers": [{"key": "trace", "value": "1"}]}
    result = models(PROJECT).run_model("bronze.clicks", {name: [row]})

    assert result.rows() == [("x", "views", "trace")]


def test_a_table_of_a_database_is_given_by_its_name(models: Callable[..., Models]) -> None:
    """A query has no name: its format stands for it."""
    given = {"public.buyers": [{"id": 1, "country": "NL"}], "jdbc": [{"country": "NL", "name": "Netherlands"}]}
    result = models(PROJECT).run_model("bronze.buyers", given)

    assert result.rows() == [("NL", 1, "Netherlands")]


def test_files_that_are_read_in_batch_are_given_by_their_path(models: Callable[..., Models]) -> None:
    """With the types of their declared columns."""
    text = """{{ materialized_view() }}
SELECT * FROM {{ read("csv", columns="code STRING, since DATE", options={"path": var("stage") ~ "/countries"}) }}
"""
    project = {**PROJECT, "models/bronze/countries.sql": text}
    result = models(project).run_model("bronze.countries", {"dev/countries": [{"code": "NL", "since": "1815-03-16"}]})

    assert result.rows() == [("NL", date(1815, 3, 16))]


def test_a_column_that_messages_do_not_have_is_an_error(models: Callable[..., Models]) -> None:
    """The nearest column is suggested."""
    with pytest.raises(ModelTestError, match=r"`kafka:orders-\$\{stage\}` has no column `valu`") as error:
        models(PROJECT).run_model("bronze.orders", {"orders-dev": [{"valu": "x"}]})

    assert error.value.hint == "did you mean `value`?"
