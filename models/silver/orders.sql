{{ streaming_table(
    key=["order_id", "item_id"],
    columns={
        "order_id": column("BIGINT", not_null=True),
        "customer_id": column("BIGINT", not_null=True),
        "order_timestamp": "TIMESTAMP",
        "payment_method": "STRING",
        "order_status": "STRING",
        "item_id": column("BIGINT", not_null=True),
        "item_name": "STRING",
        "item_category": "STRING",
        "item_price": "DECIMAL(10, 2)",
        "item_quantity": "INT",
    },
) }}
-- Order items, one row per item of an order.

SELECT
    order_id,
    customer_id,
    order_timestamp,
    payment_method,
    order_status,
    item.item_id,
    item.name AS item_name,
    item.category AS item_category,
    item.price AS item_price,
    item.quantity AS item_quantity
FROM {{ stream("silver.orders_clean") }}
LATERAL VIEW explode(items) AS item
