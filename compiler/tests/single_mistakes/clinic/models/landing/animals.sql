{{ streaming_table(
    columns={
        "animal_id": "BIGINT",
        "owner_id": "BIGINT",
        "animal_name": "STRING",
        "species": "STRING",
        "born_on": "DATE",
        "changed_at": "TIMESTAMP",
    },
) }}
-- Animals that are or were patients.

SELECT animal_id, owner_id, animal_name, species, born_on, changed_at
FROM {{ auto_loader(var("files") ~ "/animals", format="csv", options={"header": "true"}) }}
