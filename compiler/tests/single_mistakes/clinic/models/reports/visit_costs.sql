{{ materialized_view(
    key="visit_id",
    relationships=[one_to_one("cleaned.visits", on="visit_id")],
    cluster_by="visit_id",
) }}
-- What the medicines of each visit cost.

SELECT
    t.visit_id,
    sum({{ price_of("m.unit_price * t.doses", 0.19) }}) AS medicine_cost,
    count(*) AS medicines_given
FROM {{ ref("cleaned.treatments") }} AS t
JOIN {{ ref("landing.medicines") }} AS m ON m.medicine_id = t.medicine_id
GROUP BY t.visit_id
