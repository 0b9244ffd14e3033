{{ streaming_table(
    columns={
        "payment_id": column("STRING", not_null=True),
        "merchant_id": "BIGINT",
        "card_number": column("STRING", mask="security.last_four_digits"),
        "currency": "STRING",
        "amount": column("DECIMAL(12, 2)", measure="total"),
        "status": "STRING",
        "changed_at": "TIMESTAMP",
        "sent_at": column("TIMESTAMP", "When the service sent the event; NULL for archived ones."),
    },
    expectations=[
        expect_or_drop("has_payment", "payment_id IS NOT NULL AND changed_at IS NOT NULL"),
        expect_or_drop("has_amount", "amount > 0"),
    ],
    quarantine=True,
    private=True,
) }}
-- Each change of a payment, as the payment service sends it.

SELECT
    event.payment_id,
    event.merchant_id,
    event.card_number,
    event.currency,
    event.amount,
    event.status,
    try_cast(event.changed_at AS TIMESTAMP) AS changed_at,
    sent_at
FROM (
    SELECT
        from_json(
            CAST(value AS STRING),
            'payment_id STRING, merchant_id BIGINT, card_number STRING, currency STRING, amount DECIMAL(12, 2), status STRING, changed_at STRING'
        ) AS event,
        timestamp AS sent_at
    FROM {{ kafka("payments", servers=var("brokers"), starting_offsets="earliest", options={
        "kafka.security.protocol": "SASL_SSL",
        "kafka.sasl.mechanism": "PLAIN",
        "kafka.sasl.jaas.config":
            "kafkashaded.org.apache.kafka.common.security.plain.PlainLoginModule required username='lakehouse' password='"
            ~ secret("payments-kafka", "password") ~ "';",
    }) }}
)
