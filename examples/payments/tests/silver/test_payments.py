"""Tests of `silver.payments`."""

from cbx.testing import assert_rows

COLUMNS = ("payment_id", "amount", "status", "changed_at")


def test_a_late_event_changes_nothing(run_model):
    """Events of a payment may arrive in another order than they happened."""
    captured = [COLUMNS, ("p-1", 12.5, "captured", "2026-03-01 09:00:00")]
    authorised = [COLUMNS, ("p-1", 12.5, "authorised", "2026-03-01 08:00:00")]
    result = run_model("silver.payments", given={"bronze.payment_events": [captured, authorised]})

    assert_rows(result, "payment_id | amount | status\np-1 | 12.50 | captured")


def test_a_later_event_replaces_the_state(run_model):
    events = [
        COLUMNS,
        ("p-1", 12.5, "authorised", "2026-03-01 08:00:00"),
        ("p-1", 12.5, "captured", "2026-03-01 09:00:00"),
    ]
    result = run_model("silver.payments", given={"bronze.payment_events": events})

    assert result.rows("payment_id", "status") == [("p-1", "captured")]


def test_an_erased_payment_is_gone(run_model):
    rows = [
        COLUMNS,
        ("p-1", 12.5, "captured", "2026-03-01 09:00:00"),
        ("p-2", 3.0, "captured", "2026-03-01 09:00:00"),
        ("p-1", 12.5, "erased", "2026-03-02 09:00:00"),
    ]
    result = run_model("silver.payments", given={"bronze.payment_events": rows})

    assert result.rows("payment_id") == [("p-2",)]
