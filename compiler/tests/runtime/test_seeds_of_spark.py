"""The values of seeds, against those that Spark reads: each is the same value, and equal values are equal."""

from __future__ import annotations

import itertools
import random
import string

import pytest
from pyspark.sql import SparkSession

from cbx.parse.seeds.seed_values import SeedLiteral, read_seed_value

NUMBERS = (
    "0", "-0", "+0", "00", "1", "+1", "-1", "007", "1.", ".5", "-.5", "0.5", "0.50", "1.10", "1.1", "127", "128",
    "-128", "-129", "32767", "32768", "2147483647", "2147483648", "-2147483648", "9223372036854775807",
    "9223372036854775808", "-9223372036854775808", "1e3", "1E3", "1000", "1e-3", "0.001", "1e400", "-1e400", "1e-400",
    "0.1", "0.10000000000000001", "0.30000000000000004", "0.3", "16777216", "16777217", "3.4e38", "3.5e38", "1_000",
    "1,5", " 1", "1 ", "", "1f", "1d", "1L", "0x10", "NaN", "Infinity", "inf", "--1", "1e", "e1", ".", "+", "99.99",
    "99.995", "100.00", "99999999999999999999999999999999999999", "٣", "1.000000000000000000000000000000000000001",
)  # fmt: skip
TIMES = (
    "2024-02-29", "2023-02-29", "2024-2-29", "2024-12-31", "0001-01-01", "9999-12-31", "10000-01-01", "2024-13-01",
    "2024-12-31 23:59", "2024-12-31 23:59:59", "2024-12-31T23:59:59", "2024-12-31T23:59:59.5", "2024-12-31 23:59:59.50",
    "2024-12-31 23:59:59.500000", "2024-12-31 23:59:59.5000001", "2024-12-31 24:00:00", "2024-12-31 23:59:60",
    "2024-12-31T23:59:59Z", "2024-12-31 23:59:59+00:00", "2025-01-01 00:59:59+01:00", "2024-12-31 18:29:59-05:30",
    "2024-12-31T23:59Z", "2024-12-31 23:59:00Z", "2024-12-31 23:59:59z", "2024-12-31 23:59:59 UTC", "now", "epoch",
    "2024-03-31 02:30:00", "2024-03-31 03:30:00", "2024-12-31 23:59:59+19:00", "2024-12-31 23:59:59+18:00", "",
)  # fmt: skip
WORDS = ("true", "TRUE", "True", "false", "t", "yes", "y", "1", "0", "", " true")
TEXTS = (
    "a",
    "A",
    "a ",
    "",
    "it's",
    'say "hi"',
    "\\",
    "\\n",
    "a\nb",
    "\t",
    "{{ x }}",
    "%s",
    "ä",
    "é",
    "e\u0301",
    "NULL",
    "--",
    "/*",
)
KINDS = {
    "BOOLEAN": WORDS,
    **dict.fromkeys(("TINYINT", "SMALLINT", "INT", "BIGINT", "DECIMAL(4, 2)", "DECIMAL(38, 0)"), NUMBERS),
    **dict.fromkeys(("DOUBLE", "FLOAT"), NUMBERS),
    **dict.fromkeys(("DATE", "TIMESTAMP", "TIMESTAMP_NTZ"), TIMES),
    "STRING": TEXTS,
}


def made_up(kind: str) -> list[str]:
    rng = random.Random(kind)
    characters = string.digits + {"STRING": "\\'\"\n{}ab", "BOOLEAN": "truefals"}.get(kind, "+-.eE:TZ ")
    return ["".join(rng.choice(characters) for _ in range(rng.randint(1, 8))) for _ in range(300)]


def read_values(kind: str) -> list[tuple[str, SeedLiteral]]:
    texts = dict.fromkeys((*KINDS[kind], *made_up(kind)))
    read = [(text, read_seed_value(text, kind)) for text in texts]
    return [(text, literal) for text, literal in read if literal is not None]


@pytest.mark.parametrize("kind", KINDS)
def test_a_value_is_what_spark_casts(kind: str, spark: SparkSession) -> None:
    """No literal fails or is rounded, and two of them are equal for Spark exactly if their identities are."""
    values = read_values(kind)
    rows = ", ".join(f"({number}, {literal.sql})" for number, (_, literal) in enumerate(values))
    cast = f"SELECT number, CAST(value AS {kind}) AS value FROM VALUES {rows} AS seed (number, value)"
    groups = spark.sql(f"SELECT collect_list(number), any_value(CAST(value AS STRING)) FROM ({cast}) GROUP BY value")
    by_spark = {frozenset(numbers) for numbers, text in groups.collect() if text is not None}
    identities = sorted(range(len(values)), key=lambda number: repr(values[number][1].identity))
    by_identity: dict[object, set[int]] = {}
    for number in identities:
        by_identity.setdefault(values[number][1].identity, set()).add(number)

    assert len(values) > 1
    assert by_spark == {frozenset(numbers) for numbers in by_identity.values()}


def test_a_text_that_spark_would_round_is_refused() -> None:
    rounded = [
        ("10.005", "DECIMAL(4, 2)"),
        ("1.5", "INT"),
        ("2024-12-31 10:00", "DATE"),
        ("1e39", "FLOAT"),
        ("1e400", "DOUBLE"),
    ]

    assert [text for text, kind in rounded if read_seed_value(text, kind) is not None] == []


def test_texts_are_the_same_texts(spark: SparkSession) -> None:
    values = read_values("STRING")
    rows = ", ".join(f"({number}, {literal.sql})" for number, (_, literal) in enumerate(values))
    found = spark.sql(f"SELECT value FROM VALUES {rows} AS seed (number, value) ORDER BY number").collect()

    assert [text for text, _ in values] == list(itertools.chain.from_iterable(found))
