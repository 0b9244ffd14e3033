{{ view(key="animal_id", columns={
    "animal_id": "BIGINT", "owner_id": "BIGINT", "animal_name": "STRING", "species": "STRING", "born_on": "DATE",
}) }}
-- The animals as they are now.

SELECT animal_id, owner_id, animal_name, species, born_on
FROM {{ ref("cleaned.animals") }}
WHERE __END_AT IS NULL
