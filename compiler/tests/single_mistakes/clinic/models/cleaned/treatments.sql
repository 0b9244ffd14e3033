{{ materialized_view(
    key=["visit_id", "position"],
    columns={"visit_id": "BIGINT", "position": "INT", "medicine_id": "BIGINT", "doses": "INT"},
    expectations=[expect_or_drop("some_doses", "{{ positive('doses') }}")],
    relationships=[
        many_to_one("cleaned.visits", on="visit_id"),
        many_to_one("landing.medicines", on="medicine_id", enforce="fail"),
    ],
) }}
-- What was given at a visit, one row for each medicine.

WITH latest AS (
    SELECT visit_id, treatments
    FROM {{ ref("landing.visits") }}
    QUALIFY row_number() OVER (PARTITION BY visit_id ORDER BY visited_at DESC) = 1
)
SELECT latest.visit_id, given.position, given.treatment.medicine_id, given.treatment.doses
FROM latest
LATERAL VIEW posexplode(latest.treatments) given AS position, treatment
