{{ streaming_table(
    columns={
        "order_id": "BIGINT",
        "customer": "STRING",
        "ordered_at": "STRING",
        "amount": "DECIMAL(10, 2)",
        "_rescued_data": "STRING",
    },
) }}
-- Orders from the landing files, one row per order.

SELECT * FROM {{ auto_loader(var("landing") ~ "/orders", format="json") }}
