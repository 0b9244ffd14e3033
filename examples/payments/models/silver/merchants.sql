{{ materialized_view(
    key="merchant_id",
    owner="payments",
    columns={
        "merchant_id": "BIGINT",
        "merchant_name": "STRING",
        "country": "STRING",
        "since": column("DATE", "The export in which the merchant first was as it is now."),
    },
    relationships=[many_to_one("reference.countries", on={"country": "code"})],
    tests=[row_count(at_least=1), not_null("merchant_name", at_least=0.99)],
) }}
-- The merchants of the latest export.

SELECT merchant_id, merchant_name, country, CAST(__START_AT AS DATE) AS since
FROM {{ ref("silver.merchant_history") }}
WHERE __END_AT IS NULL
