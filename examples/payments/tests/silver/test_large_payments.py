"""Tests of `silver.large_payments`."""

import json


def test_large_payments_are_sent_when_they_are_authorised(run_model):
    """Once: neither when they are captured, nor a small one."""
    events = """
        payment_id | merchant_id | amount  | currency | status     | changed_at
        p-1        | 7           | 1000.00 | EUR      | authorised | 2026-03-01 08:00:00
        p-1        | 7           | 1000.00 | EUR      | captured   | 2026-03-01 09:00:00
        p-2        | 7           | 999.99  | EUR      | authorised | 2026-03-01 08:00:00
    """
    [(key, value)] = run_model("silver.large_payments", given={"bronze.payment_events": events}).rows()

    assert (key, json.loads(value)["amount"]) == ("p-1", 1000)
