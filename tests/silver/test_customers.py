"""Tests of `silver.customers`: the given rows are changes, the result is the table."""

from cbx.testing import assert_rows


def test_a_customer_is_as_last_heard_of(run_model):
    """The newest profile replaces all values of the previous one, also with NULL."""
    result = run_model(
        "silver.customers",
        given={
            "silver.customers_clean": """
                customer_id | customer_name | date_of_birth | telephone   | email           | created_date
                1           | Ada Brennan   | 1990-02-03    | 16175550101 | ada@example.com | 2026-01-01
                2           | Bruno Castell | 1985-06-07    | 15415550102 | b@example.com   | 2026-01-01
                1           | Ada Dewar     | 1990-02-03    | NULL        | ada@example.org | 2026-01-02
            """,
        },
    )

    assert_rows(
        result,
        """
        customer_id | customer_name | date_of_birth | telephone   | email           | created_date
        1           | Ada Dewar     | 1990-02-03    | NULL        | ada@example.org | 2026-01-02
        2           | Bruno Castell | 1985-06-07    | 15415550102 | b@example.com   | 2026-01-01
        """,
    )


def test_a_profile_that_arrives_late_changes_nothing(run_model):
    """Files arrive in any order: the date of a profile decides, not its update."""
    newer = {"customer_id": 1, "customer_name": "Ada Brennan", "created_date": "2026-01-02"}
    older = {"customer_id": 1, "customer_name": "Ada Dewar", "created_date": "2026-01-01"}

    result = run_model("silver.customers", given={"silver.customers_clean": [[newer], [older]]})

    assert result.rows("customer_id", "customer_name") == [(1, "Ada Brennan")]
