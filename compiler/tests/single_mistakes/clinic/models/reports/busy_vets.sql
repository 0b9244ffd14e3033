{{ materialized_view(
    key=["vet_id", "visit_day"],
    columns={"vet_id": "INT", "vet_name": "STRING", "visit_day": "DATE", "visit_count": "BIGINT"},
    relationships=[many_to_one("landing.vets", on={"vet_id": "vet_id"})],
    tags=["daily", "staff"],
) }}
-- How many animals each vet saw on each day.

SELECT v.vet_id, max(s.vet_name) AS vet_name, CAST(v.visited_at AS DATE) AS visit_day, count(*) AS visit_count
FROM {{ ref("cleaned.visits") }} AS v
JOIN {{ ref("landing.vets") }} AS s ON s.vet_id = v.vet_id
WHERE v.status = 'done'
GROUP BY v.vet_id, CAST(v.visited_at AS DATE)
