{{ auto_cdc(
    key="animal_id",
    sequence_by="changed_at",
    scd_type=2,
    columns={
        "animal_id": column("BIGINT", not_null=True),
        "owner_id": "BIGINT",
        "animal_name": "STRING",
        "species": "STRING",
        "born_on": "DATE",
        "changed_at": "TIMESTAMP",
    },
    track_history=["owner_id", "animal_name"],
) }}
-- Every owner an animal has had.

SELECT animal_id, owner_id, trim(animal_name) AS animal_name, lower(species) AS species, born_on, changed_at
FROM {{ stream("landing.animals") }}
WHERE animal_id IS NOT NULL
