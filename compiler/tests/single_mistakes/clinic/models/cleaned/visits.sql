{{ materialized_view(
    key="visit_id",
    columns={
        "visit_id": column("BIGINT", not_null=True),
        "animal_id": column("BIGINT", not_null=True),
        "vet_id": column("INT", not_null=True),
        "visited_at": column("TIMESTAMP", not_null=True),
        "status": column("STRING", "Planned, done or missed.", not_null=True),
    },
    expectations=[
        expect_or_drop("has_visit_id", "visit_id IS NOT NULL"),
        expect("known_status", "{{ listed('status', ['planned', 'done', 'missed']) }}"),
    ],
    relationships=[
        many_to_one("cleaned.patients", on="animal_id"),
        many_to_one("landing.vets", on="vet_id"),
    ],
) }}
-- One row for each visit: the last word on it.

SELECT visit_id, animal_id, vet_id, visited_at, lower(status) AS status
FROM {{ ref("landing.visits") }}
QUALIFY row_number() OVER (PARTITION BY visit_id ORDER BY visited_at DESC) = 1
