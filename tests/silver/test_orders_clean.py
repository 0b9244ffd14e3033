"""Tests of `silver.orders_clean`."""

import pytest

from cbx.testing import ExpectationFailed

GOOD = {
    "order_id": 7,
    "customer_id": 1,
    "order_timestamp": "2026-01-01 10:00:00",
    "payment_method": "PayPal",
    "order_status": "Pending",
    "items": [{"item_id": 11, "name": "Laptop", "category": "Computers", "price": 999.9, "quantity": 1}],
}


def clean(run_model, **changed):
    """Run the model on a valid order, with some values replaced."""
    return run_model("silver.orders_clean", given={"bronze.orders": [GOOD | changed]})


def test_a_good_order_passes_with_its_items(run_model):
    """The time is cast; the other columns do not change."""
    result = clean(run_model)
    (order,) = result.row_dicts()

    assert str(order.pop("order_timestamp")) == "2026-01-01 10:00:00"
    assert order.pop("items")[0]["name"] == "Laptop"
    assert order == {"order_id": 7, "customer_id": 1, "payment_method": "PayPal", "order_status": "Pending"}
    assert (result.dropped, result.warned) == ({}, {})


def test_what_is_no_time_becomes_null(run_model):
    """An invalid time does not fail the pipeline."""
    assert clean(run_model, order_timestamp="at noon").rows("order_timestamp") == [(None,)]


@pytest.mark.parametrize("column", ["order_id", "customer_id"])
def test_an_order_without_its_ids_stops_the_update(run_model, column):
    """The source must not send such an order."""
    with pytest.raises(ExpectationFailed) as stopped:
        clean(run_model, **{column: None})

    assert stopped.value.failed == {f"valid_{column}": 1}


@pytest.mark.parametrize("status", ["Pending", "Shipped", "Cancelled", "Completed"])
def test_the_states_of_an_order_are_known(run_model, status):
    """The source system sends these four."""
    assert clean(run_model, order_status=status).warned == {}


@pytest.mark.parametrize("payment", ["Credit Card", "Bank Transfer", "PayPal"])
def test_the_ways_to_pay_are_known(run_model, payment):
    """The shop accepts these three."""
    assert clean(run_model, payment_method=payment).warned == {}


@pytest.mark.parametrize("column", ["order_status", "payment_method"])
@pytest.mark.parametrize("value", ["Barter", None])
def test_another_state_or_way_to_pay_is_warned_of(run_model, column, value):
    """The order itself is valid."""
    result = clean(run_model, **{column: value})

    assert result.warned == {f"valid_{column}": 1}
    assert len(result) == 1
