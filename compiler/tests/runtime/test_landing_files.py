"""Landing files without Spark: the same rows, columns, rescued data and errors as Auto Loader on Spark.

``CBX_LANDINGS`` says how many random landing folders; ``CBX_LANDING_SEED`` draws others.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from cbx.runtime.auto_loader import AutoLoaderError, explain_failure, open_stream
from cbx.runtime.auto_loader.state import load_state, save_state
from cbx.runtime.landing_files import NeedsSparkError, Opening, read_new_files
from cbx.runtime.landing_files.json.json_tables import SMALLEST
from cbx.runtime.sail.checkpoints import ReadFile, read_files, write_files
from compiler.tests.runtime.random_landing import Draw, draw_columnar_landing, draw_landing

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

LANDINGS = int(os.environ.get("CBX_LANDINGS", "9"))
SEED = os.environ.get("CBX_LANDING_SEED", "19")

Outcome = tuple[str, Any, Any]
"""The columns and the rows of an update, or its error."""


def read_with_spark(spark: SparkSession, root: Path, draw: Draw, state: str = "spark") -> Outcome:
    """One update on Spark."""
    landing, tables = str(root / "landing"), []
    opening = Opening(draw.options, landing, draw.schema, lambda _: None)
    try:
        stream = open_stream(spark, opening, root / state / "schema")
        query = (
            stream.select("*", "_metadata")
            .writeStream.foreachBatch(lambda batch, _: tables.append(batch.toArrow()))
            .option("checkpointLocation", str(root / state / "checkpoint"))
            .trigger(availableNow=True)
            .start()
        )
        query.awaitTermination()
    except AutoLoaderError as error:
        return "error", str(error), error.hint
    except Exception as error:
        explained = explain_failure(error, landing)
        if explained is None:
            raise
        return "error", str(explained), explained.hint
    found = [row for table in tables for row in table.to_pylist()]
    for row in found:
        row["_metadata"].pop("row_index", None)  # which only Parquet has, and only Spark
    rows = sorted(map(repr, found))
    return "rows", stream.schema.simpleString(), rows


def read_without_spark(root: Path, draw: Draw, state: str = "local") -> Outcome:
    """One update without Spark, which leaves a state with which Spark can continue."""
    schemas, checkpoint = root / state / "schema", root / state / "checkpoint"
    old, read = load_state(schemas), read_files(checkpoint)
    opening = Opening(draw.options, str(root / "landing"), draw.schema, lambda _: None)
    try:
        found = read_new_files(opening, [file.uri for file in read], old, with_metadata=True)
    except AutoLoaderError as error:
        return "error", str(error), error.hint
    save_state(schemas, old, found.state)
    write_files(checkpoint, (*read, *(ReadFile(file.uri, file.modified // 1_000_000) for file in found.files)))
    assert found.table.drop_columns(["_metadata"]).num_columns == len(found.schema)
    return "rows", found.schema.simpleString(), sorted(repr(row) for row in found.table.to_pylist())


def land(root: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        path = root / "landing" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _with_padding(name: str, content: bytes) -> bytes:
    """A JSON file with empty lines, so that it is large enough for Arrow."""
    is_json = name.endswith(".json") and content.endswith(b"\n")
    return content + b"\n" * SMALLEST if is_json else content


@pytest.mark.parametrize("number", range(LANDINGS))
def test_random_landing_files(spark: SparkSession, tmp_path: Path, number: int) -> None:
    """Until something is left to Spark, both give the same at each update; half of the folders have files for Arrow."""
    draw = draw_landing(f"{SEED} {number}")
    if number % 2:
        batches = ({name: _with_padding(name, content) for name, content in files.items()} for files in draw.batches)
        draw = replace(draw, batches=tuple(batches))
    compare_updates(spark, tmp_path, draw)


@pytest.mark.parametrize("number", range(LANDINGS // 2))
def test_random_columnar_files(spark: SparkSession, tmp_path: Path, number: int) -> None:
    """The same for Parquet and ORC."""
    compare_updates(spark, tmp_path, draw_columnar_landing(f"{SEED} {number}"))


def compare_updates(spark: SparkSession, tmp_path: Path, draw: Draw) -> None:
    """Each update gives the same on Spark and without it, until something is left to Spark."""
    (tmp_path / "landing").mkdir()
    for files in draw.batches:
        land(tmp_path, files)
        try:
            found = read_without_spark(tmp_path, draw)
        except NeedsSparkError:
            return

        assert found == read_with_spark(spark, tmp_path, draw), draw
        if found[0] == "error":
            return


GROWING_JSON = Draw(
    {"cloudFiles.format": "json", "cloudFiles.inferColumnTypes": "true"},
    None,
    (
        {"1.json": b'{"b": 1, "a": {"x": 1}}\n'},
        {"2.json": b'{"b": "word", "c": [1]}\n', "3.json": b'{"a": {"x": 2, "y": 3}}\nno json\n'},
        {"4.json": b'{"d": true, "b": 2}\n{"a": {"x": "word"}}\n'},
        {"5.json": b'{"d": false, "b": 3, "e": null}\n'},
    ),
)
GROWING_CSV = Draw(
    {"cloudFiles.format": "csv", "cloudFiles.inferColumnTypes": "true"},
    None,
    (
        {"1.csv": b"id,name\n1,Ann\n"},
        {"2.csv": b"name,id,more\nBob,2,m\nCid,three,\n"},
        {"3.csv": b"id\n4\n", "4.csv": b"id,name\n5\n"},
        {"5.csv": b"id,name,day\n6,Dan,2024-01-31\n"},
    ),
)


@pytest.mark.parametrize(("draw", "first"), [(GROWING_JSON, 0), (GROWING_CSV, 1)], ids=["json", "csv"])
def test_one_continues_where_the_other_stopped(spark: SparkSession, tmp_path: Path, draw: Draw, first: int) -> None:
    """Updates take turns with one state, and give what Spark alone gives."""
    for number, files in enumerate(draw.batches, first):
        land(tmp_path, files)

        found = (
            read_with_spark(spark, tmp_path, draw, "shared")
            if number % 2
            else read_without_spark(tmp_path, draw, "shared")
        )

        assert found == read_with_spark(spark, tmp_path, draw)
