"""Tests of `silver.addresses`: the given rows are changes, the result is the history."""

from cbx.testing import assert_rows

COLUMNS = ("customer_id", "address_line_1", "created_date")


def test_every_address_keeps_the_time_it_held(run_model):
    """The address of an old order must still be found."""
    result = run_model(
        "silver.addresses",
        given={
            "silver.addresses_clean": """
                customer_id | address_line_1 | city   | state | postcode | created_date
                1           | 12 Dock Street | Boston | MA    | 02110    | 2026-01-01
                2           | 3 Alder Lane   | Eugene | OR    | 97401    | 2026-01-01
                1           | 5 Quay Road    | Salem  | NH    | 03079    | 2026-02-01
            """,
        },
    )

    assert_rows(
        result,
        """
        customer_id | address_line_1 | city   | state | postcode | created_date | __START_AT | __END_AT
        1           | 12 Dock Street | Boston | MA    | 02110    | 2026-01-01   | 2026-01-01 | 2026-02-01
        1           | 5 Quay Road    | Salem  | NH    | 03079    | 2026-02-01   | 2026-02-01 | NULL
        2           | 3 Alder Lane   | Eugene | OR    | 97401    | 2026-01-01   | 2026-01-01 | NULL
        """,
    )


def test_an_address_that_arrives_late_takes_its_place_in_the_history(run_model):
    """Its place in the history is between the other two."""
    first = [COLUMNS, (1, "12 Dock Street", "2026-01-01"), (1, "5 Quay Road", "2026-03-01")]
    late = [COLUMNS, (1, "9 Mill Hill", "2026-02-01")]

    result = run_model("silver.addresses", given={"silver.addresses_clean": [first, late]})

    assert_rows(
        result,
        """
        address_line_1 | __START_AT | __END_AT
        12 Dock Street | 2026-01-01 | 2026-02-01
        9 Mill Hill    | 2026-02-01 | 2026-03-01
        5 Quay Road    | 2026-03-01 | NULL
        """,
    )
