"""What checkpoints say of the files that streams have read."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from cbx.runtime.auto_loader.listing import list_files
from cbx.runtime.auto_loader.options import read_options
from cbx.runtime.tables.compaction.stream_progress import files_read
from compiler.tests.runtime.pipelines import Pipeline

NAMES = ("plain.json", "two words.json", "100%.json", "ä+b#c.json", "a=b,c;d.json", "[x].json")
NOTEBOOK = """
    import dlt

    @dlt.table
    def orders():
        return spark.readStream.format("cloudFiles").option("cloudFiles.format", "json").load("landing")

    dlt.create_streaming_table("twice")

    @dlt.append_flow(target="twice")
    def both():
        return spark.readStream.table("orders").union(spark.readStream.table("orders"))
"""


def checkpoint(pipeline: Pipeline, table: str) -> Path:
    (folder,) = (path.parent for path in pipeline.state.glob(f"checkpoints/*/{table}/*/*/sources"))
    return folder


@pytest.mark.needs_spark("file names with special characters")
def test_files_that_a_stream_has_read_are_known_by_uri(pipeline: Pipeline, spark: SparkSession) -> None:
    """Whatever characters their names have, as the listing of the landing folder names them."""
    pipeline.notebook(NOTEBOOK)
    for name in NAMES:
        pipeline.land(name, '{"id": 1}\n')
    pipeline.succeed()
    options = read_options({"cloudFiles.format": "json"})
    listed = {file.uri for file in list_files(spark, options, str(pipeline.folder / "landing"))}
    pipeline.land("later.json", '{"id": 2}\n')
    later = pipeline.succeed()

    assert len(listed) == len(NAMES)
    assert listed < files_read(checkpoint(pipeline, "orders"))
    assert files_read(checkpoint(pipeline, "twice")) == frozenset()
    assert (later["orders"].rows_read, later["twice"].rows_read) == (1, 2)


def test_a_source_of_another_kind_has_read_no_files(tmp_path: Path) -> None:
    """The files of other sources have other texts."""
    batch = tmp_path / "sources/0/0"
    batch.parent.mkdir(parents=True)
    batch.write_text('v1\n{"orders": {"0": 5}}\n7\n')

    assert files_read(tmp_path) == frozenset()
    assert files_read(tmp_path / "missing") == frozenset()
