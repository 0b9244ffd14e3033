{{ view(
    key="customer_id",
    columns={
        "customer_id": "BIGINT",
        "address_line_1": "STRING",
        "city": "STRING",
        "state": "STRING",
        "postcode": "STRING",
    },
) }}
-- The current address of each customer.

SELECT customer_id, address_line_1, city, state, postcode
FROM {{ ref("silver.addresses") }}
WHERE __END_AT IS NULL
