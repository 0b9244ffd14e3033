from pyspark import pipelines as dp
from pyspark.sql import Window
from pyspark.sql.functions import col, count, datediff, explode, lag, sequence, expr

BOOKINGS = "booking_id BIGINT, hotel STRING, guest STRING, check_in DATE, check_out DATE"


@dp.table(name="hotel.bookings_raw", private=True, table_properties={"delta.enableChangeDataFeed": "true"})
def bookings_raw():
    return (
        spark.readStream.format("cloudFiles")
        .option("cloudFiles.format", "json")
        .schema(BOOKINGS)
        .load("landing/modern/bookings")
    )


@dp.temporary_view(name="bookings_valid", comment="Bookings with at least one night")
@dp.expect_or_drop("dates in order", "check_out > check_in")
@dp.expect("has guest", "guest IS NOT NULL")
def bookings_valid():
    return spark.readStream.table("hotel.bookings_raw")


@dp.table(name="hotel.bookings", cluster_by_auto=True)
def bookings():
    return spark.readStream.table("bookings_valid").withColumn("nights", datediff("check_out", "check_in"))


@dp.materialized_view(name="hotel.occupancy", cluster_by=["hotel"])
def occupancy():
    return (
        spark.read.table("hotel.bookings")
        .select("hotel", explode(sequence("check_in", expr("date_sub(check_out, 1)"))).alias("night"))
        .groupBy("hotel", "night")
        .agg(count("*").alias("rooms"))
    )


@dp.materialized_view
def hotel_returning_guests():
    stays = Window.partitionBy("guest").orderBy("check_in")
    return (
        spark.read.table("hotel.bookings")
        .withColumn("before", lag("hotel").over(stays))
        .where(col("before").isNotNull())
        .select("guest", "before", "hotel")
    )
