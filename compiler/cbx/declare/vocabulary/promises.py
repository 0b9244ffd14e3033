"""What a model promises of its table: columns, expectations, data tests and relationships."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, overload

OnViolation = Literal["warn", "fail"]
On = str | Sequence[str] | Mapping[str, str]


def expect(name: str, sql: str) -> Any:
    """Count the rows that violate a condition, and keep them."""
    return ("expect", name)


def expect_or_drop(name: str, sql: str) -> Any:
    """Drop the rows that violate a condition."""
    return ("expect_or_drop", name)


def expect_or_fail(name: str, sql: str) -> Any:
    """Fail the update of the table if a row violates a condition."""
    return ("expect_or_fail", name)


def accepted_values(column: str, values: Sequence[Any], *, enforce: OnViolation = "warn") -> Any:
    """Test that a column has only these values; NULL is accepted.

    Args:
        column: The column.
        values: Texts, numbers or booleans.
        enforce: Whether another value warns or fails.
    """
    return ("accepted_values", column)


def not_null(column: str, *, at_least: float = 1, enforce: OnViolation = "warn") -> Any:
    """Test that a share of the rows, by default all of them, have a value in a column.

    Args:
        column: The column.
        at_least: The share: 0.95 for 95 % of the rows.
        enforce: Whether more NULLs warn or fail.
    """
    return ("not_null", column)


def row_count(*, at_least: int | None = None, at_most: int | None = None, enforce: OnViolation = "warn") -> Any:
    """Test that a table has so many rows.

    Args:
        at_least: The smallest number of rows.
        at_most: The largest number of rows.
        enforce: Whether another number warns or fails.
    """
    return ("row_count", at_least, at_most)


def freshness(column: str, within: str, *, source: str | None = None, enforce: OnViolation = "warn") -> Any:
    """Test that the newest time in a column is not too long ago.

    Args:
        column: A column with times or dates.
        within: The longest time, such as ``"1 day"`` or ``"36 hours"``.
        source: A table that the model reads with `source` or `stream_source`, to test instead of the model.
        enforce: Whether an older table warns or fails.
    """
    return ("freshness", column)


def no_rows(sql: str, *, name: str | None = None, enforce: OnViolation = "warn") -> Any:
    """Test that a query returns no rows.

    Args:
        sql: The query, which reads the table as ``{{ this }}``, models with `ref` and other tables with `source`.
        name: What the test is called.
        enforce: Whether rows warn or fail.
    """
    return ("no_rows", sql)


@overload
def one_to_one(model: str, on: On, *, enforce: OnViolation = "warn") -> Any: ...
@overload
def one_to_one(project: str, model: str, /, on: On, *, enforce: OnViolation = "warn") -> Any: ...
def one_to_one(*names: Any, model: str = "", on: On = "", enforce: OnViolation = "warn") -> Any:
    """Declare that each row belongs to one row of the parent, and no two rows to the same.

    Args:
        names: The parent: a model, or a table of another project, ``one_to_one("crm", "silver.customers", on="id")``.
        model: The parent, by name.
        on: The columns, with the same names on both sides; a dict maps the columns of this model to the parent's.
        enforce: Whether a row without a parent warns or fails.
    """
    return ("one_to_one", *names, *filter(None, [model]))


def one_to_many(model: str, on: On, *, enforce: OnViolation = "warn") -> Any:
    """Declare that each row may have many rows of the child; a dict maps the child's columns to those of this model."""
    return ("one_to_many", model)


@overload
def many_to_one(model: str, on: On, *, enforce: OnViolation = "warn") -> Any: ...
@overload
def many_to_one(project: str, model: str, /, on: On, *, enforce: OnViolation = "warn") -> Any: ...
def many_to_one(*names: Any, model: str = "", on: On = "", enforce: OnViolation = "warn") -> Any:
    """Declare that many rows may belong to one row of the parent; a dict maps columns of this model to the parent's.

    The parent is a model, or a table of another project: ``many_to_one("crm", "silver.customers", on="customer_id")``.
    """
    return ("many_to_one", *names, *filter(None, [model]))


def column(
    type: str,  # noqa: A002 - positional as in SQL
    description: str | None = None,
    not_null: bool = False,  # noqa: FBT001, FBT002 - positional as in SQL
    measure: Literal["total", "rate"] | None = None,
    mask: str | None = None,
    tags: Mapping[str, str] | None = None,
) -> Any:
    """Declare a column with more than its type.

    Args:
        type: Its SQL type.
        description: What it holds.
        not_null: Whether it is never NULL.
        measure: ``total`` for a number that belongs to a row as a whole, so that summing it over repeated rows is an
            error; ``rate`` for a number per unit, for which summing over repeated rows is meant.
        mask: The function that hides its values, and its further columns: ``security.mask_email USING COLUMNS
            (country)``.
        tags: Tags of the column in Unity Catalog, which `cbx deploy` sets.
    """
    return ("column", type)
