{{ materialized_view(key="vet_id", columns={"vet_id": "INT", "vet_name": "STRING", "room": "INT"}) }}

SELECT vet_id, vet_name, room
FROM {{ source("staff.vets") }}
