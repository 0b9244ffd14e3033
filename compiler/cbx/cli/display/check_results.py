"""Describes the results of the checks that the compiler writes."""

from __future__ import annotations

_KEY, _RELATIONSHIP, _MEASURE = "key_is_unique", "parent_exists", "row_counts_once"
"""The expectations of the checks that the compiler writes."""

_DATA_TESTS = {
    "accepted_values": "{failed} of {total} values {are} not accepted",
    "not_null": "too many rows have no value",
    "row_count": "the number of rows is not allowed",
    "freshness": "the newest row is too old, or there is none",
    "no_rows": "{failed} {rows}, where none is expected",
}
"""The violations of data tests, by the expectations of their checks."""


def describe_violations(expectation: str, failed: int, total: int) -> str:
    """The violations of a check in words.

    Args:
        expectation: The name of the check's expectation.
        failed: How many rows, or keys, violate it.
        total: How many there are.

    Example:
        ``1 of 13 rows has no parent``
    """
    if expectation == _RELATIONSHIP:
        return f"{failed:,} of {total:,} rows {'has' if failed == 1 else 'have'} no parent"
    if expectation == _KEY:
        return f"{failed:,} of {total:,} keys {'is' if failed == 1 else 'are'} not unique"
    if expectation == _MEASURE:
        return f"{failed:,} of {total:,} rows {'is' if failed == 1 else 'are'} counted several times"
    if expectation in _DATA_TESTS:
        are, rows = ("is", "row") if failed == 1 else ("are", "rows")
        return _DATA_TESTS[expectation].format(failed=f"{failed:,}", total=f"{total:,}", are=are, rows=rows)
    return f"{failed:,} of {total:,} rows {'violates' if failed == 1 else 'violate'} `{expectation}`"
