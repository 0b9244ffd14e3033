{{ materialized_view(
    key="merchant_id",
    owner="payments",
    columns={
        "merchant_id": "BIGINT",
        "merchant_name": "STRING",
        "region": "STRING",
        "payments": column("BIGINT", "The number of captured payments."),
        "revenue": column("DECIMAL(38, 2)", "Their amounts in euros."),
    },
    relationships=[one_to_one("silver.merchants", on="merchant_id")],
) }}
-- What each merchant has earned.

WITH captured AS (
    SELECT
        payments.merchant_id,
        count(payments.payment_id) AS payments,
        CAST(sum(payments.amount * currencies.euros) AS DECIMAL(38, 2)) AS revenue
    FROM {{ ref("silver.payments") }} AS payments
    JOIN {{ ref("reference.currencies") }} AS currencies ON currencies.code = payments.currency
    WHERE payments.status = 'captured'
    GROUP BY payments.merchant_id
)

SELECT
    merchants.merchant_id,
    merchants.merchant_name,
    countries.region,
    coalesce(captured.payments, 0) AS payments,
    coalesce(captured.revenue, 0) AS revenue
FROM {{ ref("silver.merchants") }} AS merchants
LEFT JOIN captured ON captured.merchant_id = merchants.merchant_id
LEFT JOIN {{ ref("reference.countries") }} AS countries ON countries.code = merchants.country
