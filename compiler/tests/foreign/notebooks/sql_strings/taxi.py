# Databricks notebook source
import dlt

# COMMAND ----------

@dlt.table(name="raw_trips", temporary=True)
def raw_trips():
    return (
        spark.readStream.format("cloudFiles")
        .option("cloudFiles.format", "csv")
        .option("header", "true")
        .option("cloudFiles.schemaHints", "pickup_time TIMESTAMP, fare DOUBLE")
        .load("landing/sql_strings/trips")
    )


@dlt.table(name="taxi.trips", cluster_by=["zip"])
@dlt.expect_or_drop("positive fare", "fare > 0")
def trips():
    return spark.sql("""
        SELECT trip_id, CAST(pickup_time AS DATE) AS day, zip, fare -- the postcode keeps its zeros
        FROM STREAM(LIVE.raw_trips)
    """)


@dlt.table(name="taxi.long_trips")
def long_trips():
    return spark.sql("SELECT trip_id, trips.fare FROM STREAM taxi.trips WHERE fare >= :least", args={"least": 20})


@dlt.view
def zips():
    return spark.sql("SELECT * FROM VALUES ('02108', 'Beacon Hill'), ('02210', 'Seaport') AS z(zip, name)")


@dlt.table(name="taxi.ranking")
def ranking():
    return spark.sql("""
        WITH trips AS (SELECT zip, sum(fare) AS fares FROM taxi.trips GROUP BY zip)
        SELECT z.name, t.fares, rank() OVER (ORDER BY t.fares DESC) AS place
        FROM trips t
        LEFT JOIN LIVE.zips z ON t.zip = z.zip
    """)


@dlt.table(name="taxi.counts")
def counts():
    return spark.sql(
        "SELECT day, count(*) AS trips, count_if(fare > {least}) AS dear FROM {trips} GROUP BY ALL",
        trips=spark.table("taxi.trips"),
        least=10,
    )
