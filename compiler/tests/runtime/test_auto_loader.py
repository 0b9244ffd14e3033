"""Landing folders in, rows out: what `spark.readStream.format("cloudFiles")` does on a laptop."""

from __future__ import annotations

import gzip
import json
import os
from typing import TYPE_CHECKING

import pytest

from cbx.runtime.auto_loader import AutoLoaderError, explain_failure, open_stream
from cbx.runtime.auto_loader.reading_plan import Opening
from compiler.tests.runtime.landing import CSV, JSON, TYPED_CSV, TYPED_JSON, Loader

if TYPE_CHECKING:
    from collections.abc import Mapping


def test_json_columns_are_strings_unless_types_are_inferred(loader: Loader) -> None:
    """Without inferColumnTypes everything is text, a nested value too, as it stands in the file."""
    loader.land("a.json", {"b": {"x": 1}, "a": 7, "c": [1, 2]})

    rows = loader.update(JSON)

    assert rows == [{"a": "7", "b": '{"x": 1}', "c": "[1, 2]", "_rescued_data": None}]


def test_json_types_are_inferred_when_asked_for(loader: Loader) -> None:
    """With inferColumnTypes columns get their types, in alphabetical order."""
    loader.land("a.json", {"b": {"x": 1}, "a": 7, "c": [1.5]})

    schema = loader.open(TYPED_JSON).schema

    assert schema.simpleString() == "struct<a:bigint,b:struct<x:bigint>,c:array<double>,_rescued_data:string>"


def test_hints_override_in_place_and_are_appended(loader: Loader) -> None:
    """A hint keeps the place of an inferred column; one for an unknown column comes last."""
    loader.land("a.json", {"a": 1, "b": {"x": 1, "y": 2}, "c": [{"p": 1}], "d": {"k": 1}})
    hints = "b.x STRING, z DATE, a DECIMAL(10, 2), c.element.p INT, d MAP<STRING, INT>"

    schema = loader.open({**TYPED_JSON, "cloudFiles.schemaHints": hints}).schema

    assert schema.simpleString() == (
        "struct<a:decimal(10,2),b:struct<x:string,y:bigint>,c:array<struct<p:int>>,d:map<string,int>,z:date,"
        "_rescued_data:string>"
    )


def test_a_value_of_another_type_is_rescued(loader: Loader) -> None:
    """The column is NULL, and the value is kept with the file's path."""
    loader.land("a.json", {"a": 1, "b": "x"}, {"a": "one", "b": "y"})

    rows = loader.update({**TYPED_JSON, "cloudFiles.schemaHints": "a BIGINT"})

    assert rows == [
        {"a": 1, "b": "x", "_rescued_data": None},
        {"a": None, "b": "y", "_rescued_data": loader.rescued_data("a.json", a="one")},
    ]


def test_nested_misfits_are_rescued_field_by_field(loader: Loader) -> None:
    """A struct keeps what fits; an array with a misfit inside is rescued whole."""
    loader.land(
        "a.json", {"s": {"x": 1, "y": 2, "new": 3}, "l": [{"p": 1, "q": 2}]}, {"s": {"x": "n"}, "l": [{"p": 5}]}
    )
    hints = "s STRUCT<x INT, y INT>, l ARRAY<STRUCT<p INT>>"

    rows = loader.update({**JSON, "cloudFiles.schemaHints": hints})

    assert rows == [
        {
            "l": [{"p": 1}],
            "s": {"x": 1, "y": 2},
            "_rescued_data": loader.rescued_data("a.json", s={"new": 3}, l=[{"p": 1, "q": 2}]),
        },
        {"l": [{"p": 5}], "s": {"x": None, "y": None}, "_rescued_data": loader.rescued_data("a.json", s={"x": "n"})},
    ]


def test_a_line_that_is_no_json_is_kept(loader: Loader) -> None:
    """A half-written line is a row of NULLs with its text; blank lines are nothing."""
    loader.land("a.json", {"a": "x"}, "", '{"a": "half')

    rows = loader.update(JSON)

    assert rows == [
        {"a": "x", "_rescued_data": None},
        {"a": None, "_rescued_data": loader.rescued_data("a.json", _corrupt_record='{"a": "half')},
    ]


def test_malformed_records_are_dropped_on_request(loader: Loader) -> None:
    """DROPMALFORMED drops what is no record; a mismatch of types stays."""
    loader.land("a.json", {"a": 1}, {"a": "x"}, "no json")

    rows = loader.update({**JSON, "mode": "DROPMALFORMED", "cloudFiles.schemaHints": "a INT"})

    assert [row["a"] for row in rows] == [1, None]


def test_failfast_names_the_file(loader: Loader) -> None:
    """FAILFAST stops the query, and the failure says at which file."""
    path = loader.land("a b, c's (1).json", {"a": 1}, "no json")

    with pytest.raises(Exception, match="malformed") as failure:
        loader.update({**JSON, "mode": "FAILFAST"})
    explained = explain_failure(failure.value, str(loader.landing))

    assert (explained and explained.path, explained and explained.is_restart_enough) == (str(path), False)


def test_new_columns_are_added_at_the_end(loader: Loader) -> None:
    """By default a column that a later file brings is there in the same update; nothing is read twice."""
    loader.land("1.json", {"b": "1"})
    loader.update(JSON)
    loader.land("2.json", {"a": "new", "b": "2"})

    rows = loader.update(JSON)

    assert rows == [{"b": "2", "a": "new", "_rescued_data": None}]
    versions = sorted(path.name for path in (loader.root / "schema").glob("schema-*"))
    assert versions == ["schema-000001.json", "schema-000002.json"]


def test_an_inferred_type_never_changes(loader: Loader) -> None:
    """A later file with another type is rescued."""
    loader.land("1.json", {"a": 1})
    loader.update(TYPED_JSON)
    loader.land("2.json", {"a": "x"})

    rows = loader.update(TYPED_JSON)

    assert rows == [{"a": None, "_rescued_data": loader.rescued_data("2.json", a="x")}]


def test_rescue_mode_keeps_new_columns_in_the_rescued_data(loader: Loader) -> None:
    """The schema stays as first inferred."""
    options = {**JSON, "cloudFiles.schemaEvolutionMode": "rescue"}
    loader.land("1.json", {"a": "1"})
    loader.update(options)
    loader.land("2.json", {"a": "2", "n": [True]}, {"a": "3"})

    rows = loader.update(options)

    assert rows == [
        {"a": "2", "_rescued_data": loader.rescued_data("2.json", n=[True])},
        {"a": "3", "_rescued_data": None},
    ]


def test_mode_none_leaves_new_columns_out(loader: Loader) -> None:
    """New columns are ignored; what does not fit a column is still rescued."""
    options = {**TYPED_JSON, "cloudFiles.schemaEvolutionMode": "none"}
    loader.land("1.json", {"a": 1})
    loader.update(options)
    loader.land("2.json", {"a": 2, "n": 1}, {"a": "x", "n": 1})

    rows = loader.update(options)

    assert [(row["a"], row["_rescued_data"] is None) for row in rows] == [(2, True), (None, False)]


def test_fail_on_new_columns_fails(loader: Loader) -> None:
    """The error names the column, and a hint lets the stream go on."""
    options = {**JSON, "cloudFiles.schemaEvolutionMode": "failOnNewColumns"}
    loader.land("1.json", {"a": "1"})
    loader.update(options)
    loader.land("2.json", {"a": "2", "extra": "e"})

    with pytest.raises(AutoLoaderError, match="extra"):
        loader.open(options)
    rows = loader.update({**options, "cloudFiles.schemaHints": "extra STRING"})

    assert rows == [{"a": "2", "extra": "e", "_rescued_data": None}]


def test_names_that_differ_in_case_are_rescued(loader: Loader) -> None:
    """A field is its column's only in the same spelling, unless readerCaseSensitive is false."""
    loader.land("1.json", {"id": "1"})
    loader.update(JSON)
    loader.land("2.json", {"ID": "2"})

    rows = loader.update(JSON)

    assert rows == [{"id": None, "_rescued_data": loader.rescued_data("2.json", ID="2")}]


def test_names_match_in_any_case_on_request(loader: Loader) -> None:
    """With readerCaseSensitive off the spelling of a name is no difference."""
    options = {**JSON, "readerCaseSensitive": "false"}
    loader.land("1.json", {"id": "1"}, {"Id": "2"}, {"ID": "3"})

    rows = loader.update(options)

    assert [tuple(row.values()) for row in rows] == [("1", None), ("2", None), ("3", None)]


def test_a_given_schema_is_read_as_it_is(loader: Loader) -> None:
    """Beside a schema there is no evolution, and rescued data only where it is asked for."""
    loader.land("a.json", {"a": 1, "b": 2})

    assert loader.update(JSON, "a INT") == [{"a": 1}]


def test_a_given_schema_with_rescued_data(loader: Loader) -> None:
    """The column is named by rescuedDataColumn, and takes new fields too."""
    loader.land("a.json", {"a": 1, "b": 2})

    rows = loader.update({**JSON, "rescuedDataColumn": "_rest"}, "a INT")

    assert rows == [{"a": 1, "_rest": loader.rescued_data("a.json", b=2)}]


def test_json_over_several_lines(loader: Loader) -> None:
    """With multiLine a file is one object or an array of them."""
    loader.land("1.json", '[{"a": "1"},\n {"a": "2", "b": "x"}]')
    loader.land("2.json", '{"a":\n "3"}')

    rows = loader.update({**JSON, "multiLine": "true"})

    assert [(row["a"], row["b"], row["_rescued_data"]) for row in rows] == [
        ("1", None, None),
        ("2", "x", None),
        ("3", None, None),
    ]


def test_csv_rows_with_too_few_or_too_many_values_are_kept(loader: Loader) -> None:
    """What stands in place is read, and the whole text is rescued."""
    loader.land("a.csv", "a,b,c", "1,2,3", "4,5", "6,7,8,9", '"x ""y""",",",z')

    rows = loader.update({**CSV, "escape": '"'})

    assert [tuple(row.values()) for row in rows] == [
        ("1", "2", "3", None),
        ("4", "5", None, loader.rescued_data("a.csv", _corrupt_record="4,5")),
        ("6", "7", "8", loader.rescued_data("a.csv", _corrupt_record="6,7,8,9")),
        ('x "y"', ",", "z", None),
    ]


def test_csv_types_are_inferred_and_misfits_rescued(loader: Loader) -> None:
    """A postcode keeps its zeros under a hint, and a word is no number."""
    loader.land("a.csv", "id,zip", "1,01234")
    options = {**TYPED_CSV, "cloudFiles.schemaHints": "zip STRING"}
    loader.update(options)
    loader.land("b.csv", "id,zip", "two,00001")

    rows = loader.update(options)

    assert rows == [{"id": None, "zip": "00001", "_rescued_data": loader.rescued_data("b.csv", id="two")}]


def test_csv_columns_are_found_by_name(loader: Loader) -> None:
    """Each file's own header says which column is which, also when files are read together."""
    loader.land("a.csv", "id,name", "1,Ann", "x,Bob", "3")
    loader.land("b.csv", "name,more,id", "Cid,m,4")
    loader.land("empty.csv")

    rows = loader.update({**CSV, "cloudFiles.schemaHints": "id INT"})

    assert [tuple(row.values()) for row in rows] == [
        (1, "Ann", None, None),
        (3, None, None, loader.rescued_data("a.csv", _corrupt_record="3")),
        (4, "Cid", "m", None),
        (None, "Bob", None, loader.rescued_data("a.csv", id="x")),
    ]


def test_csv_rescue_mode(loader: Loader) -> None:
    """A column that the schema does not have goes to the rescued data."""
    options = {**CSV, "cloudFiles.schemaEvolutionMode": "rescue"}
    loader.land("a.csv", "id", "1")
    loader.update(options)
    loader.land("b.csv", "id,more", "2,m", "3,")

    rows = loader.update(options)

    assert [tuple(row.values()) for row in rows] == [("2", loader.rescued_data("b.csv", more="m")), ("3", None)]


def test_csv_without_a_header(loader: Loader) -> None:
    """Columns are named by place, and so are those of a given schema."""
    loader.land("a.csv", "1;x", "2;y")
    options = {"cloudFiles.format": "csv", "sep": ";", "header": "false"}

    inferred = loader.open(options).columns
    rows = loader.update({**options, "rescuedDataColumn": "_rescued_data"}, "id INT, name STRING")

    assert inferred == ["_c0", "_c1", "_rescued_data"]
    assert [tuple(row.values()) for row in rows] == [(1, "x", None), (2, "y", None)]


def test_csv_values_over_several_lines(loader: Loader) -> None:
    """Quoted newlines, a compressed file and files with different headers go together."""
    with gzip.open(loader.landing / "a.csv.gz", "wt", encoding="utf-8") as stream:
        stream.write('a,b\n1,"x\ny"\n')
    loader.land("b.csv", "b,a", '"p\nq",2')

    rows = loader.update({**CSV, "multiLine": "true"})

    assert [tuple(row.values()) for row in rows] == [("1", "x\ny", None), ("2", "p\nq", None)]


def test_rescued_data_alone_can_be_selected(loader: Loader) -> None:
    """A selection that leaves nothing but the rescued data reads the same."""
    loader.land("a.json", {"a": 1}, {"a": "x"})
    stream = loader.open({**JSON, "cloudFiles.schemaHints": "a INT"}).select("_rescued_data")

    rows = loader.run(stream)

    assert [row["_rescued_data"] for row in rows] == [loader.rescued_data("a.json", a="x"), None]


def test_parquet_files_grow_and_mismatches_are_rescued(loader: Loader) -> None:
    """Columns of later files are added; a hinted type that does not hold the file's is NULL and rescued."""
    options = {"cloudFiles.format": "parquet", "cloudFiles.schemaHints": "n STRING"}
    loader.session.sql("SELECT 1 AS id, 5 AS n").write.parquet(str(loader.landing / "one"))
    loader.update(options)
    loader.session.sql("SELECT 2L AS id, 6 AS n, 'm' AS more").write.parquet(str(loader.landing / "two"))

    rows = loader.update(options)

    rescued = json.loads(rows[0].pop("_rescued_data"))
    file = rescued.pop("_file_path")
    assert (rows, rescued, file.startswith(f"file:{loader.landing}/two/")) == (
        [{"id": None, "n": None, "more": "m"}],
        {"id": 2, "n": 6},
        True,
    )


def test_a_half_written_parquet_file_is_named(loader: Loader) -> None:
    """A file without a footer stops the update before it starts."""
    path = loader.landing / "a b, c.parquet"
    path.write_bytes(b"PAR1 half")

    with pytest.raises(AutoLoaderError) as failure:
        loader.open({"cloudFiles.format": "parquet"})

    assert failure.value.path == str(path)


def test_text_and_binary_files_have_fixed_columns(loader: Loader) -> None:
    """One row a line, and no rescued data."""
    loader.land("a.txt", "one", "two")

    rows = loader.update({"cloudFiles.format": "text"})
    binary = loader.open({"cloudFiles.format": "binaryFile"}).columns

    assert rows == [{"value": "one"}, {"value": "two"}]
    assert binary == ["path", "modificationTime", "length", "content"]


def test_partition_columns_come_from_folders(loader: Loader) -> None:
    """Hive-style folders are columns, typed when types are inferred."""
    loader.land("year=2024/city=New%20York/a.json", {"a": 1})
    loader.land("year=2025/city=__HIVE_DEFAULT_PARTITION__/a.json", {"a": 2})

    rows = loader.update(TYPED_JSON)

    assert rows == [
        {"a": 1, "year": 2024, "city": "New York", "_rescued_data": None},
        {"a": 2, "year": 2025, "city": None, "_rescued_data": None},
    ]


def test_partition_columns_can_be_left_out(loader: Loader) -> None:
    """An empty cloudFiles.partitionColumns ignores the folders."""
    loader.land("year=2024/a.json", {"a": 1})

    assert loader.open({**JSON, "cloudFiles.partitionColumns": ""}).columns == ["a", "_rescued_data"]


def test_globs_and_hidden_files(loader: Loader) -> None:
    """Globs choose in path and name; names that begin with _ or . are no data; folders below are read."""
    loader.land("x/a.json", {"a": "1"})
    loader.land("x/deep/er/a.json", {"a": "2"})
    loader.land("x/a.tmp", {"a": "no"})
    loader.land("x/_part.json", {"a": "no"})
    loader.land("x/.half.json", {"a": "no"})
    loader.land("y/a.json", {"a": "no"})

    rows = loader.update({**JSON, "pathGlobFilter": "*.json"}, path=f"{loader.landing}/[x]*")

    assert [row["a"] for row in rows] == ["1", "2"]


def test_metadata_is_selected_by_name(loader: Loader) -> None:
    """The hidden column of the file source survives, also where records are parsed from text."""
    path = loader.land("a b.json", {"a": "1", "n": {"x": 1}})
    columns = ["_metadata.file_name", "_metadata.file_size", "_metadata.file_path"]

    plain = loader.run(loader.open(JSON).select(*columns))
    given = Opening({**JSON, "rescuedDataColumn": "_r"}, str(loader.landing), "a STRING", loader.notes.append)
    parsed = open_stream(loader.session, given, loader.root / "other").select(*columns)

    uri = f"file:{loader.landing}/a%20b.json"
    assert plain == [{"file_name": "a%20b.json", "file_size": path.stat().st_size, "file_path": uri}]
    assert parsed.columns == ["file_name", "file_size", "file_path"]


def test_old_files_are_read_too(loader: Loader) -> None:
    """A file moved in with a time of last year is data like any other."""
    loader.land("new.json", {"a": "1"})
    loader.update(JSON)
    old = loader.land("old.json", {"a": "2"})
    os.utime(old, (1_600_000_000, 1_600_000_000))

    assert [row["a"] for row in loader.update(JSON)] == ["2"]


def test_existing_files_are_left_out_on_request(loader: Loader) -> None:
    """With includeExistingFiles off only what lands after the first update is read."""
    options = {**JSON, "cloudFiles.includeExistingFiles": "false"}
    loader.land("1.json", {"a": "1"})
    first = loader.update(options)
    loader.land("2.json", {"a": "2"})

    rows = [row["a"] for row in loader.update(options)]

    assert (first, rows) == ([], ["2"])


def test_a_file_that_changes_after_it_was_read_is_reported(loader: Loader) -> None:
    """It is not read twice, and a note names it."""
    path = loader.land("1.json", {"a": "1"})
    loader.update(JSON)
    loader.land("1.json", {"a": "1"}, {"a": "2"})

    rows = loader.update(JSON)

    assert rows == []
    assert [note.startswith(str(path)) for note in loader.notes] == [True]


def test_a_file_that_lands_while_the_update_starts_is_not_lost(loader: Loader) -> None:
    """The query stops at it, and opening the stream again reads all of it with its new column."""
    loader.land("1.json", {"a": "1"})
    stream = loader.open(JSON)
    late = loader.land("2.json", {"a": "2", "b": "new"})

    with pytest.raises(Exception, match="landed") as failure:
        loader.run(stream)
    explained = explain_failure(failure.value, str(loader.landing))
    rows = loader.update(JSON)

    assert (explained and explained.path, explained and explained.is_restart_enough) == (str(late), True)
    assert [(row["a"], row["b"]) for row in rows] == [("1", None), ("2", "new")]


def test_files_per_trigger_cut_an_update_into_batches(loader: Loader) -> None:
    """maxFilesPerTrigger goes to Spark's file stream."""
    for number in range(3):
        loader.land(f"{number}.json", {"a": str(number)})
    batches: list[int] = []
    query = (
        loader.open({**JSON, "cloudFiles.maxFilesPerTrigger": "1"})
        .writeStream.foreachBatch(lambda batch, _: batches.append(len(batch.collect())))
        .trigger(availableNow=True)
        .option("checkpointLocation", str(loader.root / "checkpoint"))
        .start()
    )
    query.awaitTermination()

    assert batches == [1, 1, 1]


def test_an_empty_folder_without_a_schema_is_an_error(loader: Loader) -> None:
    """There is nothing to infer from, and hints are the way out."""
    with pytest.raises(AutoLoaderError, match="empty") as failure:
        loader.open(JSON)

    assert "schemaHints" in (failure.value.hint or "")


@pytest.mark.parametrize("options", [JSON, CSV, {"cloudFiles.format": "parquet"}])
def test_an_empty_folder_with_hints_is_an_empty_stream(loader: Loader, options: Mapping[str, str]) -> None:
    """The hinted columns are there, and no row."""
    stream = loader.open({**options, "cloudFiles.schemaHints": "id INT"})

    assert (stream.columns, loader.run(stream)) == (["id", "_rescued_data"], [])


def test_a_folder_that_does_not_exist_is_an_error(loader: Loader) -> None:
    """The error carries the path."""
    with pytest.raises(AutoLoaderError, match="does not exist") as failure:
        loader.open(JSON, path=f"{loader.landing}/gone")

    assert failure.value.path == f"{loader.landing}/gone"


def test_a_half_written_archive_is_named(loader: Loader) -> None:
    """A compressed file that ends too early cannot be read line by line."""
    path = loader.landing / "a.json.gz"
    path.write_bytes(gzip.compress(b'{"a": 1}\n' * 10_000)[:60])

    with pytest.raises(AutoLoaderError) as failure:
        loader.open(JSON)

    assert failure.value.path == str(path)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"cloudFiles.fromat": "json", **JSON}, "did you mean cloudFiles.format?"),
        ({**JSON, "cloudFiles.schemaHint": "a INT"}, "did you mean cloudFiles.schemaHints?"),
        ({}, "add .option('cloudFiles.format', ...), one of json, csv, parquet, orc, text, binaryFile"),
        ({"cloudFiles.format": "jsn"}, "did you mean json?"),
        ({"cloudFiles.format": "avro"}, "the local formats are json, csv, parquet, orc, text, binaryFile"),
        ({**JSON, "cloudFiles.schemaEvolutionMode": "addNewColumn"}, "did you mean addNewColumns?"),
        ({**JSON, "cloudFiles.inferColumnTypes": "yes"}, "write true or false"),
        ({**JSON, "cloudFiles.allowOverwrites": "true"}, "write changed data to a new file"),
        ({**JSON, "cloudFiles.schemaHints": "a"}, "write `id BIGINT`"),
        ({**JSON, "cloudFiles.schemaHints": "a BIGINTEGER"}, "write a type such as BIGINT"),
    ],
)
def test_impossible_options_say_the_way_out(loader: Loader, options: Mapping[str, str], expected: str) -> None:
    """A wrong option is an error before anything is read."""
    with pytest.raises(AutoLoaderError) as failure:
        loader.open(options)

    assert failure.value.hint == expected


def test_options_without_effect_are_noted(loader: Loader) -> None:
    """A notebook from elsewhere runs, and says what is different here."""
    loader.land("a.json", {"a": 1})

    loader.open({**JSON, "cloudFiles.schemaLocation": "/somewhere", "cloudFiles.useNotifications": "true"})

    assert loader.notes == [
        "the option cloudFiles.schemaLocation has no effect locally: the schema is kept with the update's state",
        "the option cloudFiles.useNotifications has no effect locally: every update lists the landing folder",
    ]


def test_new_columns_cannot_be_asked_for_beside_a_schema(loader: Loader) -> None:
    """As on Databricks, addNewColumns and a schema cannot be combined."""
    with pytest.raises(AutoLoaderError, match="if a schema is set"):
        loader.open({**JSON, "cloudFiles.schemaEvolutionMode": "addNewColumns"}, "a INT")
