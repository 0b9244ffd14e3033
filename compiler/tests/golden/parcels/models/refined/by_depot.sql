{{ materialized_view(
    key=["depot", "day"],
    columns={"depot": column("STRING", not_null=True), "day": column("DATE", not_null=True), "parcels": "BIGINT"},
    relationships=[many_to_one("landing.depots", on="depot")],
) }}
-- How many parcels each depot has seen in a day.

{% set wanted = ["depot", "CAST(scanned_at AS DATE) AS day"] -%}
SELECT {{ wanted | join(", ") }}, {{ counted("parcel_id") }} AS parcels
FROM {{ ref("refined.parcels") }}
{%- if true %}
WHERE {{ above("weight", var("minimum_weight")) }}
{%- endif %}
GROUP BY ALL
