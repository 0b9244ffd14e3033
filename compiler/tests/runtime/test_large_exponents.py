"""Numbers with a large exponent in DECIMAL columns, for which Spark would take minutes."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from cbx.runtime.auto_loader import AutoLoaderError
from cbx.runtime.auto_loader.listing import file_uri
from cbx.runtime.auto_loader.options import read_options
from cbx.runtime.auto_loader.readers.large_exponents import refuse_large_exponents
from cbx.runtime.auto_loader.readers.source import LandingSource
from cbx.runtime.auto_loader.simple_ddl import read_simple_ddl
from compiler.tests.runtime.pipelines import Pipeline, problems

COLUMNS = "id STRING, x DECIMAL(10, 2), s STRUCT<d: DECIMAL(5, 1)>, l ARRAY<DECIMAL(5, 1)>"
NUMBER = "1e99999999"


def is_refused(path: Path, file_format: str, columns: str = COLUMNS, **options: str) -> bool:
    uri, schema, no_session = file_uri(str(path)), read_simple_ddl(columns), None
    assert schema is not None
    checked = read_options({"cloudFiles.format": file_format, **options})
    headers = {uri: ("id", "x")} if file_format == "csv" else {}
    folder = str(path.parent)
    source: Any = LandingSource(no_session, checked, folder, schema, schema, (uri,), headers, True, False, True)
    try:
        refuse_large_exponents(source)
    except AutoLoaderError as error:
        return error.path == str(path)
    return False


@pytest.mark.parametrize(
    "text",
    [
        f'{{"id": "a", "x": {NUMBER}}}',
        f'{{"x": 1}}\n{{"X": "-{NUMBER}"}}\n',
        f'{{"x": 1.5E-{"9" * 8}}}',
        f'{{"s": {{"d": {NUMBER}}}}}',
        f'{{"l": [1, {NUMBER}]}}',
        f'[{{"x": 1}}, {{"x": {NUMBER}}}]',
        f'{{"x": {NUMBER}',
    ],
)
def test_a_large_exponent_in_json_is_found(tmp_path: Path, text: str) -> None:
    """In any spelling of the column, as a number or a text, inside of others, and in a record that is cut."""
    plain, packed = tmp_path / "a.json", tmp_path / "b.json.gz"
    plain.write_text(text)
    packed.write_bytes(gzip.compress(text.encode()))

    assert is_refused(plain, "json")
    assert is_refused(packed, "json")
    assert not is_refused(plain, "json", "id STRING, x DOUBLE")


@pytest.mark.parametrize(
    "text",
    [
        '{"id": "12e1234567", "x": 1.5}',
        f'{{"id": "{NUMBER}", "x": 1}}',
        f'{{"other": {NUMBER}, "x": 1}}',
        '{"x": 1e999}',
        f'{{"x": "{NUMBER} dollars"}}',
    ],
)
def test_other_numbers_and_texts_are_read(tmp_path: Path, text: str) -> None:
    """Such as the hexadecimal digits of an identifier."""
    (tmp_path / "a.json").write_text(text)

    assert not is_refused(tmp_path / "a.json", "json")


def test_a_large_exponent_in_csv_is_found_by_its_column(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(f'id,x\n"a,b","{NUMBER}"\n')
    (tmp_path / "semicolons.csv").write_text(f"id;x\na;{NUMBER}\n")
    (tmp_path / "id.csv").write_text(f"id,x\n{NUMBER},1\n")

    assert is_refused(tmp_path / "x.csv", "csv", header="true")
    assert is_refused(tmp_path / "semicolons.csv", "csv", header="true", sep=";")
    assert not is_refused(tmp_path / "id.csv", "csv", header="true")


def test_a_large_number_keeps_no_update_waiting(pipeline: Pipeline) -> None:
    """Spark names the file; Sail rescues the number, as Spark does after some minutes."""
    pipeline.notebook("""
        import dlt

        @dlt.table
        def t():
            files = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
            return files.option("cloudFiles.schemaHints", "id STRING, x DECIMAL(10, 2)").load("landing")
    """)
    pipeline.land("1.json", '{"id": "12e1234567", "x": 1.5}')
    pipeline.succeed()
    file = pipeline.land("2.json", f'{{"id": "b", "x": {NUMBER}}}')
    found = problems(pipeline.run())

    if pipeline.engine == "spark":
        assert [problem.message.partition(": ")[0] for problem in found] == [str(file)]
        assert [problem.code.id for problem in found] == ["CBX508"]
    else:
        assert found == []
        assert [(row[0], str(row[1])) for row in pipeline.rows("t")] == [("12e1234567", "1.50"), ("b", "None")]
