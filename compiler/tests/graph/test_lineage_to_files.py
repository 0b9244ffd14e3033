"""Column lineage reaches files whose columns nobody has declared, however a model passes them on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from literate import lay_out

from cbx.compiler import compile_project

SQL = {
    "a star": "SELECT * FROM {files}",
    "a name": "SELECT id FROM {files}",
    "a qualified star": "SELECT f.* FROM {files} AS f WHERE f.id > 0",
    "a common table": "WITH f AS (SELECT * FROM {files}) SELECT * FROM f",
    "a subquery and a further column": "SELECT *, upper(name) AS loud FROM (SELECT * FROM {files})",
}
PYTHON = {
    "the input": "landed",
    "a choice": 'landed.select("id")',
    "columns": 'landed.select(F.col("id"), F.upper("name").alias("loud"))',
    "rows": 'landed.where("id > 0").dropDuplicates(["id"])',
    "a further column": 'landed.withColumn("loud", F.upper("name"))',
    "a star": 'landed.select("*", F.lit(1).alias("loud"))',
}
NOT_PASSED_ON = {
    "another column under the name": 'landed.withColumnRenamed("key", "id")',
    "a computed column": 'landed.withColumn("id", F.upper("key"))',
    "an alias": 'landed.select(F.col("key").alias("id"))',
    "a dropped column": 'landed.select("*").drop("id")',
    "a method that is not known": "landed.transform(lambda rows: rows)",
    "a name that is computed": 'landed.withColumn("i" + "d", F.upper("key"))',
    "a choice before": 'landed.select("key").where("key > 0")',
    "an aggregate": 'landed.groupBy("id").count()',
}
NOT_PASSED_ON_SQL = {
    "another column under the name": "SELECT key AS id FROM {files}",
    "an excepted column": "SELECT * EXCEPT (id) FROM {files}",
    "a join of two": "SELECT * FROM {files} AS a CROSS JOIN {files} AS b",
    "a renamed column": "SELECT * RENAME (key AS id) FROM {files}",
    "names of a subquery": "SELECT * FROM (SELECT * FROM {files}) AS f(id, other)",
    "names of a common table": "WITH f(id, other) AS (SELECT * FROM {files}) SELECT * FROM f",
    "a generated column": "SELECT * FROM {files} LATERAL VIEW explode(parts) p AS id",
    "a pipe that sets it": "FROM {files} |> SET id = key",
    "rows for columns": "SELECT * FROM {files} UNPIVOT (id FOR name IN (a, b))",
}


def lineage_of(folder: Path, name: str, text: str) -> list[list[str]] | None:
    lay_out({"project.toml": '[project]\nname = "shop"\n', f"models/bronze/{name}": text}, folder)
    compilation = compile_project(folder, with_trace=False)
    assert compilation.succeeded, compilation.diagnostics
    manifest = next(artifact.text for artifact in compilation.artifacts if artifact.path == "manifest.json")
    columns = json.loads(manifest)["models"]["bronze.events"]["columns"]
    lineage: list[list[str]] | None = next(column["lineage"] for column in columns if column["name"] == "id")
    return lineage


def of_sql(folder: Path, query: str) -> list[list[str]] | None:
    files = '{{ auto_loader("/landing/events", format="json") }}'
    text = '{{ streaming_table(columns={"id": "BIGINT"}) }}\n' + query.replace("{files}", files)
    return lineage_of(folder, "events.sql", text)


def of_python(folder: Path, returned: str) -> list[list[str]] | None:
    text = f'''"""Events."""

from cbx import auto_loader, streaming_table
from pyspark.sql import DataFrame
from pyspark.sql import functions as F


@streaming_table(columns={{"id": "BIGINT"}})
def events(landed: DataFrame = auto_loader("/landing/events", format="json")) -> DataFrame:
    """The events."""
    return {returned}
'''
    return lineage_of(folder, "events.py", text)


@pytest.mark.parametrize("query", SQL.values(), ids=SQL)
def test_a_query_passes_a_column_on(tmp_path: Path, query: str) -> None:
    """By name, or by a star."""
    assert of_sql(tmp_path, query) == [["/landing/events", "id"]]


@pytest.mark.parametrize("returned", PYTHON.values(), ids=PYTHON)
def test_a_function_passes_a_column_on(tmp_path: Path, returned: str) -> None:
    """Its code is not traced, since the columns of the files are not known."""
    assert of_python(tmp_path, returned) == [["/landing/events", "id"]]


@pytest.mark.parametrize("returned", NOT_PASSED_ON.values(), ids=NOT_PASSED_ON)
def test_other_values_of_a_function_have_no_lineage(tmp_path: Path, returned: str) -> None:
    """An origin that is not certain is not shown."""
    assert of_python(tmp_path, returned) is None


@pytest.mark.parametrize("query", NOT_PASSED_ON_SQL.values(), ids=NOT_PASSED_ON_SQL)
def test_other_values_of_a_query_do_not_come_from_the_column(tmp_path: Path, query: str) -> None:
    """They have the lineage that is known, or none."""
    assert of_sql(tmp_path, query) in (None, [["/landing/events", "key"]])
