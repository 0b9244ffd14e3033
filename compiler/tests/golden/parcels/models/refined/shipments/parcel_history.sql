{{ auto_cdc(
    key="parcel_id",
    sequence_by="scanned_at",
    scd_type=2,
    track_history={"except": ["weight"]},
) }}
-- Where each parcel was, and when.

SELECT * FROM {{ stream("landing.scans") }}
