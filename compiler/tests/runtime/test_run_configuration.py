"""The configuration of `cbx run`: variables, and the settings of pipelines in the environment."""

from __future__ import annotations

from pathlib import Path

import pytest
from literate import lay_out
from pyspark.sql import SparkSession

from cbx.cli.local_run.configuration import run_configuration
from cbx.compiler import Compilation, compile_project
from cbx.runtime import CannotRunError
from cbx.runtime.spark.configuration import configure_pipeline

PROJECT = """
[project]
name = "shop"

[vars]
landing = "landing"

[environments.local.pipeline.configuration]
"api.url" = "{{ env_var('URL', 'http://localhost') }}"
"api.token" = "{{ secret('shop', 'token') }}"
"""
DIVIDED = (
    PROJECT
    + """
[pipelines.ingest]
select = "layer:bronze"

[pipelines.serve]
select = "layer:gold"

[environments.local.pipelines.serve.configuration]
"api.url" = "http://serve"
only.here = 1
"""
)
MODELS = {
    "models/bronze/orders.sql": (
        '{{ streaming_table(columns={"order_id": "BIGINT"}) }}\n'
        'SELECT * FROM {{ auto_loader(var("landing"), format="json") }}\n'
    ),
    "models/gold/sales.sql": ('{{ materialized_view() }}\nSELECT count(*) AS orders FROM {{ ref("bronze.orders") }}\n'),
}


def compile_shop(folder: Path, text: str) -> Compilation:
    lay_out({"project.toml": text, **MODELS}, folder)
    compilation = compile_project(folder, with_trace=False)
    assert compilation.succeeded, compilation.diagnostics
    return compilation


def test_the_settings_of_the_environment_are_added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret has its local value, under the name that `dbutils.secrets` reads; the command line has the last word."""
    compilation = compile_shop(tmp_path, PROJECT)
    monkeypatch.delenv("URL", raising=False)
    without = run_configuration(compilation, "local", {}, None)
    monkeypatch.setenv("URL", "http://shop")
    monkeypatch.setenv("CBX_SECRET_SHOP_TOKEN", "t0ken")
    with_values = run_configuration(compilation, "local", {"landing": "other"}, None)
    overridden = run_configuration(compilation, "local", {"api.url": "http://mine"}, None)

    assert without == {
        "shop.landing": "landing",
        "api.url": "http://localhost",
        "api.token": "{{secrets/shop/token}}",
    }
    assert with_values == {"shop.landing": "other", "api.url": "http://shop", "api.token": "t0ken"}
    assert overridden["api.url"] == "http://mine"


def test_missing_environment_variables_are_named_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("URL", raising=False)
    monkeypatch.delenv("KEY", raising=False)
    text = PROJECT.replace(", 'http://localhost'", "").replace("secret('shop', 'token')", "env_var('KEY')")

    with pytest.raises(CannotRunError, match="the environment variables `KEY`, `URL` are not set"):
        run_configuration(compile_shop(tmp_path, text), "local", {}, None)


def test_pipelines_with_different_values_run_one_by_one(tmp_path: Path) -> None:
    """They share a session, so both values cannot be set."""
    compilation = compile_shop(tmp_path, DIVIDED)
    with pytest.raises(CannotRunError, match=r"`api\.url` has different values in the pipelines `ingest` and `serve`"):
        run_configuration(compilation, "local", {}, None)
    alone = run_configuration(compilation, "local", {}, {"gold.sales"})
    other = run_configuration(compilation, "local", {}, {"bronze.orders"})

    assert (alone["api.url"], alone["only.here"]) == ("http://serve", "1")
    assert "only.here" not in other


def test_settings_that_spark_reads_when_it_starts_are_left_out(spark: SparkSession) -> None:
    """The memory of a cluster says nothing about this machine."""
    fixed = {"spark.executor.memory": "64g", "spark.sql.extensions": "delta.Extension"}
    wanted = {**fixed, "spark.sql.shuffle.partitions": "3", "shop.landing": "x"}
    before = {name: spark.conf.get(name, None) for name in wanted}
    with configure_pipeline(spark, wanted):
        inside = {name: spark.conf.get(name, None) for name in wanted}
    after = {name: spark.conf.get(name, None) for name in wanted}

    assert inside == {**before, "spark.sql.shuffle.partitions": "3", "shop.landing": "x"}
    assert after == before


def test_a_value_that_spark_refuses_is_reported(spark: SparkSession) -> None:
    with pytest.raises(CannotRunError, match="does not take `many`"):  # noqa: SIM117
        with configure_pipeline(spark, {"spark.sql.shuffle.partitions": "many"}):
            pass
