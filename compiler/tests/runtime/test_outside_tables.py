"""Tables outside the pipeline: files stand in for them, in every format, in batch and as streams."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.orc
import pyarrow.parquet
import pytest

from cbx.runtime import CannotRunError
from cbx.runtime.names import DatasetName
from cbx.runtime.outside.data_files import find_data_files
from cbx.runtime.outside.stand_ins import read_table_stand_ins
from compiler.tests.runtime.pipelines import Pipeline, problems

if TYPE_CHECKING:
    from collections.abc import Callable

ROWS = pa.table({"fare": [2.5, 3.0], "id": [1, 2]})
WAY_OUT = "--table samples.nyctaxi.trips=FILE (Parquet, CSV, JSON or Delta)"
READS = """
    import dlt

    @dlt.table
    def batch():
        return spark.read.table("samples.nyctaxi.trips")

    @dlt.table
    def stream():
        return spark.readStream.table("samples.nyctaxi.trips")

    @dlt.table
    def sql():
        return spark.sql("SELECT samples.nyctaxi.trips.fare, trips.id FROM samples.nyctaxi.trips WHERE fare > 0")
"""


def write_json(rows: pa.Table, path: Path) -> None:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows.to_pylist()))


def write_array(rows: pa.Table, path: Path) -> None:
    path.write_text(json.dumps(rows.to_pylist(), indent=2))


WRITERS: dict[str, Callable[[pa.Table, Path], Any]] = {
    "trips.csv": pyarrow.csv.write_csv,
    "trips.json": write_json,
    "lines.jsonl": write_json,
    "array.json": write_array,
    "trips.parquet": pyarrow.parquet.write_table,
    "trips.orc": pyarrow.orc.write_table,
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_stands_in_for_a_table(pipeline: Pipeline, name: str) -> None:
    """In every format, for all three ways to read a table."""
    pipeline.notebook(READS)
    WRITERS[name](ROWS, pipeline.folder / name)
    pipeline.succeed(tables={"samples.nyctaxi.trips": name})
    expected = [(2.5, 1), (3.0, 2)]

    assert [pipeline.rows(table) for table in ("batch", "stream", "sql")] == [expected] * 3


def test_a_stream_reads_each_file_of_a_folder_once(pipeline: Pipeline) -> None:
    """Also files that land later, while a batch query reads all of them; a full refresh reads them again."""
    pipeline.notebook(READS)
    folder = pipeline.folder / "trips"
    folder.mkdir()
    WRITERS["trips.csv"](ROWS, folder / "1.csv")
    pipeline.succeed(tables={"samples.nyctaxi.trips": "trips"})
    WRITERS["trips.csv"](ROWS.slice(1), folder / "2.csv")
    results = pipeline.succeed(tables={"samples.nyctaxi.trips": "trips"})
    again = pipeline.succeed(tables={"samples.nyctaxi.trips": "trips"})
    written = [results[name].rows_written for name in ("batch", "stream")]

    assert written == [3, 1]
    assert [again[name].status for name in ("batch", "stream")] == ["unchanged"] * 2
    assert pipeline.rows("stream") == [(2.5, 1), (3.0, 2), (3.0, 2)]
    assert pipeline.succeed(tables={"samples.nyctaxi.trips": "trips"}, full_refresh=True)["stream"].rows_written == 3


@pytest.mark.needs_spark("the message is that of Spark, which runs the queries that Sail refuses")
def test_a_table_without_a_file_is_one_message_with_a_way_out(pipeline: Pipeline) -> None:
    """However it is read: Spark's own messages speak of namespaces."""
    pipeline.notebook(READS)
    messages = {
        (problem.code.id, problem.message, problem.hint) for problem in problems(pipeline.run()) if problem is not None
    }

    assert messages == {
        (
            "CBX503",
            "there is no table `samples.nyctaxi.trips`",
            f"define it in the pipeline, or let a file stand in for it: {WAY_OUT}",
        )
    }


def test_a_dataset_of_the_pipeline_needs_no_file(pipeline: Pipeline) -> None:
    """A file for exactly its name is a mistake; for the same name in another catalog it is another table."""
    pipeline.notebook(
        """
        import dlt

        @dlt.table(name="sales.trips")
        def trips():
            return spark.read.table("prod.sales.trips").where("id > 1")
        """
    )
    WRITERS["trips.csv"](ROWS, pipeline.folder / "trips.csv")
    pipeline.succeed(tables={"prod.sales.trips": "trips.csv"})
    refused = problems(pipeline.run(tables={"sales.trips": "trips.csv"}))

    assert pipeline.rows("sales.trips") == [(3.0, 2)]
    assert [problem.message for problem in refused] == [
        "a file stands in for `sales.trips`, which the pipeline defines"
    ]


@pytest.mark.parametrize(
    ("given", "read", "is_found"),
    [
        ("samples.nyctaxi.trips", "samples.nyctaxi.trips", True),
        ("samples.nyctaxi.trips", "SAMPLES.`nyctaxi`.Trips", True),
        ("nyctaxi.trips", "samples.nyctaxi.trips", True),
        ("samples.nyctaxi.trips", "nyctaxi.trips", True),
        ("trips", "default.trips", True),
        ("trips", "nyctaxi.trips", False),
        ("other.nyctaxi.trips", "samples.nyctaxi.trips", False),
    ],
)
def test_a_name_fits_another_spelling(given: str, read: str, is_found: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a case
    """A missing catalog fits any catalog; two different catalogs are two tables."""
    (tmp_path / "a.csv").write_text("id\n1\n")
    stand_ins = read_table_stand_ins({given: "a.csv"}, tmp_path)

    assert (stand_ins.find(DatasetName.parse(read), None) is not None) is is_found


@pytest.mark.parametrize(
    ("files", "path", "reason"),
    [
        ((), "missing.csv", "there is no file or folder {folder}/missing.csv"),
        (("data/.hidden.csv",), "data", "the folder {folder}/data has no files"),
        (("data/a.xlsx",), "data", "the format of {folder}/data/a.xlsx is not supported"),
        (("data/a.csv", "data/b.json"), "data", "the files in {folder}/data have different formats: csv, json"),
    ],
)
def test_a_path_without_data_stops_the_run(files: tuple[str, ...], path: str, reason: str, tmp_path: Path) -> None:
    """Before Spark starts, with the name of the table."""
    for file in files:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).touch()
    with pytest.raises(CannotRunError) as raised:
        read_table_stand_ins({"a.b": path}, tmp_path)

    assert str(raised.value) == f"--table a.b: {reason.format(folder=tmp_path)}"


def test_the_format_of_a_compressed_file_is_found(tmp_path: Path) -> None:
    """Such as ``trips.csv.gz``."""
    (tmp_path / "trips.csv.gz").touch()

    assert find_data_files(tmp_path / "trips.csv.gz").format == "csv"


@pytest.mark.parametrize(
    "read",
    [
        'spark.read.format("jdbc").option("url", URL).option("dbtable", "public.orders").load()',
        'spark.read.jdbc(URL, "public.orders")',
        'spark.read.format("snowflake").options(dbtable="public.orders").load()',
        'spark.read.format("mongodb").option("collection", "public.orders").load()',
    ],
)
@pytest.mark.needs_spark("readers of other systems")
def test_a_file_stands_in_for_a_table_of_another_system(pipeline: Pipeline, read: str) -> None:
    """Else the message names the table, the system and the way out."""
    notebook = """
        import dlt

        URL = "jdbc:postgresql://nowhere.invalid/db"

        @dlt.table
        def orders():
            return READ
    """
    pipeline.notebook(notebook.replace("READ", read))
    WRITERS["trips.csv"](ROWS, pipeline.folder / "orders.csv")
    (problem,) = problems(pipeline.run())
    pipeline.succeed(tables={"public.orders": "orders.csv"})

    assert pipeline.rows("orders") == [(2.5, 1), (3.0, 2)]
    assert (problem.code.id, problem.span.line) == ("CBX504", 7)
    assert re.fullmatch(r"`public.orders` is read from \w+, which is not connected locally", problem.message)
    assert problem.hint == "let a file stand in for it: --table public.orders=FILE"


@pytest.mark.needs_spark("the message is that of Spark, which runs the queries that Sail refuses")
def test_a_file_format_that_spark_does_not_have_keeps_its_message(pipeline: Pipeline) -> None:
    """A format without a table is named, too."""
    pipeline.notebook(
        """
        import dlt

        @dlt.table
        def orders():
            return spark.readStream.format("nonsense").load("x")
        """
    )
    (problem,) = problems(pipeline.run())

    assert problem.message == "a table is read from nonsense, which is not connected locally"
    assert problem.hint == "let a file stand in for it: --table nonsense=FILE"


def test_a_file_stands_in_for_a_format_whose_options_name_no_table(pipeline: Pipeline) -> None:
    """A query of a database has no name."""
    pipeline.notebook(
        """
        import dlt

        @dlt.table
        def orders():
            reader = spark.read.format("jdbc").option("url", "jdbc:postgresql://nowhere.invalid/db")
            return reader.option("query", "SELECT 1 AS x").load()
        """
    )
    WRITERS["trips.csv"](ROWS, pipeline.folder / "orders.csv")
    pipeline.succeed(tables={"jdbc": "orders.csv"})

    assert pipeline.rows("orders") == [(2.5, 1), (3.0, 2)]
