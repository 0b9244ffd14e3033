"""Tests of `gold.open_orders`."""

from cbx.testing import assert_rows

ORDERS = """
    order_id | customer_id | order_timestamp     | order_status
    7        | 1           | 2026-01-01 10:00:00 | Pending
"""
ITEMS = """
    order_id | item_id | item_price | item_quantity
    7        | 11      | 999.90     | 1
    7        | 12      | 4.50       | 3
"""
CUSTOMERS = """
    customer_id | customer_name | telephone
    1           | Ada Brennan   | 16175550101
"""
ADDRESSES = """
    customer_id | address_line_1 | city  | state | postcode
    1           | 5 Quay Road    | Salem | NH    | 03079
"""


def open_orders(run_model, orders=ORDERS, items=ITEMS, customers=CUSTOMERS, addresses=ADDRESSES):
    """Run the model on the default rows, with some inputs replaced."""
    given = {"orders": orders, "order_items": items, "customers": customers, "addresses": addresses}
    return run_model("gold.open_orders", given=given)


def test_a_pending_order_has_all_that_is_needed_to_send_it(run_model):
    """The result has the contact, the address, the number of items and the total amount."""
    result = open_orders(run_model)

    assert_rows(
        result,
        """
        order_id | order_timestamp     | customer_id | customer_name | telephone   | items_ordered | order_amount
        7        | 2026-01-01 10:00:00 | 1           | Ada Brennan   | 16175550101 | 4             | 1013.40
        """,
    )
    assert_rows(
        result,
        """
        order_id | address_line_1 | city  | state | postcode
        7        | 5 Quay Road    | Salem | NH    | 03079
        """,
    )
    assert result.warned == {}


def test_other_orders_are_left_out(run_model):
    """They are shipped, completed or cancelled."""
    orders = [("order_id", "customer_id", "order_status"), (7, 1, "Shipped"), (7, 1, "Cancelled"), (7, 1, "Completed")]

    assert open_orders(run_model, orders=orders).rows() == []


def test_an_order_without_items_is_left_out(run_model):
    """There is nothing to ship."""
    assert open_orders(run_model, items=[]).rows() == []


def test_an_order_of_an_unknown_customer_is_there(run_model):
    """The warehouse has to ask."""
    assert open_orders(run_model, customers=[]).rows("order_id", "customer_name") == [(7, None)]


def test_an_order_without_an_address_is_there_and_warned_of(run_model):
    """The warehouse has to ask."""
    result = open_orders(run_model, addresses=[])

    assert result.rows("order_id", "address_line_1") == [(7, None)]
    assert result.warned == {"known_address": 1}
