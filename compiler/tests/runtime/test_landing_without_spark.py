"""What is read without Spark, and what is left to it."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from cbx.runtime.auto_loader import AutoLoaderError
from cbx.runtime.auto_loader.state import LoaderState
from cbx.runtime.landing_files import NeedsSparkError, NewRows, Opening, find_unsupported, read_new_files

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

JSON = {"cloudFiles.format": "json"}
TYPED_JSON = {**JSON, "cloudFiles.inferColumnTypes": "true"}
CSV = {"cloudFiles.format": "csv"}


def read(folder: Path, options: Mapping[str, str], state: LoaderState | None = None, *passed: str) -> NewRows:
    opening = Opening(options, str(folder), None, lambda _: None)
    return read_new_files(opening, passed, state or LoaderState())


@pytest.mark.parametrize(
    ("options", "schema", "reason"),
    [
        (JSON, None, None),
        ({**CSV, "sep": ";", "header": "true"}, "id INT, name STRING", None),
        ({"cloudFiles.format": "text"}, None, None),
        ({"cloudFiles.format": "parquet"}, None, None),
        ({**JSON, "dateFormat": "dd.MM.yyyy"}, None, "the option dateFormat"),
        ({**JSON, "readerCaseSensitive": "false"}, None, "the option readerCaseSensitive"),
        ({**JSON, "cloudFiles.schemaHints": "a FLOAT"}, None, "the type float"),
        ({**CSV, "escape": "|"}, None, "the CSV dialect with separator ',', quote '\"' and escape '|'"),
        (JSON, "a INTERVAL DAY", "the schema a INTERVAL DAY"),
        ({**JSON, "cloudFiles.schemaHints": "a TIMESTAMP_NTZ"}, None, "the schema hints a TIMESTAMP_NTZ"),
        ({**JSON, "cloudFiles.schemaHints": "a INT, b"}, None, None),
        ({**JSON, "cloudFiles.schemaEvolutionMode": "no such mode"}, None, None),
    ],
)
def test_what_only_spark_reads_is_known_before(options: dict[str, str], schema: str | None, reason: str | None) -> None:
    """An invalid option is no reason: reading raises its error."""
    assert find_unsupported(options, schema) == reason


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{"a": 1, "a": 2}', "a JSON object has a repeated or empty field name"),
        (b"{'a': 1}", "a JSON text has single quotes, or characters that are not allowed"),
        (b'[{"a": 1}]', "a JSON record is an array, or begins with a byte order mark"),
        (b'{"a": 1} {"a": 2}', "a JSON record is followed by other text"),
        (b'{"a": {"b": tru}}', "a JSON record is malformed inside a nested value"),
        (b'{"a": NaN}', "a JSON record has the value NaN"),
    ],
)
def test_what_is_not_certain_is_left_to_spark(tmp_path: Path, content: bytes, reason: str) -> None:
    """Records that Spark reads in a way of its own."""
    (tmp_path / "a.json").write_bytes(content)

    with pytest.raises(NeedsSparkError) as refused:
        read(tmp_path, JSON)

    assert refused.value.reason == reason


def test_only_new_files_are_read(tmp_path: Path) -> None:
    """The position is the files that were read; the state has the columns."""
    (tmp_path / "1.json").write_text('{"b": 1}\n')
    first = read(tmp_path, TYPED_JSON)
    (tmp_path / "2.json").write_text('{"a": "x", "b": "y"}\n')

    second = read(tmp_path, TYPED_JSON, first.state, *(file.uri for file in first.files))

    uri = f"file:{tmp_path}/2.json"
    assert first.table.to_pylist() == [{"b": 1, "_rescued_data": None}]
    assert second.table.to_pylist() == [
        {"b": None, "a": "x", "_rescued_data": f'{{"b":"y","_file_path":"{uri}"}}'},
    ]
    assert [file.uri for file in second.files] == [uri]


def test_errors_are_those_of_auto_loader(tmp_path: Path) -> None:
    """With the path and the hint."""
    (tmp_path / "a.json").write_text("no json\n")

    with pytest.raises(AutoLoaderError, match="malformed") as failure:
        read(tmp_path, {**JSON, "mode": "FAILFAST", "cloudFiles.schemaHints": "a INT"})
    with pytest.raises(AutoLoaderError, match="does not exist"):
        read(tmp_path / "gone", JSON)

    assert failure.value.path == str(tmp_path / "a.json")


def test_an_archive_that_is_cut_is_left_to_spark(tmp_path: Path) -> None:
    """Spark names the file."""
    (tmp_path / "a.json.gz").write_bytes(gzip.compress(b'{"a": 1}\n' * 1000)[:40])

    with pytest.raises(NeedsSparkError, match="cannot be decompressed"):
        read(tmp_path, JSON)


def test_large_files_are_the_same_with_arrow(tmp_path: Path) -> None:
    """A single value that does not fit makes the file read record by record."""
    lines = [f'{{"id": {number}, "at": "2024-01-31 10:00:00", "l": [{{"p": 1.5}}]}}' for number in range(10_000)]
    hints = {**TYPED_JSON, "cloudFiles.schemaHints": "at TIMESTAMP"}
    (tmp_path / "a.json").write_text("\n".join(lines))
    whole = read(tmp_path, hints).table
    (tmp_path / "a.json").write_text("\n".join([*lines, '{"id": "x"}']))

    records = read(tmp_path, {**hints, "cloudFiles.schemaHints": "at TIMESTAMP, id BIGINT"}).table

    assert records.num_rows == 10_001
    assert records["_rescued_data"].null_count == 10_000
    assert records.slice(0, 10_000).select(whole.column_names).to_pylist() == whole.to_pylist()
