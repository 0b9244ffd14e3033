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
        "total_orders": column("BIGINT", "How many orders the customer placed, cancelled ones included."),
        "total_items_ordered": column("BIGINT", "How many pieces these orders hold."),
        "total_order_amount": column("DECIMAL(18, 2)", "What these orders cost together."),
    },
) }}
-- Who orders how much: the customers who ordered, with their current address and totals.

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
