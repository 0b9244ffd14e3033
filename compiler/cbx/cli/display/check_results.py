"""Describes the results of the checks that the compiler writes."""

from __future__ import annotations

_KEY, _RELATIONSHIP, _MEASURE = "key_is_unique", "parent_exists", "row_counts_once"
"""The expectations of the checks that the compiler writes."""


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
    return f"{failed:,} of {total:,} rows {'violates' if failed == 1 else 'violate'} `{expectation}`"
