"""Tests of `bronze.payment_events` and of its backfill."""

import json

from cbx.testing import assert_rows

EVENT = {
    "payment_id": "p-1",
    "merchant_id": 7,
    "card_number": "4000001111111111",
    "currency": "EUR",
    "amount": 12.5,
    "status": "captured",
    "changed_at": "2026-03-01T08:00:00Z",
}


def events(run_model, *values):
    """Run the model on messages with these values."""
    messages = [{"value": value, "timestamp": "2026-03-01 08:00:01"} for value in values]
    return run_model("bronze.payment_events", given={"payments": messages})


def test_a_message_becomes_a_row(run_model):
    assert_rows(
        events(run_model, json.dumps(EVENT)),
        """
        payment_id | merchant_id | currency | amount | status   | changed_at          | sent_at
        p-1        | 7           | EUR      | 12.50  | captured | 2026-03-01 08:00:00 | 2026-03-01 08:00:01
        """,
    )


def test_what_is_no_payment_goes_to_quarantine(run_model):
    """A message that is no JSON breaks both rules, a payment of nothing one."""
    result = events(run_model, "no JSON", json.dumps({**EVENT, "amount": 0}))

    assert result.rows() == []
    assert result.dropped == {"has_payment": 1, "has_amount": 2}


def test_the_backfill_has_the_columns_of_events(run_model):
    """Archived payments have no card and were never sent."""
    archived = """
        payment_id | merchant_id | currency | amount | status   | paid_at
        p-0        | 7           | EUR      | 3.10   | refunded | 2025-12-31 10:00:00
    """
    assert_rows(
        run_model("bronze.payments_2025", given={"archive.payments_2025": archived}),
        """
        payment_id | merchant_id | card_number | currency | amount | status   | changed_at          | sent_at
        p-0        | 7           | NULL        | EUR      | 3.10   | refunded | 2025-12-31 10:00:00 | NULL
        """,
    )
