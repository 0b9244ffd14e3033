"""Circuit Box written by hand in PySpark: the same tables from the same files, from bronze to gold, as Parquet.

What `cbx run` costs is measured against this. It is written for speed by the plain means of a batch script: schemas
are given, each input is read once, tables that several others read come back from Parquet, rules are filters, the
newest version of a customer and the history of an address are window functions. It keeps no state, so it could
not go on tomorrow where it ended today.

With ``--checks`` it also counts what the pipeline counts: rows that break a rule (observed while they are written),
duplicates of a key and references without their parent (a query each).

Usage: ``python by_hand.py LANDING OUTPUT [--master MASTER] [--memory SIZE] [--checks]``
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from pyspark.sql import Column, DataFrame, Observation, SparkSession, Window
from pyspark.sql import functions as F  # noqa: N812 - the idiom of its documentation

from cbx.runtime.spark.launch.driver_memory import driver_memory

CUSTOMERS = (
    "customer_id BIGINT, customer_name STRING, date_of_birth STRING, telephone STRING, email STRING, "
    "created_date STRING, _rescued_data STRING"
)
ADDRESSES = (
    "customer_id BIGINT, address_line_1 STRING, city STRING, state STRING, postcode STRING, created_date STRING, "
    "_rescued_data STRING"
)
ORDERS = (
    "order_id BIGINT, customer_id BIGINT, order_timestamp STRING, payment_method STRING, order_status STRING, "
    "items ARRAY<STRUCT<item_id: BIGINT, name: STRING, category: STRING, price: DECIMAL(10, 2), quantity: INT>>, "
    "_rescued_data STRING"
)
ADDRESS = ["customer_id", "address_line_1", "city", "state", "postcode", "created_date"]


def start_session(scratch: Path, master: str, memory: str | None = None) -> SparkSession:
    """A session with the settings of `cbx run`, so that only the work differs."""
    cores = str(min(os.cpu_count() or 2, 8))
    settings = {
        "spark.driver.extraJavaOptions": "-Xss4m",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": memory or driver_memory(),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.warehouse.dir": str(scratch / "warehouse"),
        "spark.local.dir": str(scratch / "scratch"),
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.shuffle.partitions": cores,
        "spark.default.parallelism": cores,
        "spark.sql.ansi.enabled": "true",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
        "spark.pyspark.python": sys.executable,
    }
    builder = SparkSession.builder.appName("by hand").master(master)
    for name, value in settings.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark


class Lakehouse:
    """Where the tables are, and what is counted on the way."""

    def __init__(self, spark: SparkSession, folder: Path, *, checks: bool) -> None:
        self._spark = spark
        self._folder = folder
        self._checks = checks
        self.counted: dict[str, int] = {}

    def write(
        self, table: str, rows: DataFrame, rules: Mapping[str, str] | None = None, drop: str = "true"
    ) -> DataFrame:
        """Write a table and give it back as it is read; a row that breaks a rule is counted, or dropped by ``drop``."""
        observation = Observation()
        if self._checks and rules:
            broken = [F.count_if(~F.coalesce(F.expr(rule), F.lit(False))).alias(name) for name, rule in rules.items()]
            rows = rows.observe(observation, *broken)
        path = str(self._folder / table.replace(".", "/"))
        rows.where(drop).write.parquet(path)
        if self._checks and rules:
            self.counted.update({f"{table}.{name}": count for name, count in observation.get.items()})
        return self._spark.read.schema(rows.schema).parquet(path)

    def check_key(self, table: str, rows: DataFrame, key: Sequence[str]) -> None:
        """Count the keys that have several rows."""
        if self._checks:
            self.counted[f"{table} duplicates"] = rows.groupBy(*key).count().where("count > 1").count()

    def check_parent(self, table: str, rows: DataFrame, parents: DataFrame, key: str) -> None:
        """Count the rows whose parent is missing."""
        if self._checks:
            missing = rows.where(F.col(key).isNotNull()).join(parents.select(key).distinct(), key, "left_anti")
            self.counted[f"{table} orphans by {key}"] = missing.count()


def main() -> None:
    """Build all the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("landing", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--master", default="local[*]")
    parser.add_argument("--memory", help="what Spark gets, such as 4g")
    parser.add_argument("--checks", action="store_true")
    arguments = parser.parse_args()
    spark = start_session(arguments.output / "spark", arguments.master, arguments.memory)
    lake = Lakehouse(spark, arguments.output / "tables", checks=arguments.checks)
    bronze = build_bronze(spark, lake, arguments.landing)
    silver = build_silver(lake, bronze)
    build_gold(lake, silver)
    print(lake.counted)


def build_bronze(spark: SparkSession, lake: Lakehouse, landing: Path) -> dict[str, DataFrame]:
    """The files as they landed, with the path they came from and the time."""
    json = spark.read.option("columnNameOfCorruptRecord", "_rescued_data")
    csv = spark.read.option("columnNameOfCorruptRecord", "_rescued_data").option("header", "true")
    landed = {
        "customers": json.schema(CUSTOMERS).json(str(landing / "customers")),
        "addresses": csv.schema(ADDRESSES).option("enforceSchema", "false").csv(str(landing / "addresses")),
        "orders": json.schema(ORDERS).json(str(landing / "orders")),
    }
    return {
        name: lake.write(
            f"bronze.{name}",
            rows.select(
                "*", F.col("_metadata.file_path").alias("source_file"), F.current_timestamp().alias("loaded_at")
            ),
        )
        for name, rows in landed.items()
    }


def build_silver(lake: Lakehouse, bronze: Mapping[str, DataFrame]) -> dict[str, DataFrame]:
    """Rows that keep the rules, the customers of today, and where they lived when."""
    customers_clean = clean_customers(lake, bronze["customers"])
    addresses_clean = clean_addresses(lake, bronze["addresses"])
    orders_clean = clean_orders(lake, bronze["orders"])
    newest = Window.partitionBy("customer_id").orderBy(F.col("created_date").desc())
    customers = lake.write(
        "silver.customers",
        customers_clean.withColumn("newest", F.row_number().over(newest)).where("newest = 1").drop("newest"),
    )
    addresses = lake.write("silver.addresses", history(addresses_clean))
    orders = lake.write("silver.orders", order_items(orders_clean))
    lake.check_key("silver.customers_clean", customers_clean, ["customer_id", "created_date"])
    lake.check_key("silver.addresses_clean", addresses_clean, ["customer_id", "created_date"])
    lake.check_key("silver.orders_clean", orders_clean, ["order_id"])
    lake.check_key("silver.orders", orders, ["order_id", "item_id"])
    lake.check_key("silver.current_addresses", addresses.where("__END_AT IS NULL"), ["customer_id"])
    lake.check_parent("silver.addresses", addresses.where("__END_AT IS NULL"), customers, "customer_id")
    lake.check_parent("silver.orders", orders, customers, "customer_id")
    lake.check_parent("silver.orders", orders, orders_clean, "order_id")
    return {"customers": customers, "addresses": addresses, "orders_clean": orders_clean, "orders": orders}


def clean_customers(lake: Lakehouse, landed: DataFrame) -> DataFrame:
    """Customers with a name; those without are set aside."""
    rows = landed.select(
        "customer_id",
        "customer_name",
        F.col("date_of_birth").try_cast("DATE").alias("date_of_birth"),
        F.regexp_replace("telephone", "[^0-9]", "").alias("telephone"),
        "email",
        F.col("created_date").try_cast("DATE").alias("created_date"),
    ).where(must_hold("customer_id IS NOT NULL"))
    set_aside(lake, "silver.customers_clean", rows, "valid_customer_name", "customer_name IS NOT NULL")
    rules = {
        "valid_customer_id": "customer_id IS NOT NULL",
        "valid_customer_name": "customer_name IS NOT NULL",
        "valid_telephone": "length(telephone) >= 10",
        "valid_email": "email IS NOT NULL",
        "valid_date_of_birth": "date_of_birth >= DATE '1920-01-01'",
    }
    return lake.write("silver.customers_clean", rows, rules, "customer_name IS NOT NULL")


def clean_addresses(lake: Lakehouse, landed: DataFrame) -> DataFrame:
    """Addresses with a street; those without are set aside."""
    rows = landed.select(*ADDRESS[:-1], F.col("created_date").try_cast("DATE").alias("created_date"))
    rows = rows.where(must_hold("customer_id IS NOT NULL"))
    set_aside(lake, "silver.addresses_clean", rows, "valid_address", "address_line_1 IS NOT NULL")
    rules = {
        "valid_customer_id": "customer_id IS NOT NULL",
        "valid_address": "address_line_1 IS NOT NULL",
        "valid_postcode": "length(postcode) = 5",
    }
    return lake.write("silver.addresses_clean", rows, rules, "address_line_1 IS NOT NULL")


def clean_orders(lake: Lakehouse, landed: DataFrame) -> DataFrame:
    """Orders that name themselves and their customer."""
    rows = landed.select(
        "order_id",
        "customer_id",
        F.col("order_timestamp").try_cast("TIMESTAMP").alias("order_timestamp"),
        "payment_method",
        "order_status",
        "items",
    ).where(must_hold("order_id IS NOT NULL AND customer_id IS NOT NULL"))
    rules = {
        "valid_order_id": "order_id IS NOT NULL",
        "valid_customer_id": "customer_id IS NOT NULL",
        "valid_order_status": "order_status IN ('Pending', 'Shipped', 'Cancelled', 'Completed')",
        "valid_payment_method": "payment_method IN ('Credit Card', 'Bank Transfer', 'PayPal')",
    }
    return lake.write("silver.orders_clean", rows, rules)


def must_hold(condition: str) -> Column:
    """A filter that stops the script instead of dropping a row."""
    return F.expr(f"if({condition}, true, raise_error('a row breaks: {condition}'))")


def set_aside(lake: Lakehouse, table: str, rows: DataFrame, rule: str, condition: str) -> None:
    """Write the rows that a rule drops."""
    lake.write(f"{table}_quarantine", rows.where(f"NOT {condition}").withColumn("broken_rules", F.array(F.lit(rule))))


def history(changes: DataFrame) -> DataFrame:
    """One row for each time in which an address was the same."""
    in_order = Window.partitionBy("customer_id").orderBy("created_date")
    values = F.struct(*ADDRESS[1:])
    begins = changes.where(F.col("created_date").isNotNull()).withColumn(
        "is_new", ~values.eqNullSafe(F.lag(values).over(in_order))
    )
    return (
        begins.where("is_new")
        .withColumn("__START_AT", F.col("created_date"))
        .withColumn("__END_AT", F.lead("created_date").over(in_order))
        .drop("is_new")
    )


def order_items(orders: DataFrame) -> DataFrame:
    """Order items, one row per item of an order."""
    return orders.withColumn("item", F.explode("items")).select(
        "order_id",
        "customer_id",
        "order_timestamp",
        "payment_method",
        "order_status",
        "item.item_id",
        F.col("item.name").alias("item_name"),
        F.col("item.category").alias("item_category"),
        F.col("item.price").alias("item_price"),
        F.col("item.quantity").alias("item_quantity"),
    )


def build_gold(lake: Lakehouse, silver: Mapping[str, DataFrame]) -> None:
    """The tables that people look at."""
    current = silver["addresses"].where("__END_AT IS NULL").select(*ADDRESS[:-1])
    summary = lake.write("gold.customer_order_summary", order_summary(silver, current))
    days = lake.write("gold.daily_sales", daily_sales(silver["orders"]))
    waiting = lake.write(
        "gold.open_orders", open_orders(silver, current), {"known_address": "address_line_1 IS NOT NULL"}
    )
    products = lake.write("gold.product_sales", product_sales(silver["orders"]))
    lake.check_key("gold.customer_order_summary", summary, ["customer_id"])
    lake.check_key("gold.daily_sales", days, ["order_date"])
    lake.check_key("gold.open_orders", waiting, ["order_id"])
    lake.check_key("gold.product_sales", products, ["item_id"])
    lake.check_parent("gold.customer_order_summary", summary, silver["customers"], "customer_id")
    lake.check_parent("gold.open_orders", waiting, silver["customers"], "customer_id")


def order_summary(silver: Mapping[str, DataFrame], current: DataFrame) -> DataFrame:
    """Customers with orders and their totals."""
    totals = (
        silver["orders"]
        .groupBy("customer_id")
        .agg(
            F.countDistinct("order_id").alias("total_orders"),
            F.sum("item_quantity").alias("total_items_ordered"),
            revenue().alias("total_order_amount"),
        )
    )
    return silver["customers"].drop("created_date").join(totals, "customer_id").join(current, "customer_id", "left")


def daily_sales(orders: DataFrame) -> DataFrame:
    """Sales per day."""
    return (
        orders.where("order_status <> 'Cancelled'")
        .groupBy(F.to_date("order_timestamp").alias("order_date"))
        .agg(
            F.countDistinct("order_id").alias("orders"),
            F.countDistinct("customer_id").alias("customers"),
            F.sum("item_quantity").alias("items_sold"),
            revenue().alias("revenue"),
        )
    )


def open_orders(silver: Mapping[str, DataFrame], current: DataFrame) -> DataFrame:
    """Pending orders."""
    totals = silver["orders"].groupBy("order_id")
    return (
        silver["orders_clean"]
        .where("order_status = 'Pending'")
        .select("order_id", "order_timestamp", "customer_id")
        .join(totals.agg(F.sum("item_quantity").alias("items_ordered"), revenue().alias("order_amount")), "order_id")
        .join(silver["customers"].select("customer_id", "customer_name", "telephone"), "customer_id", "left")
        .join(current, "customer_id", "left")
    )


def product_sales(orders: DataFrame) -> DataFrame:
    """Sales per product."""
    return (
        orders.where("order_status <> 'Cancelled'")
        .groupBy("item_id")
        .agg(
            F.max_by("item_name", "order_timestamp").alias("item_name"),
            F.max_by("item_category", "order_timestamp").alias("item_category"),
            F.countDistinct("order_id").alias("orders"),
            F.sum("item_quantity").alias("items_sold"),
            revenue().alias("revenue"),
            F.max("order_timestamp").alias("last_ordered_at"),
        )
    )


def revenue() -> Column:
    """What the order items of a group cost together."""
    return F.sum(F.col("item_price") * F.col("item_quantity")).cast("DECIMAL(18, 2)")


if __name__ == "__main__":
    main()
