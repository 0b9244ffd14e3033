"""Delta tables, read through the package deltalake: in batch, as streams by version, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from compiler.tests.runtime.pipelines import problems

pytestmark = pytest.mark.needs_spark("Delta tables")

if TYPE_CHECKING:
    from compiler.tests.runtime.pipelines import Pipeline

deltalake: Any = pytest.importorskip("deltalake")

READS = """
    import dlt

    @dlt.table
    def loaded():
        return spark.read.format("delta").load("PATH")

    @dlt.table
    def by_name():
        return spark.sql("SELECT * FROM delta.`PATH`")

    @dlt.table
    def stream():
        return spark.readStream.format("delta").load("PATH")
"""


def write(path: Path, ids: list[int], mode: str = "append", **arguments: Any) -> None:
    regions = ["a b" if number % 2 else "c/d%" for number in ids]
    rows = pa.table({"id": pa.array(ids, pa.int64()), "region": regions})
    deltalake.write_deltalake(str(path), rows, mode=mode, **arguments)


def reader(pipeline: Pipeline, *options: str) -> Path:
    """A pipeline with a stream of a Delta table."""
    path = pipeline.folder / "orders"
    given = "".join(f".option({option})" for option in options)
    pipeline.notebook(
        f"""
        import dlt

        @dlt.table
        def stream():
            return spark.readStream.format("delta"){given}.load("{path}")
        """
    )
    return path


@pytest.mark.parametrize("partitions", [[], ["region"]])
def test_a_delta_table_is_read_in_every_way(pipeline: Pipeline, partitions: list[str]) -> None:
    """Partitioned or not, by its path and by its name."""
    path = pipeline.folder / "orders"
    write(path, [1, 2], partition_by=partitions)
    pipeline.notebook(READS.replace("PATH", str(path)))
    pipeline.succeed()
    expected = [(1, "a b"), (2, "c/d%")]

    assert [pipeline.rows(table) for table in ("loaded", "by_name", "stream")] == [expected] * 3


def test_a_stream_reads_each_version_once(pipeline: Pipeline) -> None:
    """The rows of the first version that it sees, then what later ones add; compacting adds nothing."""
    path = reader(pipeline)
    write(path, [1], partition_by=["region"])
    write(path, [2])
    pipeline.succeed()
    write(path, [3])
    written = pipeline.succeed()["stream"].rows_written
    deltalake.DeltaTable(str(path)).optimize.compact()
    after_compaction = pipeline.succeed()["stream"]

    assert (written, after_compaction.status) == (1, "unchanged")
    assert pipeline.rows("stream") == [(1, "a b"), (2, "c/d%"), (3, "a b")]
    assert pipeline.succeed(full_refresh=True)["stream"].rows_written == 3


def test_a_version_that_changes_rows_fails_a_stream(pipeline: Pipeline) -> None:
    """Unless it is skipped; the message names the version and the option."""
    path = reader(pipeline)
    write(path, [1, 2])
    pipeline.succeed()
    write(path, [9], mode="overwrite")
    write(path, [3])
    (problem,) = problems(pipeline.run())
    reader(pipeline, '"skipChangeCommits", "true"')
    pipeline.succeed()

    assert (problem.code.id, "version 1 of the Delta table" in problem.message) == ("CBX508", True)
    assert "skipChangeCommits" in problem.hint
    assert [row[0] for row in pipeline.rows("stream")] == [1, 2, 3]


@pytest.mark.parametrize(("version", "expected"), [("0", [1, 2, 3]), ("1", [2, 3]), ("latest", [3])])
def test_a_stream_starts_at_a_version(pipeline: Pipeline, version: str, expected: list[int]) -> None:
    """With what that version adds; after the last one with ``latest``."""
    path = reader(pipeline, f'"startingVersion", "{version}"')
    write(path, [1])
    write(path, [2])
    pipeline.succeed()
    write(path, [3])
    pipeline.succeed()

    assert [row[0] for row in pipeline.rows("stream")] == expected


def test_a_batch_reads_an_earlier_version(pipeline: Pipeline) -> None:
    """By its number; a version that does not exist is refused with the last one."""
    path = pipeline.folder / "orders"
    write(path, [1])
    write(path, [2])
    pipeline.notebook(
        f"""
        import dlt

        @dlt.table
        def first():
            return spark.read.format("delta").option("versionAsOf", 0).load("{path}")

        @dlt.table
        def missing():
            return spark.read.format("delta").option("versionAsOf", 7).load("{path}")
        """
    )
    (problem,) = problems(pipeline.run())

    assert [row[0] for row in pipeline.rows("first")] == [1]
    assert (problem.code.id, problem.hint) == ("CBX508", "its last version is 1")


def test_a_delta_table_stands_in_for_a_table(pipeline: Pipeline) -> None:
    """In batch and as a stream."""
    write(pipeline.folder / "orders", [1])
    pipeline.notebook(
        """
        import dlt

        @dlt.table
        def batch():
            return spark.read.table("main.raw.orders")

        @dlt.table
        def stream():
            return spark.readStream.table("main.raw.orders")
        """
    )
    pipeline.succeed(tables={"main.raw.orders": "orders"})
    write(pipeline.folder / "orders", [2])
    results = pipeline.succeed(tables={"main.raw.orders": "orders"})

    assert [results[name].rows_written for name in ("batch", "stream")] == [2, 1]


def test_a_file_stands_in_for_a_delta_table_at_a_path(pipeline: Pipeline) -> None:
    """However the path is read."""
    pipeline.notebook(READS.replace("PATH", "/Mnt/raw/orders"))
    (pipeline.folder / "orders.csv").write_text("id\n1\n")
    pipeline.succeed(tables={"delta.`/Mnt/raw/orders`": "orders.csv"})

    assert [pipeline.rows(table) for table in ("loaded", "by_name", "stream")] == [[(1,)]] * 3


@pytest.mark.parametrize(
    ("call", "code", "message"),
    [
        ('load("missing")', "CBX508", "there is no Delta table at missing"),
        ('option("readChangeFeed", "true").load("orders")', "CBX504", "the option `readchangefeed` of Delta is not"),
        (
            'option("versionAsOf", "last").load("orders")',
            "CBX505",
            "versionAsOf: `last` is not the number of a version",
        ),
    ],
)
def test_what_deltalake_cannot_read_is_refused(pipeline: Pipeline, call: str, code: str, message: str) -> None:
    """Each with its line."""
    write(pipeline.folder / "orders", [1])
    pipeline.notebook(
        f"""
        import dlt

        @dlt.table
        def orders():
            return spark.read.format("delta").{call}
        """
    )
    (problem,) = problems(pipeline.run())

    assert (problem.code.id, problem.span.line) == (code, 5)
    assert message in problem.message
    assert problem.hint
