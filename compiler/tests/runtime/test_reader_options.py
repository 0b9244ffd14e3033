"""The options of readers: all are known, none is passed over, and each is what its page says where it is not given."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cbx.declare import reader_options
from cbx.runtime.auto_loader import AutoLoaderError, explain_failure
from compiler.tests.runtime.landing import CSV, JSON, Loader
from compiler.tests.runtime.pipelines import problems

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import SparkSession

    from compiler.tests.runtime.pipelines import Pipeline


PAGE = Path(__file__).parents[2] / "docs" / "running.md"
OWN = "org.apache.spark.sql.catalyst."
SOURCES = "org.apache.spark.sql.execution.datasources."
OF_SPARK = {
    "csv": [f"{OWN}csv.CSVOptions"],
    "json": [f"{OWN}json.JSONOptions"],
    "xml": [f"{OWN}xml.XmlOptions"],
    "text": [f"{SOURCES}text.TextOptions"],
    "parquet": [f"{SOURCES}parquet.ParquetOptions"],
    "orc": [f"{SOURCES}orc.OrcOptions"],
    "avro": ["org.apache.spark.sql.avro.AvroOptions"],
    "binaryFile": [],
}
FOR_ALL = f"{SOURCES}FileIndexOptions"


def of_spark(spark: SparkSession, name: str) -> set[str]:
    """The options that an object of Spark's registers."""
    loader: Any = spark._jvm.java.lang.Thread.currentThread().getContextClassLoader()  # type: ignore[union-attr]
    found = loader.loadClass(f"{name}$").getField("MODULE$").get(None)
    return set(found.getAllOptions().mkString(",").split(","))


@pytest.mark.parametrize("file_format", OF_SPARK)
def test_every_option_of_spark_is_known(spark: SparkSession, file_format: str) -> None:
    """Those that Spark registers for its readers: a new Spark with a new option fails this."""
    registered = {
        option for name in (*OF_SPARK[file_format], FOR_ALL) for option in of_spark(spark, name) if "." not in option
    }
    known = {option.lower() for option in reader_options.SPARK[file_format]}

    assert {option for option in registered if option.lower() not in known} == set()


def defaults() -> list[tuple[str, str, str]]:
    """Format, option and default of each line of the page."""
    text = PAGE.read_text(encoding="utf-8").partition("Defaults of Auto Loader options")[2]
    return re.findall(r"^\| (\w+) \| `([\w.]+)` \| (.+?) \|", text, re.MULTILINE)


def test_every_option_of_auto_loader_has_its_default_on_the_page() -> None:
    """All that the pages of Databricks list for the formats that are read here, and that work here."""
    listed = {option.lower() for _, option, _ in defaults()}
    writing = {*("compression", "codec", "escapeQuotes", "quoteAll", "pretty", "sortKeys", "ignoreNullFields")}
    works = {name for name, why in reader_options.CLOUD_FILES.items() if not why} - {"cloudFiles.format"}
    works.remove("cloudFiles.rescuedDataColumn")
    missing = {name for name in works if name.lower() not in listed}

    assert missing == set()
    assert not {option for option in writing if option.lower() in listed}
    assert all(reader_options.spelling(option) == option for _, option, _ in defaults())


FILES = {
    "json": (
        '{"id": 1, "at": "2024-05-01T10:00:00.000Z", "day": "2024-05-01", "x": 1.5, "s": {"a": null, "B": 1}}\n'
        '{\'id\': 2, "x": NaN, "new": [1, 2]}\n'
        '{"id": 03}\n{"id": "four"}\nnothing\n{"ID": 5}\n'
    ),
    "csv": (
        'id,name,x,at,day\n1,"a ""b""",1.5,2024-05-01T10:00:00.000Z,2024-05-01\n#2,,NaN,,\n'
        '3, padded ,-Inf,2024-05-01 10:00:00,\n4,"un"quoted",Inf,,\n5\n6,a,b,c,d,surplus\n7,\'q\',"",\\,\n'
    ),
    "text": "one\n\ntwo\r\nthree",
}


@pytest.mark.parametrize("file_format", FILES)
def test_options_at_their_defaults_change_nothing(spark: SparkSession, tmp_path: Path, file_format: str) -> None:
    """Every default that the page gives as one value, all given at once, reads what is read without them."""
    given = {
        option: default.strip("`").replace("\\0", "\0")
        for name, option, default in defaults()
        if name in ("all", file_format) and re.fullmatch("`[^`]*`", default)
    }
    if file_format == "csv":
        given |= {"header": "true", "charToEscapeQuoteEscaping": "\\"}
    results = []
    for number, options in enumerate(({}, given)):
        folder = tmp_path / str(number)
        folder.mkdir()
        loader = Loader(spark, folder, tmp_path / "landing")
        loader.landing.mkdir(exist_ok=True)
        (loader.landing / "a").write_text(FILES[file_format], encoding="utf-8")
        (loader.landing / ".hidden").write_text("x", encoding="utf-8")
        results.append(
            loader.update({"cloudFiles.format": file_format, **options, "cloudFiles.inferColumnTypes": "true"})
        )

    assert len(given) > 8
    assert repr(results[0]) == repr(results[1])
    assert len(results[0]) > 3


@pytest.mark.parametrize("more", [{}, {"cloudFiles.inferColumnTypes": "true"}, {"cloudFiles.schemaHints": "id STRING"}])
def test_inferred_csv_files_have_a_header(loader: Loader, more: Mapping[str, str]) -> None:
    """Where `header` is not given: "Auto Loader assumes that files have headers when inferring the schema"."""
    loader.land("a.csv", "id,name", "1,Ann")

    rows = loader.update({"cloudFiles.format": "csv", **more})

    assert [{**row, "id": str(row["id"])} for row in rows] == [{"id": "1", "name": "Ann", "_rescued_data": None}]


def test_csv_files_beside_a_schema_have_none(loader: Loader) -> None:
    """And `header` says otherwise, in any case."""
    loader.land("a.csv", "id,name", "1,Ann")

    plain = loader.open({"cloudFiles.format": "csv"}, "a STRING, b STRING")
    inferred = loader.open({"cloudFiles.format": "csv", "HEADER": "false"})

    assert [tuple(row.values()) for row in loader.run(plain)] == [("1", "Ann"), ("id", "name")]
    assert inferred.columns == ["_c0", "_c1", "_rescued_data"]


REPORT = (
    "# made by",
    "",
    "at noon",
    "id,name,note",
    "1,Ann,a",
    "# left out",
    "",
    '2,"Bob, jr",b',
    "three,Cid",
    "4,Dan,d",
)


@pytest.mark.parametrize(
    ("options", "schema", "expected"),
    [
        (
            {"cloudFiles.inferColumnTypes": "true", "cloudFiles.schemaHints": "id INT, _corrupt_record STRING"},
            None,
            [(1, "Ann", "a", None), (2, "Bob, jr", "b", None), (4, "Dan", "d", None), (None, "Cid", None, "three,Cid")],
        ),
        (
            {"header": "true", "columnNameOfCorruptRecord": "bad"},
            "Number INT, who STRING, note STRING, bad STRING",
            [(1, "Ann", "a", None), (2, "Bob, jr", "b", None), (4, "Dan", "d", None), (None, "Cid", None, "three,Cid")],
        ),
        (
            {"header": "true", "mode": "DROPMALFORMED"},
            "id INT, name STRING, note STRING",
            [(1, "Ann", "a"), (2, "Bob, jr", "b"), (4, "Dan", "d")],
        ),
        (
            {},
            "id STRING, name STRING, note STRING",
            [
                ("1", "Ann", "a"),
                ("2", "Bob, jr", "b"),
                ("4", "Dan", "d"),
                ("id", "name", "note"),
                ("id", "name", "note"),
                ("three", "Cid", None),
            ],
        ),
    ],
)
def test_the_first_rows_are_skipped(
    loader: Loader, options: Mapping[str, str], schema: str | None, expected: list[tuple[Any, ...]]
) -> None:
    """Blank lines and comments count; the header, if there is one, is the first record behind them."""
    loader.land("a.csv", *REPORT[:8])
    loader.land("b.csv", *REPORT[:4], *REPORT[8:])
    loader.land("short.csv", "only", "two")
    rows = loader.update({"cloudFiles.format": "csv", "skipRows": "3", "comment": "#", **options}, schema)
    found = [tuple(value for name, value in row.items() if name != "_rescued_data") for row in rows]

    assert sorted(found, key=repr) == expected


def test_rows_are_skipped_in_files_with_values_over_lines(loader: Loader) -> None:
    """A quoted line break does not end a record, and files with other headers go together."""
    loader.land("a.csv", "title", "a;b", '1;"x', 'y ""z"" ;"')
    loader.land("b.csv", "title", "b;c;a", '"p";q;2')
    options = {**CSV, "skipRows": "1", "multiLine": "true", "sep": ";", "escape": '"'}

    rows = loader.update(options)

    assert [tuple(row.values()) for row in rows] == [("1", 'x\ny "z" ;', None, None), ("2", "p", "q", None)]


@pytest.mark.parametrize(
    ("options", "schema"),
    [
        ({"columnNameOfCorruptRecord": "bad", "header": "true"}, "id INT, amount DOUBLE, bad STRING"),
        ({"columnNameOfCorruptRecord": "Bad", "cloudFiles.schemaHints": "id INT, amount DOUBLE, bad STRING"}, None),
        (
            {"columnNameOfCorruptRecord": "bad", "header": "true", "rescuedDataColumn": "r"},
            "id INT, amount DOUBLE, bad STRING",
        ),
    ],
)
def test_malformed_records_are_kept_in_a_column_of_that_name(
    loader: Loader, options: Mapping[str, str], schema: str | None
) -> None:
    """In a given schema as well as in a hint; with rescued data a value of another type is not malformed."""
    loader.land("a.csv", "id,amount", "1,1.5", "x,2.5", "3,3.5,surplus")
    rows = loader.update({"cloudFiles.format": "csv", **options}, schema)
    found = {row["amount"]: row["bad"] for row in rows}
    is_rescued = schema is None or "rescuedDataColumn" in options

    assert found == {1.5: None, 2.5: None if is_rescued else "x,2.5", 3.5: "3,3.5,surplus"}


def test_malformed_json_is_kept_in_a_column(loader: Loader) -> None:
    """By hint, beside the rescued data."""
    loader.land("a.json", {"id": 1}, '{"id": ', {"id": "x"})

    rows = loader.update({**JSON, "cloudFiles.schemaHints": "id INT, _corrupt_record STRING"})

    assert [(row["id"], row["_corrupt_record"]) for row in rows] == [(1, None), (None, '{"id": '), (None, None)]


def test_failfast_fails_at_another_type_without_rescued_data(loader: Loader) -> None:
    """As Spark's own reader does, also where lines are skipped."""
    loader.land("a.csv", "x", "id", "one")
    options = {"cloudFiles.format": "csv", "mode": "failfast", "skipRows": "2"}

    with pytest.raises(Exception, match="malformed") as failure:
        loader.update(options, "id INT")

    assert explain_failure(failure.value, str(loader.landing)) is not None


def test_files_are_chosen_by_their_time(loader: Loader) -> None:
    """Both limits, in the time zone that is given."""
    for name, hour in (("a", 8), ("b", 10), ("c", 12)):
        path = loader.land(f"{name}.json", {"a": name})
        os.utime(path, (1_714_521_600 + hour * 3600,) * 2)
    options = {
        "modifiedAfter": "2024-05-01T11:00:00",
        "modifiedBefore": "2024-05-01 13:00:00",
        "timeZone": "Europe/Paris",
    }

    assert [row["a"] for row in loader.update({**JSON, **options})] == ["b"]


def test_a_record_as_one_variant(loader: Loader) -> None:
    """The only column."""
    loader.land("a.json", {"a": {"b": 1}}, [1])
    stream = loader.open({**JSON, "singleVariantColumn": "v"})

    assert [str(row["v"]) for row in loader.run(stream)] == ['{"a":{"b":1}}', "[1]"]


@pytest.mark.parametrize(
    ("options", "reason", "hint"),
    [
        ({"headr": "true"}, "headr is not an option of Auto Loader or of its reader", "did you mean header?"),
        ({"schemaHints": "a INT"}, "schemaHints is not an option", "did you mean cloudFiles.schemaHints?"),
        ({"skipRow": "1"}, "skipRow is not an option", "did you mean skipRows?"),
        ({"skipRows": "some"}, "skipRows is 'some'", "write a non-negative integer"),
        (
            {"modifiedAfter": "last week"},
            "invalid timestamp 'last week'",
            "write a timestamp such as 2024-05-01T10:00:00",
        ),
        ({"mode": "PERMISIVE"}, "mode is 'PERMISIVE'", "did you mean PERMISSIVE?"),
    ],
)
def test_an_option_that_nobody_knows(loader: Loader, options: Mapping[str, str], reason: str, hint: str) -> None:
    """Instead of being passed over."""
    with pytest.raises(AutoLoaderError, match=reason) as failure:
        loader.open({**CSV, **options})

    assert failure.value.hint == hint


def test_unknown_options_can_be_left_out_on_request(loader: Loader) -> None:
    """And options of another format, or settings of the file system, are no mistake."""
    loader.land("a.csv", "id", "1")
    loader.open({**CSV, "headr": "x", "cloudFiles.validateOptions": "false"})
    loader.open({**CSV, "fs.s3a.endpoint": "x", "allowComments": "true", "cloudFiles.resourceTag.team": "a"})

    assert loader.notes == [
        "the option headr is unknown and ignored",
        "the option allowComments has no effect on csv files",
        "the option cloudFiles.resourceTag.team has no effect locally: there is no queue",
    ]


@pytest.mark.needs_spark("options that only Spark's readers have")
def test_plain_readers_pass_over_nothing(pipeline: Pipeline) -> None:
    """Neither a misspelt option nor one that only the readers of Databricks have."""
    reads = {
        "a": 'spark.read.format("csv").option("headr", True).load("landing")',
        "b": 'spark.read.options(multilin="true").json("landing")',
        "c": 'spark.readStream.option("skipRows", 2).schema("id INT").csv("landing")',
        "d": 'spark.readStream.option("cloudFiles.maxFilesPerTrigger", 1).json("landing", schema="id INT")',
        "e": 'spark.read.option("header", True).option("mergeSchema", "true").option("fs.x.y", 1).parquet("nowhere")',
        "f": 'spark.read.csv("landing", header=True, sep=";")',
        "g": 'spark.read.option("anything", 1).format("rate-micro-batch").load()',
    }
    pipeline.land("a.csv", "id\n1\n")
    texts = [f"@dlt.table\ndef {name}():\n    return {read}\n" for name, read in reads.items()]
    pipeline.notebook("\n".join(("import dlt", *texts)))
    found = {problem.message.splitlines()[0]: problem.hint for problem in problems(pipeline.run(dry_run=True))}

    assert list(found.items())[:4] == [
        ("the csv reader has no option `headr`", "did you mean `header`?"),
        ("the json reader has no option `multilin`", "did you mean `multiLine`?"),
        (
            "the option `skipRows` of Databricks is not supported by the local reader",
            'read with spark.readStream.format("cloudFiles"), where it is emulated',
        ),
        (
            "`cloudFiles.maxFilesPerTrigger` is an option of Auto Loader, but this is the json reader",
            'read with spark.readStream.format("cloudFiles")',
        ),
    ]
    assert [reason for reason in list(found)[4:] if "has no option" in reason or "the option `" in reason] == []


def test_the_rescued_data_of_skipped_files_names_the_file(loader: Loader) -> None:
    """As for other files."""
    loader.land("a.csv", "x", "id", "one")
    rows = loader.update({**CSV, "skipRows": "1", "cloudFiles.schemaHints": "id INT"})

    assert json.loads(rows[0]["_rescued_data"])["id"] == "one"
