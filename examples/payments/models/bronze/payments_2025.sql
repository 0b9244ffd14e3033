{{ flow(into="bronze.payment_events", once=True) }}
-- Payments from before the service sent events, with their last status.

SELECT
    CAST(payment_id AS STRING) AS payment_id,
    CAST(merchant_id AS BIGINT) AS merchant_id,
    CAST(NULL AS STRING) AS card_number,
    CAST(currency AS STRING) AS currency,
    CAST(amount AS DECIMAL(12, 2)) AS amount,
    CAST(status AS STRING) AS status,
    CAST(paid_at AS TIMESTAMP) AS changed_at,
    CAST(NULL AS TIMESTAMP) AS sent_at
FROM {{ source("archive.payments_2025") }}
