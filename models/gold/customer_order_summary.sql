{{ materialized_view(
    key="customer_id",
    relationships=[one_to_one("silver.customers", on="customer_id")],
    columns={
        "customer_id": column("BIGINT", not_null=True),
        "customer_name": "STRING",
        "date_of_birth": "DATE",
        "telephone": "STRING",
        "email": "STRING",
        "address_line_1": "STRING",
        "city": "STRING",
        "state": "STRING",
        "postcode": "STRING",
        "total_orders": column("BIGINT", "The number of orders, including cancelled ones."),
        "total_items_ordered": column("BIGINT", "The number of items in these orders."),
        "total_order_amount": column("DECIMAL(18, 2)", "The total amount of these orders."),
    },
) }}
-- Customers with orders: their profile, current address, and totals of their orders.

WITH totals AS (
    SELECT
        customer_id,
        count(DISTINCT order_id) AS total_orders,
        sum(item_quantity) AS total_items_ordered,
        {{ revenue() }} AS total_order_amount
    FROM {{ ref("silver.orders") }}
    GROUP BY customer_id
)

SELECT
    customers.customer_id,
    customers.customer_name,
    customers.date_of_birth,
    customers.telephone,
    customers.email,
    addresses.address_line_1,
    addresses.city,
    addresses.state,
    addresses.postcode,
    totals.total_orders,
    totals.total_items_ordered,
    totals.total_order_amount
FROM {{ ref("silver.customers") }} AS customers
JOIN totals ON totals.customer_id = customers.customer_id
LEFT JOIN {{ ref("silver.current_addresses") }} AS addresses ON addresses.customer_id = customers.customer_id
