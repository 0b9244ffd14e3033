"""Tests of `silver.addresses_clean`."""

import pytest

from cbx.testing import ExpectationFailed, assert_rows

GOOD = {
    "customer_id": 1,
    "address_line_1": "12 Dock Street",
    "city": "Boston",
    "state": "MA",
    "postcode": "02110",
    "created_date": "2026-01-01",
}


def clean(run_model, **changed):
    """Run the model on a valid address, with some values replaced."""
    return run_model("silver.addresses_clean", given={"bronze.addresses": [GOOD | changed]})


def test_a_good_address_passes(run_model):
    """The date is cast; the other columns do not change."""
    result = clean(run_model)

    assert_rows(
        result,
        """
        customer_id | address_line_1 | city   | state | postcode | created_date
        1           | 12 Dock Street | Boston | MA    | 02110    | 2026-01-01
        """,
    )
    assert (result.dropped, result.warned) == ({}, {})


def test_what_is_no_date_becomes_null(run_model):
    """An invalid date does not fail the pipeline."""
    assert clean(run_model, created_date="soon").rows("created_date") == [(None,)]


def test_an_address_without_a_customer_stops_the_update(run_model):
    """Without a customer the address is useless."""
    with pytest.raises(ExpectationFailed) as stopped:
        clean(run_model, customer_id=None)

    assert stopped.value.failed == {"valid_customer_id": 1}


def test_addresses_without_a_street_are_dropped_and_kept_aside(run_model):
    """The shop cannot ship to it."""
    result = clean(run_model, address_line_1=None)

    assert result.rows() == []
    assert result.dropped == {"valid_address": 1}
    assert result.quarantined.rows("city", "broken_rules") == [("Boston", ["valid_address"])]


@pytest.mark.parametrize("postcode", ["0211", "021100", None])
def test_a_postcode_that_has_not_five_characters_is_warned_of(run_model, postcode):
    """The address may still be usable."""
    result = clean(run_model, postcode=postcode)

    assert result.warned == {"valid_postcode": 1}
    assert result.rows("postcode") == [(postcode,)]
