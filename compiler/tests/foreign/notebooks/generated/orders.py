# Databricks notebook source
import dlt
from pyspark.sql import functions as F
from pyspark.sql.types import DecimalType, LongType, StringType, StructField, StructType

PREFIX = spark.conf.get("shop.prefix", "shop")
sales_schema = """
    order_id BIGINT NOT NULL PRIMARY KEY,
    customer STRING COMMENT 'Who ordered; an e-mail address',
    ordered_at TIMESTAMP,
    amount DECIMAL(10, 2),
    order_day_of_week STRING GENERATED ALWAYS AS (date_format(ordered_at, 'EEEE')),
    order_date DATE GENERATED ALWAYS AS (CAST(ordered_at AS DATE)),
    CONSTRAINT customers_fk FOREIGN KEY (customer) REFERENCES shop_customers (customer)
"""

# COMMAND ----------

@dlt.table(
    name=f"{PREFIX}_orders",
    comment="Orders with generated columns",
    schema=sales_schema,
    partition_cols=["order_date"],
    table_properties={"pipelines.autoOptimize.zOrderCols": "customer", "delta.enableChangeDataFeed": "true"},
)
@dlt.expect_or_drop("positive", "amount > 0")
def orders():
    return spark.readStream.schema("order_id LONG, customer STRING, ordered_at TIMESTAMP, amount STRING").json(
        "landing/generated"
    )


@dlt.table(
    name=f"{PREFIX}_totals",
    schema=StructType(
        [StructField("customer", StringType()), StructField("orders", LongType()), StructField("amount", DecimalType(12, 2))]
    ),
    cluster_by=["customer"],
)
def totals():
    totals = dlt.read(f"{PREFIX}_orders").groupBy("customer").agg(F.sum("amount").alias("amount"), F.count("*").alias("orders"))
    return totals.filter(F.col("customer").isNotNull())
