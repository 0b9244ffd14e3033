{{ materialized_view(key="passport_id", columns={"passport_id": "STRING", "chip_code": "STRING"}) }}
-- The chip that a passport names.

SELECT passport_id, max(chip_code) AS chip_code
FROM {{ source("customs.chips") }}
GROUP BY passport_id
