"""Types as cbx spells them, against Spark's own parser."""

from __future__ import annotations

import os
import random

import pytest
from pyspark.errors import PySparkException
from pyspark.sql.types import (
    ArrayType,
    CharType,
    DataType,
    MapType,
    StringType,
    StructField,
    StructType,
    VarcharType,
)

from cbx.analysis.types.cast_types import cast_type
from cbx.parse.databricks_sql.dialect import read_sql
from cbx.parse.databricks_sql.types import is_same_type, normal_type
from cbx.runtime.auto_loader.simple_ddl import read_simple_ddl

SPELLINGS = int(os.environ.get("SPELLINGS_OF_SPARK", "500"))
"""How many random types are spelled; `make soak` spells more."""

NAMES = (
    "INT", "INTEGER", "BIGINT", "LONG", "SMALLINT", "SHORT", "TINYINT", "BYTE", "FLOAT", "REAL", "DOUBLE", "DEC",
    "DECIMAL", "NUMERIC", "DEC(5)", "DECIMAL(5,0)", "NUMERIC(12)", "DECIMAL( 12 , 0 )", "DECIMAL(12,2)", "STRING",
    "CHAR(3)", "CHARACTER(3)", "VARCHAR(9)", "BINARY", "BOOLEAN", "DATE", "TIMESTAMP", "TIMESTAMP_LTZ",
    "TIMESTAMP_NTZ", "TIMESTAMP WITH LOCAL TIME ZONE", "VARIANT", "VOID", "STRING COLLATE UTF8_LCASE",
    "STRING COLLATE utf8_lcase", "STRING COLLATE UTF8_BINARY", "STRING COLLATE UNICODE", "INTERVAL YEAR",
    "INTERVAL YEAR TO MONTH", "INTERVAL DAY TO SECOND", "INTERVAL", "TIME", "TIME(6)", "TIME(2)", "GEOMETRY(4326)",
    "GEOGRAPHY(ANY)", "TEXT", "BOOL", "DATETIME", "INT(4)", "VARCHAR", "UUID", "INTERVAL YEARS", "DECIMAL(39)",
)  # fmt: skip
FIELDS = ("a", "A", "`a`", "date", "select", "`a b`", "_1", "`1`")


def spelling(choose: random.Random, depth: int = 0) -> str:
    """A type, spelled in one of its ways, or what is almost one."""
    if depth == 3 or choose.random() < 0.5:
        name = choose.choice(NAMES)
        return choose.choice((name, name.lower() if "`" not in name else name))
    inner = [spelling(choose, depth + 1) for _ in range(choose.randint(1, 3))]
    if len(inner) == 1:
        return f"ARRAY<{inner[0]}>"
    if len(inner) == 2 and choose.random() < 0.5:
        return f"map < {inner[0]},{inner[1]} >"
    endings = ("", " NOT NULL", " COMMENT 'of it'", ' NOT NULL COMMENT "x"')
    names = choose.sample(FIELDS[2:], len(inner))
    fields = [
        f"{name}{choose.choice((': ', ' '))}{kind}{choose.choice(endings)}"
        for name, kind in zip(names, inner, strict=True)
    ]
    return f"STRUCT<{', '.join(fields)}>"


def spark_type(written: str) -> DataType | None:
    """The type as Spark reads it, without what does not make another; None where it refuses."""
    try:
        found = StructType.fromDDL(f"x {written}").fields[0].dataType
    except (PySparkException, ValueError):
        return None
    return bare(found)


def bare(kind: DataType) -> DataType:
    match kind:
        case ArrayType():
            return ArrayType(bare(kind.elementType))
        case MapType():
            return MapType(bare(kind.keyType), bare(kind.valueType))
        case StructType():
            return StructType([StructField(field.name.lower(), bare(field.dataType)) for field in kind.fields])
        case CharType() | VarcharType():
            return StringType()
        case _:
            return kind


@pytest.mark.usefixtures("spark")
def test_two_spellings_are_one_type_where_spark_says_so() -> None:
    """Random spellings: Spark refuses what has no normal form, and equal types are those with equal normal forms."""
    choose = random.Random(14)
    written = list(dict.fromkeys([*NAMES, *FIELDS, *(spelling(choose) for _ in range(SPELLINGS))]))
    known = {name: spark_type(name) for name in written}
    refused = {name for name, kind in known.items() if kind is None}
    by_type: dict[str, list[str]] = {}
    for name in written:
        if name not in refused:
            by_type.setdefault(known[name].json(), []).append(name)
    firsts = [group[0] for group in by_type.values()]
    several = [group for group in by_type.values() if len(group) > 1]

    assert {name for name in written if normal_type(name) is None} == refused
    assert len(several) > 20
    assert [name for group in several for name in group if not is_same_type(group[0], name)] == []
    assert len({(normal_type(name) or "").lower() for name in firsts}) == len(firsts)


@pytest.mark.usefixtures("spark")
def test_columns_that_are_read_without_spark_are_those_of_spark() -> None:
    """Random columns, and names that Spark refuses without backticks."""
    choose = random.Random(15)
    edges = [f"{name} INT, b STRUCT<{name}: INT>" for name in ("1", "1e5", "é", "`é`", "`1`", "`a``b`", "a.b", "``")]
    drawn = [f"{choose.choice(FIELDS)} {spelling(choose)}, c: {spelling(choose)}" for _ in range(SPELLINGS)]
    read = {text: columns for text in (*edges, *drawn) if (columns := read_simple_ddl(text)) is not None}

    assert [text for text, columns in read.items() if StructType([*StructType.fromDDL(text)]) != columns] == []  # type: ignore[misc]
    assert len(read) > SPELLINGS // 20


@pytest.mark.parametrize("written", [name for name in NAMES if normal_type(name) and name != "GEOGRAPHY(ANY)"])
def test_a_cast_names_the_same_type(written: str) -> None:
    """The type of a cast, read from the tree of a query, is that of its text; nested in each other type, too."""
    for around in ("{}", "ARRAY<{}>", "MAP<STRING, {}>", "STRUCT<a: {} NOT NULL>", "STRUCT<`a b`: ARRAY<{}>>"):
        whole = around.format(written)
        (tree,) = read_sql(f"CAST(x AS {whole})")

        assert tree is not None
        assert cast_type(tree.args["to"]) == normal_type(whole)
