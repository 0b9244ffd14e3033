def test_customers_without_a_name_are_dropped(run_model):
    """A profile without a name is of no use to the shop."""
    result = run_model(
        "silver.customers_clean",
        given={"bronze.customers": [{"customer_id": 1, "customer_name": "Ann"}, {"customer_id": 2}]},
    )

    assert result.rows("customer_id", "customer_name") == [(1, "Ann")]
    assert result.dropped == {"valid_customer_name": 1}
