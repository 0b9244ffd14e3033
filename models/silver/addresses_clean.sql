{{ streaming_table(
    key=["customer_id", "created_date"],
    columns={
        "customer_id": column("BIGINT", not_null=True),
        "address_line_1": "STRING",
        "city": "STRING",
        "state": "STRING",
        "postcode": "STRING",
        "created_date": "DATE",
    },
    expectations=[
        expect_or_fail("valid_customer_id", "customer_id IS NOT NULL"),
        expect_or_drop("valid_address", "address_line_1 IS NOT NULL"),
        expect("valid_postcode", "{{ exactly_characters('postcode', 5) }}"),
    ],
    quarantine=True,
) }}
-- Customer addresses that passed the quality gate, one row per change received.

SELECT
    customer_id,
    address_line_1,
    city,
    state,
    postcode,
    try_cast(created_date AS DATE) AS created_date
FROM {{ stream("bronze.addresses") }}
