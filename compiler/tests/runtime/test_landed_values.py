"""Values in landing files: without Spark they get the value and the type that Spark gives them, or are left to it.

``CBX_LANDED_VALUES`` says how many random ones.
"""

from __future__ import annotations

import json
import os
import random
import re
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from cbx.runtime.auto_loader.schemas import read_ddl
from cbx.runtime.landing_files.arrow_types import arrow_type
from cbx.runtime.landing_files.csv import csv_types, csv_values
from cbx.runtime.landing_files.errors import MisfitError, NeedsSparkError
from cbx.runtime.landing_files.json import json_values
from cbx.runtime.landing_files.json.json_text import MalformedRecordError, parse_record
from cbx.runtime.landing_files.json.json_values import PartialError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pyspark.sql import SparkSession

VALUES = int(os.environ.get("CBX_LANDED_VALUES", "1000"))
FLAT_TYPES = (
    *("BIGINT", "INT", "SMALLINT", "DOUBLE", "DECIMAL(10, 2)", "DECIMAL(38, 0)"),
    *("BOOLEAN", "DATE", "TIMESTAMP", "STRING"),
)
NESTED_TYPES = (
    *("ARRAY<BIGINT>", "STRUCT<a: BIGINT, b: STRING>", "MAP<STRING, DOUBLE>", "ARRAY<STRUCT<a: INT, b: STRING>>"),
    *("ARRAY<STRING>", "MAP<STRING, STRUCT<a: BIGINT>>"),
)
SEEDS = (
    """
2024-01-31|2024-01-31T10:20:30|2024-01-31 10:20:30.123456Z|1999-12-31T23:59:59+02:00|10:20|T10|2024|2024-1|2024-02-30
0000-01-01|10000-01-01|2024-01-31T24:00:00|2024-01-31 10|2024-01-31 10:20|2024-01-31T1:2:3-5:30|1970-01-01 00:00:00 UTC
12|-5|+7|1.5|.5|5.|1e5|1E-3|1e5000|.5e-5000|0e+00000000005|1,000.50|NaN|Inf|-Inf|Infinity|-Infinity|+INF|0x1F|1d|2f|99999999999999999999|2147483648|007
9223372036854775807|-9223372036854775808|32768|1.005|0.1|-0.0|-0|123456789012.345|99999999.995
true|FALSE|True|12 Main St|3rd|n/a|null|UTC|GMT|Z|T|-|+|.|\u0661\u0662|caf\u00e9|2024-01-31 10:20:30 Europe/Rome
""".replace("\n", "|")
    .strip("|")
    .split("|")
)
EDITS = "0123456789-+:. TZe,xEdf/"
NUMBERS = (
    """
0|-0|-1|7|1.50|1.0|-0.0|1e5|1E-7|123456789.125|9223372036854775808|2147483648|32768|40000|-129|0.1|1e400|1e-400|1.005|1e5000|-1.5E-5000|0e5000|0.0e-99999
12345678901234567890123456789012345678|1111111111111111111111111111111111111111|99999999.995|99999999.994|5e-324
""".replace("\n", "|")
    .strip("|")
    .split("|")
)
OTHERS = (
    """
true|false|null|[]|{}|[1]|["x"]|{"a": 1}|{"a": "x", "b": 2}|[{"a": 1, "b": "x"}]|[[1]]|{"a": 1, "b": {"c": [1, null]}}
[null, 2]|[{"a": 1.5}, 3]|{"k": 1.5, "l": 2}|[{"a": "x"}, {"b": 1}]|{"k": {"a": 1}, "l": {"a": "x"}}|{"k": "NaN"}|""
""".replace("\n", "|")
    .strip("|")
    .split("|")
)


def draw_texts() -> list[str]:
    """Texts that are near to numbers, dates and timestamps."""
    rng = random.Random(7)
    texts = list(SEEDS)
    while len(texts) < VALUES:
        text = list(rng.choice(SEEDS))
        for _ in range(rng.randint(1, 3)):
            place = rng.randint(0, len(text))
            text[place : place + rng.randint(0, 1)] = rng.choice(("", rng.choice(EDITS), rng.choice(EDITS)))
        texts.append("".join(text))
    # Spark expands a decimal such as 1e99999999 to all its digits.
    return [text for text in dict.fromkeys(texts) if not re.search(r"[eE][+-]?[0-9]{6}", text)]


def convert(value: Any, kind: Any, converter: Callable[[Any], Any]) -> tuple[bool, Any]:
    """Whether the value is certain, and the value as Arrow shows it."""
    try:
        found = converter(value)
    except MisfitError:
        found = None
    except PartialError as partial:
        found = partial.value
    except NeedsSparkError:
        return False, None
    if value is None:
        return False, None
    return True, list_values(pa.array([found], arrow_type(kind)))[0]


def list_values(column: Any) -> list[str]:
    """The values of a column as texts; dates and timestamps as numbers, since Python has no year 10000."""
    counted = {pa.date32(): pa.int32(), pa.timestamp("us", tz="UTC"): pa.int64()}
    return list(map(repr, column.cast(counted.get(column.type, column.type)).to_pylist()))


def test_csv_values(spark: SparkSession, tmp_path: Path) -> None:
    """Each text, as a value of a CSV file, in columns of each type."""
    texts = [text for text in draw_texts() if text]
    (tmp_path / "values.csv").write_text(
        "\n".join("|".join([text] * len(FLAT_TYPES)) for text in texts), encoding="utf-8"
    )
    columns = ", ".join(f"c{place} {ddl}" for place, ddl in enumerate(FLAT_TYPES))
    reader = spark.read.options(sep="|", quote=chr(2)).schema(columns)
    expected = reader.csv(str(tmp_path / "values.csv")).toArrow().columns
    wrong, count = {}, 0

    for ddl, column in zip(FLAT_TYPES, expected, strict=True):
        kind = read_ddl(f"v {ddl}")[0].dataType
        for text, value in zip(texts, list_values(column), strict=True):
            is_sure, found = convert(text, kind, csv_values.make_converter(kind))
            count += is_sure
            if is_sure and found != value:
                wrong[ddl, text] = (found, value)

    assert wrong == {}
    assert count > len(texts) * len(FLAT_TYPES) * 0.8


def test_json_values(spark: SparkSession, tmp_path: Path) -> None:
    """Each text, number, object and array, as the value of a field of a JSON file, in columns of each type."""
    spelled = [json.dumps(text, ensure_ascii=False) for text in draw_texts()] + [*NUMBERS, *OTHERS]
    kinds = (*FLAT_TYPES, *NESTED_TYPES)
    lines = [
        f"{{{', '.join(f'{chr(34)}c{place}{chr(34)}: {text}' for place in range(len(kinds)))}}}" for text in spelled
    ]
    (tmp_path / "values.json").write_text("\n".join(lines), encoding="utf-8")
    columns = ", ".join(f"c{place} {ddl}" for place, ddl in enumerate(kinds))
    expected = spark.read.schema(columns).json(str(tmp_path / "values.json")).toArrow().columns
    wrong, count = {}, 0

    for place, (ddl, column) in enumerate(zip(kinds, expected, strict=True)):
        kind = read_ddl(f"v {ddl}")[0].dataType
        converter = json_values.make_converter(kind, is_exact=True)
        for line, text, value in zip(lines, spelled, list_values(column), strict=True):
            is_sure, found = convert(parse_field(line, f"c{place}"), kind, converter)
            count += is_sure
            if is_sure and found != value:
                wrong[ddl, text] = (found, value)

    assert wrong == {}
    assert count > len(lines) * len(kinds) * 0.8


def parse_field(line: str, name: str) -> Any:
    """The value of a field; one that is not certain has no value."""
    try:
        return parse_record(line, is_exact=True)[name]
    except (NeedsSparkError, MalformedRecordError):
        return None


def test_csv_types(spark: SparkSession, tmp_path: Path) -> None:
    """The type that Spark infers for a column with this single value."""
    texts = [text for text in draw_texts() if text]
    path = tmp_path / "values.csv"
    path.write_text("|".join(texts) + "\n", encoding="utf-8")
    schema = spark.read.options(sep="|", quote="\u0002", inferSchema="true").csv(str(path)).schema
    expected = {text: field.dataType.simpleString() for text, field in zip(texts, schema.fields, strict=True)}

    found = {}
    for text in texts:
        try:
            found[text] = csv_types.infer_csv_type([text]).simpleString()
        except NeedsSparkError:
            continue

    assert {text: (kind, expected[text]) for text, kind in found.items() if kind != expected[text]} == {}
    assert len(found) > len(texts) * 0.5
