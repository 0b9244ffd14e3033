"""Landing files without Spark: the same rows, columns, rescued data and errors as Auto Loader on Spark.

``CBX_LANDINGS`` says how many random landing folders; ``CBX_LANDING_SEED`` draws others.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from cbx.runtime.auto_loader import AutoLoaderError, explain_failure, open_stream
from cbx.runtime.auto_loader.state import load_state, save_state
from cbx.runtime.landing_files import NeedsSparkError, Opening, read_new_files
from compiler.tests.runtime.random_landing import Draw, draw_landing

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

LANDINGS = int(os.environ.get("CBX_LANDINGS", "20"))
SEED = os.environ.get("CBX_LANDING_SEED", "19")

Outcome = tuple[str, Any, Any]
"""The columns and the rows of an update, or its error."""


def read_with_spark(spark: SparkSession, root: Path, draw: Draw) -> Outcome:
    """One update on Spark."""
    landing, tables = str(root / "landing"), []
    try:
        stream = open_stream(spark, draw.options, landing, draw.schema, root / "spark")
        query = (
            stream.select("*", "_metadata")
            .writeStream.foreachBatch(lambda batch, _: tables.append(batch.toArrow()))
            .option("checkpointLocation", str(root / "checkpoint"))
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
    rows = sorted(repr(row) for table in tables for row in table.to_pylist())
    return "rows", stream.schema.simpleString(), rows


class LocalReader:
    """The updates of one landing folder without Spark."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.read: frozenset[str] = frozenset()

    def update(self, draw: Draw) -> Outcome:
        folder = self.root / "local"
        state = load_state(folder)
        opening = Opening(draw.options, str(self.root / "landing"), draw.schema, lambda _: None)
        try:
            found = read_new_files(opening, self.read, state, with_metadata=True)
        except AutoLoaderError as error:
            return "error", str(error), error.hint
        save_state(folder, state, found.state)
        self.read |= {file.uri for file in found.files}
        assert found.table.drop_columns(["_metadata"]).num_columns == len(found.schema)
        return "rows", found.schema.simpleString(), sorted(repr(row) for row in found.table.to_pylist())


def land(root: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        path = root / "landing" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


@pytest.mark.parametrize("number", range(LANDINGS))
def test_random_landing_files(spark: SparkSession, tmp_path: Path, number: int) -> None:
    """Until something is left to Spark, both give the same at each update."""
    draw = draw_landing(f"{SEED} {number}")
    (tmp_path / "landing").mkdir()
    local = LocalReader(tmp_path)
    for files in draw.batches:
        land(tmp_path, files)
        try:
            found = local.update(draw)
        except NeedsSparkError:
            return

        assert found == read_with_spark(spark, tmp_path, draw), draw
        if found[0] == "error":
            return
