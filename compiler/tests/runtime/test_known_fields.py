"""The quick look at JSON files: whatever it is not certain of, it leaves to Spark."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from pyspark.sql.types import ArrayType, LongType, MapType, StringType, StructField, StructType

from cbx.runtime.auto_loader.listing import LandedFile
from cbx.runtime.auto_loader.schema_inference.known_fields import known_fields

KNOWN = StructType(
    [
        StructField("name", StringType()),
        StructField("id", LongType()),
        StructField("items", ArrayType(StructType([StructField("price", LongType())]))),
    ]
)


def land_file(folder: Path, content: bytes) -> LandedFile:
    path = folder / "landed.json"
    path.write_bytes(content)
    return LandedFile(f"file:{path}", len(content), 0)


@pytest.mark.parametrize(
    ("content", "have_values"),
    [
        (b'{"id": 1, "name": "a", "items": [{"price": 2}]}\n', True),
        (b'{"items": [], "id": 1}\n{"name": "a"}', True),
        (b'{"id": 1}\r\n{"id": 2, "name": null}\r\n', False),
        (b'{"\\u0069d": 1}', False),
    ],
)
def test_known_fields_are_known(tmp_path: Path, content: bytes, have_values: bool) -> None:  # noqa: FBT001 - of the table
    """In alphabetical order, with the types that were known."""
    found = known_fields((land_file(tmp_path, content),), KNOWN, {"maxFilesPerTrigger": "10"})

    assert found is not None
    assert (found.fields.names, found.have_values) == (["id", "items", "name"], have_values)


@pytest.mark.parametrize(
    "content",
    [
        b'{"id": 1, "colour": "red"}',
        b'{"id": 1}\n{"items": [{"price": 1, "vat": 2}]}',
        b'{"ID": 1}',
        b'{"id": "one"}',
        b'{"id": 1.5}',
        b'{"name": 7}',
        b'{"name": {"first": "a"}}',
        b'{"id": 1',
        b'{"id": 1} {"id": 2}\n',
        b'{"id":\n1}\n',
        b'{"id": 1}\n\n{"id": 2}\n',
        b'[{"id": 1}]',
        b"no record",
        b"",
        gzip.compress(b'{"id": 1}', mtime=0),
        b'\xff\xfe{\x00"\x00i\x00d\x00"\x00:\x001\x00}\x00',
    ],
)
def test_what_is_not_certain_is_left_to_spark(tmp_path: Path, content: bytes) -> None:
    """New fields at any depth, other types, and whatever Spark may take otherwise."""
    assert known_fields((land_file(tmp_path, content),), KNOWN, {}) is None


def test_what_cannot_be_compared_is_left_to_spark(tmp_path: Path) -> None:
    """Options that change how records are read, types that Arrow reads from other JSON, files elsewhere."""
    file = land_file(tmp_path, b'{"id": 1}')
    mapped = StructType([*KNOWN.fields, StructField("labels", MapType(StringType(), StringType()))])
    elsewhere = LandedFile("s3a://bucket/landed.json", -1, -1)

    found = [
        known_fields((file,), KNOWN, {"multiLine": "true"}),
        known_fields((file,), mapped, {}),
        known_fields((file,), StructType([]), {}),
        known_fields((file, elsewhere), KNOWN, {}),
    ]
    assert found == [None] * 4
