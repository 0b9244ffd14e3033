# refined.by_depot
# How many parcels each depot has seen in a day.
#
# Reads `refined.parcels`. Compiled by cbx from `models/refined/by_depot.sql`: change the model, not this file.


from pyspark import pipelines as dp


QUERY = f"""
SELECT depot, CAST(scanned_at AS DATE) AS day, count(DISTINCT parcel_id) AS parcels
FROM parcels_refined.parcels_v1
WHERE weight > {spark.conf.get('parcels.minimum_weight')}
GROUP BY ALL
"""


@dp.materialized_view(
    name="parcels_refined.by_depot_v1",
    comment="How many parcels each depot has seen in a day.",
    schema="""
        depot STRING NOT NULL,
        day DATE NOT NULL,
        parcels BIGINT,
        CONSTRAINT by_depot_key PRIMARY KEY (depot, day)
    """,
    table_properties={"quality": "refined"},
)
def refined_by_depot():
    return spark.sql(QUERY)
