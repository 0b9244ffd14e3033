"""The verdicts on the natural keys of the 22 TPC-H queries, as the documentation lists them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tpch_tables import RELATIONSHIPS, TABLES

from cbx.analysis.from_sql import read_query
from cbx.analysis.verdicts import judge_key

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "grain.md"
ROW = re.compile(r"^\| (\d+) \| [^|]+ \| ([^|]+) \| (\w+) \|", re.MULTILINE)


def documented() -> list[tuple[int, tuple[str, ...], str]]:
    """The rows of the table in the documentation: the query, its key and the verdict."""
    rows = ROW.findall(PAGE.read_text(encoding="utf-8"))
    return [(int(number), tuple(re.findall(r"`(\w+)`", key)), verdict) for number, key, verdict in rows]


@pytest.mark.parametrize(("number", "key", "verdict"), documented())
def test_verdict_is_as_documented(number: int, key: tuple[str, ...], verdict: str) -> None:
    """Each verdict was worked out by hand from the primary keys alone."""
    query = read_query((HERE / "tpch" / f"q{number:02}.sql").read_text(encoding="utf-8"), TABLES)

    assert query.unknown_columns == ()
    assert type(judge_key(query.relation, key, RELATIONSHIPS)).__name__.lower() == verdict


def test_all_queries_are_documented() -> None:
    """The table has a row for each of the queries."""
    assert [number for number, _, _ in documented()] == list(range(1, 23))
