"""The normal form of types: what is one type, and what is none."""

from __future__ import annotations

import pytest

from cbx.parse.databricks_sql.types import is_same_type, normal_type

SPELLINGS = (
    ("dec", "DECIMAL(10, 0)"),
    ("Numeric( 12 )", "DECIMAL(12, 0)"),
    ("long", "BIGINT"),
    ("real", "FLOAT"),
    ("character(3)", "STRING"),
    ("TIMESTAMP_LTZ", "TIMESTAMP"),
    ("timestamp with local time zone", "TIMESTAMP"),
    ("TIMESTAMP WITHOUT TIME ZONE", "TIMESTAMP_NTZ"),
    ("time", "TIME(6)"),
    ("interval hour to second", "INTERVAL HOUR TO SECOND"),
    ("string collate utf8_binary", "STRING"),
    ("string collate system.builtin.`unicode_ci`", "STRING COLLATE UNICODE_CI"),
    ("geometry(any)", "GEOMETRY(ANY)"),
    ("map<short,array<byte>>", "MAP<SMALLINT, ARRAY<TINYINT>>"),
    ("struct<>", "STRUCT<>"),
    ("struct<`order`: int not null comment 'it''s', Select dec>", "STRUCT<order: INT, Select: DECIMAL(10, 0)>"),
    ("STRUCT<`a b`: INT>", "STRUCT<`a b`: INT>"),
)
NO_TYPES = (
    "", "text", "INT(4)", "DECIMAL(39)", "DECIMAL(2, 3)", "DECIMAL(1, 0, 0)", "VARCHAR", "ARRAY", "ARRAY<INT", "INT>",
    "INT -- id", "INT; INT", "STRUCT<a>", "STRUCT<a: INT,>", "STRUCT<a-b: INT>", "MAP<INT>", "INTERVAL SECOND TO DAY",
    "INT NOT NULL", "'INT'", "`INT`", "STRING COLLATE",
)  # fmt: skip


@pytest.mark.parametrize(("written", "expected"), SPELLINGS)
def test_spelling(written: str, expected: str) -> None:
    """A type in any spelling has one normal form, which is its own normal form."""
    assert (normal_type(written), normal_type(expected)) == (expected, expected)


@pytest.mark.parametrize("written", NO_TYPES)
def test_no_type(written: str) -> None:
    """What Databricks would refuse is no type."""
    assert normal_type(written) is None


def test_the_case_of_fields_makes_no_other_type() -> None:
    """The names of fields are kept as written, and compared without regard to case."""
    written, other = "STRUCT<userId: INT>", "struct<USERID int>"

    assert is_same_type(written, other)
    assert normal_type(written) == written
    assert not is_same_type(written, "STRUCT<userId: BIGINT>")
    assert not is_same_type("no type", "NO TYPE")
