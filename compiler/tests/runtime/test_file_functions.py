"""``read_files`` and ``cloud_files`` in SQL: the same rows as Auto Loader's, as streams and in batch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import orc, parquet

from cbx.runtime.log.events import diagnostic_text
from compiler.tests.runtime.pipelines import Pipeline, problems

STREAMS = """
    CREATE STREAMING TABLE parcels (CONSTRAINT weighed EXPECT (kg > 0) ON VIOLATION DROP ROW) AS
    SELECT p.*, p._metadata.file_name AS origin
    FROM STREAM read_files(
      concat('landing', '/parcels'), -- a folder
      FORMAT => "json",
      schemaHints => 'kg DOUBLE'
    ) AS p;

    CREATE STREAMING LIVE TABLE stamps AS
    SELECT * FROM cloud_files('landing/stamps', 'csv', map('header', 'true'));

    CREATE STREAMING TABLE letters;
    CREATE FLOW plain AS INSERT INTO letters BY NAME
    WITH raw AS (SELECT value, _metadata.file_name AS page FROM STREAM(read_files('landing/letters', format => 'text')))
    SELECT upper(value) AS text, page FROM raw;

    CREATE MATERIALIZED VIEW latest AS
    SELECT count(*) AS files, max(id) AS id FROM read_files('landing/parcels') WHERE _metadata.file_size > 0;

    CREATE TEMPORARY VIEW all_stamps AS SELECT * FROM read_files('landing/stamps', schema => 'code STRING, cents INT');
    CREATE MATERIALIZED VIEW worth AS SELECT sum(cents) AS total FROM all_stamps;
"""


@pytest.mark.needs_spark("files in batch with `_metadata`")
def test_new_files_are_streamed_and_all_files_are_read_in_batch(pipeline: Pipeline) -> None:
    """Options, hints, given columns, the rescued data column and ``_metadata`` mean what they mean in Python."""
    pipeline.notebook(STREAMS, "post.sql")
    pipeline.land("parcels/1.json", '{"id": 1, "kg": 2}\n{"id": 2, "kg": -1}\n{"id": 3, "kg": "x"}\n')
    pipeline.land("stamps/1.csv", "code,cents\n007,5\n")
    pipeline.land("letters/1.txt", "dear\n")
    pipeline.succeed()
    pipeline.land("parcels/2.json", '{"id": 4, "kg": 1.5, "note": "new"}\n')
    pipeline.land("stamps/2.csv", "code,cents\n8,6\n")
    pipeline.succeed()
    third = pipeline.succeed()

    # A batch query that reads `_metadata` is always recomputed.
    assert [name for name, dataset in third.items() if dataset.status != "unchanged"] == ["latest"]
    assert pipeline.columns("parcels") == ["id", "kg", "_rescued_data", "origin", "note"]
    assert [(row[0], row[1], row[3], row[4]) for row in pipeline.rows("parcels")] == [
        (1, 2.0, "1.json", None),
        (4, 1.5, "2.json", "new"),
    ]
    assert pipeline.rows("stamps") == [(7, 5, None), (8, 6, None)]
    assert pipeline.rows("letters") == [("DEAR", "1.txt")]
    assert (pipeline.rows("latest"), pipeline.rows("worth")) == ([(4, 4)], [(11,)])


def _write(folder: Path, file_format: str) -> None:
    folder.mkdir(parents=True)
    table = pa.table({"id": [1, 2], "name": ["a", None]})
    if file_format == "parquet":
        parquet.write_table(table, folder / "1.parquet")
    elif file_format == "orc":
        orc.write_table(table, folder / "part-1")
    elif file_format == "json":
        (folder / "1").write_text("".join(json.dumps(row) + "\n" for row in table.to_pylist()), encoding="utf-8")
    else:
        (folder / "1.csv").write_text("id,name\n1,a\n2,\n", encoding="utf-8")


@pytest.mark.needs_spark("files whose format is detected")
@pytest.mark.parametrize("file_format", ["json", "csv", "parquet", "orc"])
def test_the_format_is_detected(pipeline: Pipeline, file_format: str) -> None:
    """By the names of the files, or else by their first bytes."""
    _write(pipeline.folder / "landing", file_format)
    pipeline.notebook("CREATE MATERIALIZED VIEW t AS SELECT id, name FROM read_files('landing')", "t.sql")
    pipeline.succeed()

    assert pipeline.rows("t") == [(1, "a"), (2, None)]


def spark_reports(*values: str) -> Any:
    """A case of which planning on Sail does not say whether it is wrong."""
    return pytest.param(*values, marks=pytest.mark.needs_spark("what is wrong with a call that reads files"))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("STREAM read_files()", "read_files has no path"),
        ("STREAM read_files(format => 'json')", "read_files has no path"),
        ("STREAM read_files('landing', 'json')", "read_files takes options by name"),
        spark_reports(
            "STREAM read_files('landing', format => lower(name))",
            "the value of `format` is not a constant: lower(name)",
        ),
        ("cloud_files('landing')", "cloud_files takes a path, a format and a map of options"),
        spark_reports("cloud_files('landing', 'json', 'x')", "the options of cloud_files are not a map"),
        spark_reports(
            "STREAM read_files('landing/none', format => 'json')", "landing/none: the landing folder does not exist"
        ),
        pytest.param(
            "STREAM read_files('landing')",
            "has files of the formats csv, json, so the format is not known",
            marks=pytest.mark.needs_spark("files whose format is detected"),
        ),
    ],
)
def test_a_call_that_cannot_be_read(pipeline: Pipeline, call: str, message: str) -> None:
    """The message names the function or the folder."""
    pipeline.land("1.csv", "a\n1\n")
    pipeline.land("1.json", '{"a": 1}\n')
    pipeline.notebook(f"CREATE STREAMING TABLE t AS SELECT * FROM {call}", "t.sql")
    (problem,) = problems(pipeline.run())

    assert message in diagnostic_text(problem)


def test_python_reads_files_with_sql_too(pipeline: Pipeline) -> None:
    """``spark.sql`` in a Python notebook is the same SQL, with its parameters."""
    pipeline.land("1.json", '{"a": 1}\n')
    pipeline.notebook("""
        import dlt

        @dlt.table
        def t():
            return spark.sql("SELECT a, :x AS x FROM STREAM read_files(:path, format => 'json')",
                             args={"x": 2, "path": "landing"})
    """)
    pipeline.succeed()

    assert pipeline.rows("t") == [(1, 2)]


def test_services_are_read_from_the_folders_that_stand_in(pipeline: Pipeline) -> None:
    """With the columns of the service, as the readers of Python."""
    pipeline.notebook("""
        CREATE STREAMING TABLE bids AS SELECT CAST(value AS STRING) AS bid, topic
        FROM STREAM read_kafka(bootstrapServers => 'host:9092', subscribe => 'bids');
        CREATE MATERIALIZED VIEW n AS SELECT count(*) AS n FROM read_kafka(subscribe => 'bids');
    """, "bids.sql")  # fmt: skip
    pipeline.land("1.txt", "5\n7\n")
    pipeline.succeed(streams={"bids": "landing"})

    assert pipeline.rows("bids") == [("5", "bids"), ("7", "bids")]
    assert pipeline.rows("n") == [(2,)]
