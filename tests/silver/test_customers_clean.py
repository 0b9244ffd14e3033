"""Tests of `silver.customers_clean`."""

import pytest

from cbx.testing import ExpectationFailed, assert_rows

GOOD = {
    "customer_id": 1,
    "customer_name": "Ada Brennan",
    "date_of_birth": "1990-02-03",
    "telephone": "+1 617-555-0109",
    "email": "ada@example.com",
    "created_date": "2026-01-01",
}


def clean(run_model, **changed):
    """Run the model on a valid profile, with some values replaced."""
    return run_model("silver.customers_clean", given={"bronze.customers": [GOOD | changed]})


def test_a_good_profile_passes_with_its_values_in_their_types(run_model):
    """Dates are cast, and only the digits of a telephone number are kept."""
    result = clean(run_model)

    assert_rows(
        result,
        """
        customer_id | customer_name | date_of_birth | telephone   | email           | created_date
        1           | Ada Brennan   | 1990-02-03    | 16175550109 | ada@example.com | 2026-01-01
        """,
    )
    assert (result.dropped, result.warned) == ({}, {})


@pytest.mark.parametrize("column", ["date_of_birth", "created_date"])
def test_what_is_no_date_becomes_null(run_model, column):
    """An invalid date does not fail the pipeline."""
    result = clean(run_model, **{column: "1990-02-30"})

    assert result.rows("customer_id", column) == [(1, None)]


def test_a_profile_without_an_id_stops_the_update(run_model):
    """The source must not send such a profile."""
    with pytest.raises(ExpectationFailed) as stopped:
        clean(run_model, customer_id=None)

    assert stopped.value.failed == {"valid_customer_id": 1}
    assert stopped.value.rows("customer_name") == [("Ada Brennan",)]


def test_profiles_without_a_name_are_dropped_and_kept_aside(run_model):
    """They are in the quarantine table for later inspection."""
    result = run_model("silver.customers_clean", given={"bronze.customers": [GOOD, {**GOOD, "customer_name": None}]})

    assert result.rows("customer_id", "customer_name") == [(1, "Ada Brennan")]
    assert result.dropped == {"valid_customer_name": 1}
    assert result.quarantined.rows("customer_id", "customer_name", "broken_rules") == [
        (1, None, ["valid_customer_name"]),
    ]


@pytest.mark.parametrize(
    ("column", "good", "bad", "rule"),
    [
        ("telephone", "617-555-0101", "617-555-010", "valid_telephone"),
        ("email", "", None, "valid_email"),
        ("date_of_birth", "1920-01-01", "1919-12-31", "valid_date_of_birth"),
    ],
)
def test_doubtful_profiles_pass_with_a_warning(run_model, column, good, bad, rule):
    """The profile is still usable."""
    passed, warned = clean(run_model, **{column: good}), clean(run_model, **{column: bad})

    assert (passed.warned, warned.warned) == ({}, {rule: 1})
    assert len(warned) == 1
