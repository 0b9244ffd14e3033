"""Landing files on other storage than this machine's, which Spark reads through Hadoop, and what is refused."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cbx.cli.places import local_state
from cbx.files.storage import storage_scheme
from cbx.runtime.log.events import NoteAdded
from compiler.tests.command import run_cbx
from compiler.tests.runtime.pipelines import Pipeline, problems
from compiler.tests.runtime.storage_server import Storage, serve

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.needs_spark("Hadoop reads other storage")

NOTEBOOK = """
    import dlt

    @dlt.table
    @dlt.expect_or_drop("has_id", "id IS NOT NULL")
    def orders():
        reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "{format}")
        return reader.options(**{options}).load("{landing}").select("*", "_metadata.file_name")
"""
NAMES = ("1.json", "with space.json", "übung.json", "a%20b.json", "a#b+c.json", "day=2024-05-01/x.json")


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    with serve(tmp_path / "remote") as running:
        yield running


def define(pipeline: Pipeline, landing: str, file_format: str = "json", **options: str) -> None:
    pipeline.notebook(NOTEBOOK.format(format=file_format, options=options, landing=landing))


def test_each_file_is_read_once(pipeline: Pipeline, storage: Storage) -> None:
    """Whatever its name is, and also if an update without new files came before it."""
    define(pipeline, storage.url("landing"))
    counts = []
    for half in (range(3), range(3, len(NAMES))):
        for number in half:
            storage.write(f"landing/{NAMES[number]}", json.dumps({"id": number}) + '\n{"id": null}\n')
        counts.append(pipeline.succeed()["orders"].rows_read)
        counts.append(pipeline.succeed()["orders"].rows_read)
    rows = pipeline.rows("orders")

    assert counts == [6, 0, 6, 0]
    assert sorted(row[0] for row in rows) == [str(number) for number in range(len(NAMES))]
    assert pipeline.succeed()["orders"].status == "unchanged"


@pytest.mark.parametrize("file_format", ["csv", "parquet", "text"])
def test_every_format_is_read(pipeline: Pipeline, storage: Storage, spark: SparkSession, file_format: str) -> None:
    """CSV files with columns in another order, too."""
    define(pipeline, storage.url("landing"), file_format)
    if file_format == "parquet":
        for number in range(2):
            spark.range(number, number + 1).write.parquet(str(storage.folder / f"landing/{number}"))
    else:
        storage.write("landing/1.csv", "id,city\n0,Ulm\n")
        storage.write("landing/2.csv", "city,id\nRom,1\n")
    if file_format == "text":
        pipeline.notebook((pipeline.folder / "notebooks/notebook.py").read_text().replace("id IS NOT NULL", "true"))
    orders = pipeline.succeed()["orders"]
    columns = pipeline.columns("orders")
    ids = {row[columns.index("value" if file_format == "text" else "id")] for row in pipeline.rows("orders")}

    assert ids == {"csv": {"0", "1"}, "parquet": {0, 1}, "text": {"id,city", "0,Ulm", "city,id", "Rom,1"}}[file_format]
    assert orders.rows_written == len(pipeline.rows("orders"))


def test_times_of_files_are_those_of_the_storage(pipeline: Pipeline, storage: Storage) -> None:
    """They decide which files are read, and whether one has changed since."""
    for name, time in {"old": 1_000_000_000, "new": 1_700_000_000}.items():
        file = storage.write(f"landing/{name}.json", f'{{"id": 1, "{name}": 2}}')
        os.utime(file, (time, time))
    define(pipeline, storage.url("landing"), modifiedAfter="2020-01-01T00:00:00Z")
    pipeline.succeed()
    file.write_text('{"id": 3}')
    pipeline.succeed()
    notes = [event.text for event in pipeline.events if isinstance(event, NoteAdded)]

    assert pipeline.columns("orders")[:2] == ["id", "new"]
    assert [row[-1] for row in pipeline.rows("orders")] == ["new.json"]
    assert {note.rpartition("/")[2].partition(":")[0] for note in notes} == {"new.json"}


@pytest.mark.parametrize(
    ("landing", "code", "reason", "hint"),
    [
        (
            "s3a://shop/landing",
            "CBX510",
            "Spark has no file system for `s3a`",
            "add one with --conf spark.jars.packages=org.apache.hadoop:hadoop-aws:",
        ),
        (
            "s3://shop/landing",
            "CBX510",
            "no file system for `s3`",
            "--conf spark.hadoop.fs.s3.impl=org.apache.hadoop.fs.s3a.",
        ),
        (
            "abfss://c@shop.dfs.core.windows.net/x",
            "CBX510",
            "no file system for `abfss`",
            "org.apache.hadoop:hadoop-azure:",
        ),
        ("oss://shop/landing", "CBX510", "no file system for `oss`", "copy the files to this machine"),
        ("webhdfs://127.0.0.1:{port}/nothing", "CBX508", "the landing folder does not exist", "create it"),
    ],
)
def test_storage_that_cannot_be_read(
    pipeline: Pipeline, storage: Storage, landing: str, code: str, reason: str, hint: str
) -> None:
    """The reason is that of Hadoop, and the hint names the library."""
    define(pipeline, landing.format(port=storage.port))
    (problem,) = problems(pipeline.run())

    assert (problem.code.id, reason in problem.message, hint in (problem.hint or "")) == (code, True, True), problem


DIRECT = """
    import dlt

    @dlt.table
    def batch():
        return spark.read.json("s3a://shop/landing")

    @dlt.table
    def stream():
        return spark.readStream.schema("id INT").json("gs://shop/landing")
"""


def test_storage_that_spark_reads_itself(pipeline: Pipeline) -> None:
    """The hint names the library, too."""
    pipeline.notebook(DIRECT)
    found = problems(pipeline.run())

    assert [problem.message for problem in found] == [
        "Spark has no file system for `s3a`",
        "Spark has no file system for `gs`",
    ]
    assert ["spark.jars.packages=" in problem.hint for problem in found] == [True, True]


@pytest.mark.parametrize(
    "command", ["run", "show orders", "query SELECT", "events", "graph --format html", "import p.py --into new"]
)
def test_a_state_folder_on_object_storage_is_refused(command: str, tmp_path: Path) -> None:
    """At the start, with the reason; no folder of that name appears on this machine."""
    (tmp_path / "project.toml").write_text('[project]\nname = "shop"\n')
    (tmp_path / "p.py").write_text("import dlt\n")
    before = sorted(tmp_path.iterdir())
    done = run_cbx(tmp_path, *command.split(), "--state", "s3a://bucket/x")

    assert done.returncode == 2, done.stderr
    assert "the state folder s3a://bucket/x is not in a file system" in " ".join(done.stderr.split())
    assert sorted(tmp_path.iterdir()) == before


def test_a_state_folder_may_be_the_url_of_a_mount() -> None:
    """The same folder as its path."""
    expected = [Path("/mnt/shop"), Path("/mnt/shop"), Path("mnt/s3a:")]
    actual = [local_state(Path(text)) for text in ("file:///mnt/shop", "file:/mnt/shop", "mnt/s3a:")]

    assert expected == actual


@pytest.mark.parametrize("option", ["--table raw.a=s3a://shop/a", "--stream orders=gs://shop/a"])
def test_what_stands_in_is_on_this_machine(option: str, tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text("import dlt\n")
    done = run_cbx(tmp_path, "run", "p.py", *option.split())

    assert done.returncode == 2
    assert "CBX510" in done.stderr
    assert "and what stands in must be files of this machine" in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("path", "scheme"),
    [
        ("s3a://b/x", "s3a"),
        ("dbfs:/x", "dbfs"),
        ("file:///x", None),
        ("C:/x", None),
        ("a:b/c", None),
        ("landing", None),
    ],
)
def test_schemes_of_other_storage(path: str, scheme: str | None) -> None:
    """A drive of Windows and a name with a colon are paths."""
    assert storage_scheme(path) == scheme
