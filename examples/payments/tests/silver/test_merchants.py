"""Tests of `silver.merchant_history` and `silver.merchants`."""

from datetime import date


def test_merchants_are_those_of_the_latest_export(run_models):
    """A merchant that moves has two versions; one that is missing has ended."""
    columns = ("merchant_id", "merchant_name", "country")
    first = [columns, (1, "Atelier Nord", "FR"), (2, "Blue Harbor", "US")]
    second = [columns, (1, "Atelier Nord", "DE")]
    results = run_models(["silver.merchant_history", "silver.merchants"], given={"merchants": [first, second]})

    assert len(results["silver.merchant_history"].rows()) == 3
    assert results["silver.merchants"].rows() == [(1, "Atelier Nord", "DE", date(2026, 1, 2))]
