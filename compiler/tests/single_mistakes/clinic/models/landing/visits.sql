{{ streaming_table(
    columns={
        "visit_id": "BIGINT",
        "animal_id": "BIGINT",
        "vet_id": "INT",
        "visited_at": "TIMESTAMP",
        "status": "STRING",
        "treatments": "ARRAY<STRUCT<medicine_id: BIGINT, doses: INT>>",
    },
) }}
-- Visits, each with what was given.

SELECT visit_id, animal_id, vet_id, visited_at, status, treatments
FROM {{ auto_loader(var("files") ~ "/visits", format="json") }}
