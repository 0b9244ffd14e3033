"""Tests of `bronze.addresses`."""

from cbx.testing import assert_rows


def test_addresses_are_kept_as_they_landed(run_model):
    """A postcode is a string and keeps its leading zeros."""
    result = run_model(
        "bronze.addresses",
        given={
            "addresses": """
                customer_id | address_line_1 | city   | state | postcode | created_date
                1           | 12 Dock Street | Boston | MA    | 02110    | 2026-01-01
            """,
        },
    )

    assert_rows(
        result,
        """
        customer_id | address_line_1 | city   | state | postcode | created_date | _rescued_data
        1           | 12 Dock Street | Boston | MA    | 02110    | 2026-01-01   | NULL
        """,
    )


def test_a_row_tells_its_file_and_when_it_was_loaded(run_model):
    """The origin of a wrong row can be found."""
    result = run_model(
        "bronze.addresses",
        given={"addresses": [{"customer_id": 1, "_metadata": {"file_path": "addresses/2026-01-01.csv"}}]},
        now="2026-01-02 05:00:00",
    )

    assert_rows(
        result,
        """
        customer_id | source_file              | loaded_at
        1           | addresses/2026-01-01.csv | 2026-01-02 05:00:00
        """,
    )
