{{ materialized_view(
    key="visit_id",
    expectations=[expect("owes_something", "{{ positive('open_amount') }}")],
) }}
-- Visits that are not paid for.

WITH paid AS (
    SELECT visit_id, sum(amount) AS paid_amount
    FROM {{ ref("cleaned.payments") }}
    WHERE currency = '{{ var("currency") }}'
    GROUP BY visit_id
)
SELECT
    costs.visit_id,
    v.animal_id,
    costs.medicine_cost - coalesce(paid.paid_amount, 0) AS open_amount
FROM {{ ref("reports.visit_costs") }} AS costs
JOIN {{ ref("cleaned.visits") }} AS v ON v.visit_id = costs.visit_id
LEFT JOIN paid ON paid.visit_id = costs.visit_id
WHERE costs.medicine_cost > coalesce(paid.paid_amount, 0)
