"""Searching a text takes time as long as the text is: no pattern looks for the same end again and again."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timezone

import pytest

from cbx.diagnostics.diagnostic import did_you_mean
from cbx.runtime.failures import reason_of
from cbx.runtime.sql.table_names import rewrite_table_names
from cbx.testing.rows.text_tables import read_text_table
from cbx.testing.run.frozen_clock import freeze_text

NOON = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)
ALIKE = frozenset(f"silver.{'a' * 100}{number:05}{'a' * 90}" for number in range(10_000))

SEARCHES: dict[str, Callable[[], object]] = {
    "an error of white space": lambda: reason_of(RuntimeError("a" + " " * 300_000 + "a")),
    "an error of many lines": lambda: reason_of(RuntimeError("a" + "\n" * 300_000 + "a")),
    "a table of dashes": lambda: read_text_table("a\n" + "-" * 100_000 + "x", "given"),
    "quotes that are never closed": lambda: freeze_text("'\\" * 100_000, NOON),
    "comments that are never closed": lambda: freeze_text("/*/" * 100_000, NOON),
    "names of the time": lambda: freeze_text("current_date, " * 20_000, NOON),
    "many tables of a text that does not parse": lambda: rewrite_table_names(
        "SELECT ((( FROM a, STREAM(b) JOIN c " * 5_000, replacement
    ),
    "many tables": lambda: rewrite_table_names("SELECT 1 FROM a.b" + ", STREAM(a.b)" * 3_000, replacement),
    "nested brackets": lambda: rewrite_table_names(
        "SELECT " + "(" * 20_000 + "1" + ")" * 20_000 + " FROM a.b", replacement
    ),
    "long names that are all alike": lambda: [did_you_mean(f"b{name}", ALIKE) for name in sorted(ALIKE)],
    "a name that has no end": lambda: did_you_mean("a" * 1_000_000, ALIKE),
}


def replacement(*_: object) -> str:
    return "view_1"


@pytest.mark.parametrize("search", SEARCHES.values(), ids=SEARCHES.keys())
def test_a_text_is_searched_soon(search: Callable[[], object]) -> None:
    """However long it is and however much of it is the same: seconds of the processor's time, not hours."""
    started = time.process_time()
    search()

    assert time.process_time() - started < 8


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("silver.odrers_00123", "silver.orders_00123"),
        ("silver.orders_0012", "silver.orders_00120"),
        ("Silver.Orders_00042", "silver.orders_00042"),
        ("slver.ordrs_09999", "silver.orders_09999"),
        ("bronze.customers", None),
        ("", None),
    ],
)
def test_of_many_names_a_near_one_is_found(word: str, expected: str | None) -> None:
    """By how it begins or ends, since ten thousand cannot all be compared for each mistake."""
    names = frozenset(f"silver.orders_{number:05}" for number in range(10_000))

    assert did_you_mean(word, names) == (expected and f"did you mean `{expected}`?")
