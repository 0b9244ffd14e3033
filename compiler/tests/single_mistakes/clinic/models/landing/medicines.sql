{{ materialized_view(
    key="medicine_id",
    columns={
        "medicine_id": column("BIGINT", not_null=True),
        "medicine_name": "STRING",
        "unit_price": "DECIMAL(10, 2)",
    },
) }}
-- What the pharmacy sells.

SELECT medicine_id, medicine_name, unit_price
FROM {{ source("pharmacy.medicines") }}
