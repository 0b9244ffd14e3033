{{ materialized_view(
    key="item_id",
    columns={
        "item_id": column("BIGINT", not_null=True),
        "item_name": "STRING",
        "item_category": "STRING",
        "orders": "BIGINT",
        "items_sold": "BIGINT",
        "revenue": "DECIMAL(18, 2)",
        "last_ordered_at": "TIMESTAMP",
    },
) }}
-- Sales per product, without cancelled orders.

SELECT
    item_id,
    max_by(item_name, order_timestamp) AS item_name,
    max_by(item_category, order_timestamp) AS item_category,
    count(DISTINCT order_id) AS orders,
    sum(item_quantity) AS items_sold,
    {{ revenue() }} AS revenue,
    max(order_timestamp) AS last_ordered_at
FROM {{ ref("silver.orders") }}
WHERE order_status <> 'Cancelled'
GROUP BY item_id
