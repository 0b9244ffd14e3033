"""Tests of `gold.customer_order_summary`."""

from cbx.testing import assert_rows

CUSTOMERS = """
    customer_id | customer_name | date_of_birth | telephone   | email
    1           | Ada Brennan   | 1990-02-03    | 16175550101 | ada@example.com
"""
ADDRESSES = """
    customer_id | address_line_1 | city  | state | postcode
    1           | 5 Quay Road    | Salem | NH    | 03079
"""
ORDERS = """
    order_id | customer_id | order_status | item_id | item_price | item_quantity
    7        | 1           | Completed    | 11      | 999.90     | 1
    7        | 1           | Completed    | 12      | 4.50       | 3
    8        | 1           | Cancelled    | 12      | 4.00       | 2
"""


def summary(run_model, customers=CUSTOMERS, addresses=ADDRESSES, orders=ORDERS):
    """Run the model on the default rows, with some inputs replaced."""
    given = {"silver.customers": customers, "silver.current_addresses": addresses, "silver.orders": orders}
    return run_model("gold.customer_order_summary", given=given)


def test_a_customer_has_totals_over_all_orders(run_model):
    """An order counts once, whatever its number of items; cancelled orders count too."""
    assert_rows(
        summary(run_model),
        """
        customer_id | total_orders | total_items_ordered | total_order_amount
        1           | 2            | 6                   | 1021.40
        """,
    )


def test_a_customer_comes_with_profile_and_address(run_model):
    """The result has the contact details."""
    result = summary(run_model)

    assert_rows(
        result,
        """
        customer_id | customer_name | date_of_birth | telephone   | email
        1           | Ada Brennan   | 1990-02-03    | 16175550101 | ada@example.com
        """,
    )
    assert_rows(
        result,
        """
        customer_id | address_line_1 | city  | state | postcode
        1           | 5 Quay Road    | Salem | NH    | 03079
        """,
    )


def test_a_customer_without_an_address_is_there(run_model):
    """The address may come later than the order."""
    result = summary(run_model, addresses=[])

    assert result.rows("customer_id", "address_line_1", "total_orders") == [(1, None, 2)]


def test_a_customer_without_orders_is_left_out(run_model):
    """The table has only customers with orders."""
    assert summary(run_model, orders=[]).rows() == []


def test_orders_of_an_unknown_customer_are_left_out(run_model):
    """Their profile may have been dropped by an expectation."""
    assert summary(run_model, customers=[]).rows() == []
