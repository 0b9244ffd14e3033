{{ auto_cdc(
    key="payment_id",
    owner="payments",
    sequence_by="changed_at",
    apply_as_deletes="status = 'erased'",
    columns={
        "payment_id": column("STRING", not_null=True),
        "merchant_id": "BIGINT",
        "card_number": column("STRING", mask="security.last_four_digits"),
        "currency": "STRING",
        "amount": column("DECIMAL(12, 2)", measure="total"),
        "status": "STRING",
        "changed_at": "TIMESTAMP",
    },
    relationships=[
        many_to_one("silver.merchants", on="merchant_id"),
        many_to_one("reference.currencies", on={"currency": "code"}),
    ],
    tests=[
        accepted_values("status", ["authorised", "captured", "refunded"], enforce="fail"),
        no_rows(
            "SELECT payment_id FROM {{ ref('silver.payments') }} WHERE status = 'captured' AND merchant_id IS NULL",
            name="captured_for_a_merchant",
        ),
    ],
    row_filter="security.own_merchants ON (merchant_id)",
) }}
-- The latest state of each payment.

SELECT payment_id, merchant_id, card_number, currency, amount, status, changed_at
FROM {{ stream("bronze.payment_events") }}
