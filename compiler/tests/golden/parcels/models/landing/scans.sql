{{ streaming_table(
    columns={"parcel_id": "BIGINT", "depot": "STRING", "weight": "DOUBLE", "scanned_at": "TIMESTAMP", "origin": "STRING"},
    expectations=[
        expect_or_drop("heavy_enough", "weight >= {{ var('minimum_weight') }}"),
        expect_or_fail("known_parcel", "parcel_id IS NOT NULL"),
    ],
    quarantine=True,
    cluster_by=["depot", "scanned_at"],
) }}
/* Every scan of a parcel,
   as the hand-held readers send it. */

SELECT
    *,
    _metadata.file_path AS origin
FROM {{ auto_loader("{{ var('drop') }}/scans", format="csv", options={"sep": ";"}, glob="*.csv") }}
