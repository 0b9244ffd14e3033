"""Tests of `gold.merchant_revenue` and of the tables of regions."""

from cbx.testing import assert_rows

MERCHANTS = """
    merchant_id | merchant_name | country
    1           | Atelier Nord  | DE
    2           | Blue Harbor   | US
"""
PAYMENTS = """
    payment_id | merchant_id | currency | amount  | status
    p-1        | 1           | EUR      | 10.00   | captured
    p-2        | 1           | JPY      | 5000.00 | captured
    p-3        | 1           | EUR      | 99.00   | refunded
"""


def test_revenue_is_in_euros(run_model):
    """The seeds have their own rows; only captured payments count, and a merchant without any has zero."""
    assert_rows(
        run_model("gold.merchant_revenue", given={"silver.merchants": MERCHANTS, "silver.payments": PAYMENTS}),
        """
        merchant_id | merchant_name | region  | payments | revenue
        1           | Atelier Nord  | Europe  | 2        | 40.00
        2           | Blue Harbor   | America | 0        | 0.00
        """,
    )


def test_a_team_sees_its_region(run_models):
    given = {"silver.merchants": MERCHANTS, "silver.payments": PAYMENTS}
    results = run_models(["gold.merchant_revenue", "gold.revenue_europe", "gold.revenue_america"], given)

    assert results["gold.revenue_europe"].rows("merchant_id") == [(1,)]
    assert results["gold.revenue_america"].rows("merchant_id") == [(2,)]
