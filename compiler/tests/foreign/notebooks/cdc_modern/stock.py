from pyspark import pipelines as dp
from pyspark.sql.functions import col, struct

FIELDS = "shop STRING, article STRING, amount INT, price DOUBLE, day INT, run INT, kind STRING"


def feed(name):
    reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
    return reader.schema(FIELDS).load(f"landing/cdc_modern/{name}")


@dp.temporary_view()
def stock_amounts():
    return feed("amounts")


@dp.temporary_view()
def stock_prices():
    return feed("prices")


dp.create_streaming_table("stock", comment="What each shop has, and for how much")

for source in ("stock_amounts", "stock_prices"):
    dp.create_auto_cdc_flow(
        name=f"{source}_into_stock",
        target="stock",
        source=source,
        keys=["shop", "article"],
        sequence_by=struct("day", "run"),
        ignore_null_updates=True,
        apply_as_deletes=col("kind") == "gone",
        except_column_list=["day", "run", "kind"],
    )


@dp.table(name="list_prices_landed", private=True)
def list_prices_landed():
    reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "csv").option("header", True)
    return reader.schema("article STRING, price DOUBLE, day BIGINT").load("landing/cdc_modern/list")


dp.create_streaming_table(
    name="list_prices",
    schema="article STRING NOT NULL, price DOUBLE, __START_AT BIGINT, __END_AT BIGINT",
    cluster_by=["article"],
)

dp.create_auto_cdc_flow(
    target="list_prices",
    source="list_prices_landed",
    keys=[col("article")],
    sequence_by=col("day"),
    column_list=["article", "price"],
    stored_as_scd_type=2,
)


@dp.materialized_view
def list_prices_today():
    return spark.read.table("list_prices").where("__END_AT IS NULL").select("article", "price")
