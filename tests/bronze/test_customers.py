"""Tests of `bronze.customers`."""

from cbx.testing import assert_rows


def test_profiles_are_kept_as_they_landed(run_model):
    """Bronze keeps invalid dates, so that they can be inspected."""
    result = run_model(
        "bronze.customers",
        given={
            "customers": """
                customer_id | customer_name | date_of_birth | telephone      | email           | created_date
                1           | Ada Brennan   | 1990-02-30    | +1 617-5550101 | ada@example.com | 2026-01-01
            """,
        },
    )

    assert_rows(
        result,
        """
        customer_id | customer_name | date_of_birth | telephone      | email           | created_date | _rescued_data
        1           | Ada Brennan   | 1990-02-30    | +1 617-5550101 | ada@example.com | 2026-01-01   | NULL
        """,
    )


def test_a_row_tells_its_file_and_when_it_was_loaded(run_model):
    """The origin of a wrong row can be found."""
    result = run_model(
        "bronze.customers",
        given={"customers": [{"customer_id": 1, "_metadata": {"file_path": "customers/2026-01-01.json"}}]},
        now="2026-01-02 05:00:00",
    )

    assert_rows(
        result,
        """
        customer_id | source_file               | loaded_at
        1           | customers/2026-01-01.json | 2026-01-02 05:00:00
        """,
    )
