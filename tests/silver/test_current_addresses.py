"""Tests of `silver.current_addresses`."""

from cbx.testing import assert_rows


def test_only_the_address_that_holds_today_is_there(run_model):
    """The current address has no end."""
    result = run_model(
        "silver.current_addresses",
        given={
            "silver.addresses": """
                customer_id | address_line_1 | city   | state | postcode | __START_AT | __END_AT
                1           | 12 Dock Street | Boston | MA    | 02110    | 2026-01-01 | 2026-02-01
                1           | 5 Quay Road    | Salem  | NH    | 03079    | 2026-02-01 | NULL
            """,
        },
    )

    assert_rows(
        result,
        """
        customer_id | address_line_1 | city  | state | postcode
        1           | 5 Quay Road    | Salem | NH    | 03079
        """,
    )
