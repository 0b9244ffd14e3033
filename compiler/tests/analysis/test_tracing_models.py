"""Python models of the kinds that people write, with the columns, types and keys that they have."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import dedent

import pytest
from traced_shop import describe_plan, read

from cbx.analysis.tracing.client import Tracer
from cbx.analysis.tracing.requests import Traced
from cbx.analysis.verdicts import result_keys

pytest.importorskip("pysail", reason="tracing needs the extra `trace`")


@pytest.fixture(scope="module")
def tracer() -> Iterator[Tracer]:
    with Tracer() as started:
        yield started


MODELS = {
    "a join to the one side keeps the key": (
        """
        def model(orders, customers):
            return (
                orders.where(F.col("status") != "Cancelled")
                .join(customers, "customer_id", "left")
                .select("order_id", "customer_id", F.upper("name").alias("customer"), "total")
            )
        """,
        """
        order_id BIGINT
        customer_id BIGINT
        customer STRING
        total DECIMAL(18, 2)
        key: order_id
        """,
    ),
    "a join to the many side multiplies": (
        """
        def model(orders, lines):
            joined = orders.join(lines, orders["order_id"] == lines["order_id"])
            amount = (F.col("quantity") * F.col("price")).alias("amount")
            return joined.select(orders["order_id"], "line_number", amount)
        """,
        """
        order_id BIGINT
        line_number INT
        amount DECIMAL(21, 2)
        key: order_id, line_number
        """,
    ),
    "an aggregate before the join keeps the key": (
        """
        def model(orders, lines, customers):
            per_order = lines.groupBy(F.col("order_id").alias("id"))
            totals = per_order.agg(F.sum("quantity").alias("items"), F.count("*").alias("n"))
            return (
                orders.alias("o")
                .join(totals.alias("t"), F.col("o.order_id") == F.col("t.id"))
                .join(customers.alias("c"), F.expr("o.customer_id = c.customer_id"), "left")
                .selectExpr("o.order_id", "c.name as customer", "items", "n")
            )
        """,
        """
        order_id BIGINT
        customer STRING
        items BIGINT
        n BIGINT
        key: order_id
        """,
    ),
    "the first row of each partition": (
        """
        def model(events):
            latest = Window.partitionBy("customer_id").orderBy(F.desc("at"))
            return events.withColumn("n", F.row_number().over(latest)).filter("n = 1").drop("n")
        """,
        """
        event_id STRING
        customer_id BIGINT
        kind STRING
        at TIMESTAMP
        key: customer_id
        """,
    ),
    "duplicates dropped by some columns": (
        """
        def model(events):
            return events.dropDuplicates(["customer_id", "kind"]).withColumnRenamed("kind", "sort")
        """,
        """
        event_id STRING
        customer_id BIGINT
        sort STRING
        at TIMESTAMP
        key: customer_id, sort
        """,
    ),
    "duplicates dropped by all columns": (
        """
        def model(events):
            return events.select("customer_id", F.to_date("at").alias("day")).distinct()
        """,
        """
        customer_id BIGINT
        day DATE
        key: customer_id, day
        """,
    ),
    "posexplode adds its position to the key": (
        """
        def model(products):
            return products.select("product_id", F.posexplode("tags").alias("position", "tag"))
        """,
        """
        product_id BIGINT
        position INT
        tag STRING
        key: product_id, position
        """,
    ),
    "explode leaves no key": (
        """
        def model(products):
            return products.withColumn("tag", F.explode_outer("tags")).select("product_id", "tag")
        """,
        """
        product_id BIGINT
        tag STRING
        """,
    ),
    "a union whose branches carry their name": (
        """
        def model(orders, events):
            id_ = F.col("order_id").cast("string").alias("id")
            first = orders.select(F.lit("order").alias("origin"), id_, "customer_id")
            kept = events.dropDuplicates(["event_id"])
            second = kept.select("customer_id", F.col("event_id").alias("id"), F.lit("event").alias("origin"))
            return first.unionByName(second)
        """,
        """
        origin STRING
        id STRING
        customer_id BIGINT
        key: origin, id
        """,
    ),
    "a union of parts of one table by a literal": (
        """
        def model(orders, customers):
            first = orders.select(F.lit("o").alias("origin"), F.col("order_id").alias("id"))
            second = customers.select(F.lit("c").alias("origin"), F.col("customer_id").alias("id"))
            third = orders.select(F.lit("x").alias("origin"), "order_id")
            return first.union(second).unionAll(third)
        """,
        """
        origin STRING
        id BIGINT
        key: origin, id
        """,
    ),
    "an aggregate by an expression, with a share of its group": (
        """
        def model(orders, lines):
            month = F.date_trunc("month", "placed_at").alias("month")
            sold = orders.join(lines, "order_id").groupBy(month, "product_id").agg(F.sum("quantity").alias("sold"))
            return sold.withColumn("share", F.col("sold") / F.sum("sold").over(Window.partitionBy("month")))
        """,
        """
        month TIMESTAMP
        product_id BIGINT
        sold BIGINT
        share DOUBLE
        key: month, product_id
        """,
    ),
    "a rollup has no key, since its NULLs may be the data's": (
        """
        def model(orders):
            return orders.rollup("status", "customer_id").count()
        """,
        """
        status STRING
        customer_id BIGINT
        count BIGINT
        """,
    ),
    "a rollup by two names of one column, of which a set leaves out one": (
        """
        def model(orders):
            named = orders.select("status", F.col("status").alias("again"))
            return named.rollup("status", "again").agg(F.lit(1).alias("one")).distinct().drop("again")
        """,
        """
        status ?
        one ?
        """,
    ),
    "a cube with the number of its grouping": (
        """
        def model(orders):
            return orders.cube("status").agg(F.grouping_id().alias("grouping"), F.sum("total").alias("total"))
        """,
        """
        status STRING
        grouping BIGINT
        total DECIMAL(28, 2)
        key: status, grouping
        """,
    ),
    "the current rows of a table with history": (
        """
        def model(tiers, customers):
            now = tiers.where(F.col("__END_AT").isNull())
            return customers.join(now, "customer_id", "left").select("customer_id", "name", "tier")
        """,
        """
        customer_id BIGINT
        name STRING
        tier STRING
        key: customer_id
        """,
    ),
    "all rows of a table with history multiply": (
        """
        def model(tiers, customers):
            return customers.join(tiers, "customer_id", "left").select("customer_id", "name", "tier")
        """,
        """
        customer_id BIGINT
        name STRING
        tier STRING
        """,
    ),
    "the fields of a struct": (
        """
        def model(products):
            return products.select("product_id", "supplier.*", F.col("supplier.city").alias("town"))
        """,
        """
        product_id BIGINT
        id BIGINT
        city STRING
        town STRING
        key: product_id
        """,
    ),
    "a query over frames": (
        """
        def model(orders, customers):
            return spark.sql(
                "SELECT c.country, count(*) AS orders FROM {o} o JOIN {c} c USING (customer_id) GROUP BY c.country",
                o=orders,
                c=customers,
            )
        """,
        """
        country STRING
        orders BIGINT
        key: country
        """,
    ),
    "a pivot has the columns it is grouped by as its key": (
        """
        def model(orders):
            return orders.groupBy("customer_id").pivot("status", ["Pending", "Shipped"]).agg(F.sum("total"))
        """,
        """
        customer_id BIGINT
        Pending DECIMAL(28, 2)
        Shipped DECIMAL(28, 2)
        key: customer_id
        """,
    ),
    "rows that have a partner, and rows that have none": (
        """
        def model(customers, orders, events):
            return customers.join(orders, "customer_id", "left_semi").join(events, ["customer_id"], "left_anti")
        """,
        """
        customer_id BIGINT
        name STRING
        country STRING
        email STRING
        key: customer_id
        """,
    ),
    "a value that a filter fixes leaves the key": (
        """
        def model(events):
            kept = events.dropDuplicates(["customer_id", "kind"])
            return kept.where(kept.kind == "login").select("customer_id", "at")
        """,
        """
        customer_id BIGINT
        at TIMESTAMP
        key: customer_id
        """,
    ),
    "a value that a setting fixes leaves the key": (
        """
        def model(events):
            kept = events.dropDuplicates(["customer_id", "kind"])
            return kept.where(kept.kind == var("kind")).select("customer_id", "at")
        """,
        """
        customer_id BIGINT
        at TIMESTAMP
        key: customer_id
        """,
    ),
    "a replaced key is none": (
        """
        def model(orders):
            return orders.select("order_id", "total").fillna(0, ["order_id"])
        """,
        """
        order_id BIGINT
        total DECIMAL(18, 2)
        """,
    ),
    "a full join on names whose types lose digits": (
        """
        def model(customers, orders):
            amounts = orders.select(F.col("order_id").cast("double").alias("n")).filter("n IS NOT NULL").distinct()
            numbers = customers.select(F.col("customer_id").alias("n")).filter("n IS NOT NULL").distinct()
            return numbers.join(amounts, "n", "full")
        """,
        """
        n DOUBLE
        """,
    ),
    "a full join on names of one type": (
        """
        def model(customers, orders):
            buyers = orders.filter("customer_id IS NOT NULL").select("customer_id").distinct()
            return customers.filter("customer_id IS NOT NULL").select("customer_id").join(buyers, "customer_id", "full")
        """,
        """
        customer_id BIGINT
        key: customer_id
        """,
    ),
    "a full join may have one row without a customer from each side": (
        """
        def model(customers, orders):
            per_customer = orders.groupBy("customer_id").agg(F.max("placed_at").alias("last"))
            return customers.join(per_customer, ["customer_id"], "full").select("customer_id", "last")
        """,
        """
        customer_id BIGINT
        last TIMESTAMP
        """,
    ),
    "a function of the user's may give anything": (
        """
        def model(orders):
            shout = F.udf(lambda text: text + "!", "string")
            return orders.groupBy(shout("status").alias("status")).agg(F.max("order_id").alias("latest"))
        """,
        """
        status STRING
        latest BIGINT
        key: status
        """,
    ),
    "a window function whose NULLs are ignored gives a value for each row": (
        """
        def model(orders):
            before = F.expr("lag(status) IGNORE NULLS OVER (PARTITION BY customer_id ORDER BY order_id)")
            return orders.select("customer_id", before.alias("before"))
        """,
        """
        customer_id BIGINT
        before STRING
        """,
    ),
    "the same in the text of a selection": (
        """
        def model(orders):
            return orders.selectExpr(
                "customer_id",
                "first(status) RESPECT NULLS OVER (PARTITION BY customer_id ORDER BY order_id) AS first",
            )
        """,
        """
        customer_id BIGINT
        first STRING
        """,
    ),
    "a number with a point fixes no whole number": (
        """
        def model(lines):
            return lines.where(F.col("order_id") == 9007199254740992.0).select("order_id", "line_number", "quantity")
        """,
        """
        order_id BIGINT
        line_number INT
        quantity INT
        key: order_id, line_number
        """,
    ),
    "a whole number fixes one": (
        """
        def model(lines):
            return lines.where(F.col("order_id") == 9007199254740992).select("line_number", "quantity")
        """,
        """
        line_number INT
        quantity INT
        key: line_number
        """,
    ),
    "what is drawn for grouping is drawn again for the result": (
        """
        def model(orders):
            part = F.floor(F.call_function("rand") * 3)
            return orders.groupBy(part.alias("part")).agg(F.max("order_id").alias("latest"))
        """,
        """
        part ?
        latest ?
        """,
    ),
    "windows in two orders are two windows": (
        """
        def model(orders):
            first = F.sum("total").over(Window.orderBy("order_id"))
            second = F.sum("total").over(Window.orderBy(F.desc("order_id")))
            both = orders.select(first.alias("first"), second.alias("second"))
            return both.dropDuplicates(["first"]).select("second")
        """,
        """
        second DECIMAL(28, 2)
        """,
    ),
    "windows with two frames are two windows": (
        """
        def model(orders):
            by = Window.orderBy("order_id")
            first = F.sum("total").over(by.rowsBetween(-1, 0)).alias("first")
            second = F.sum("total").over(by.rowsBetween(-2, 0)).alias("second")
            return orders.select(first, second).dropDuplicates(["first"]).select("second")
        """,
        """
        second DECIMAL(28, 2)
        """,
    ),
    "an aggregate written in Python leaves one row": (
        """
        def model(orders):
            median = F.pandas_udf(lambda values: values.median(), "double", F.PandasUDFType.GROUPED_AGG)
            return orders.select(median("total").alias("median"))
        """,
        """
        median ?
        key: (one row)
        """,
    ),
    "rows that a function makes have the columns that it declares": (
        """
        def model(orders):
            return orders.mapInPandas(lambda parts: parts, "order_id BIGINT, price DECIMAL(9, 3)")
        """,
        """
        order_id BIGINT
        price DECIMAL(9, 3)
        """,
    ),
    "a sum of everything has one row": (
        """
        def model(orders):
            return orders.select(F.sum("total").alias("total"), F.countDistinct("customer_id").alias("customers"))
        """,
        """
        total DECIMAL(28, 2)
        customers BIGINT
        key: (one row)
        """,
    ),
    "a window of time groups rows": (
        """
        def model(events):
            day = F.window("at", "1 day")
            return events.groupBy(day.alias("day"), "kind").count().select("day", "kind", "count")
        """,
        """
        day STRUCT<start: TIMESTAMP, end: TIMESTAMP>
        kind STRING
        count BIGINT
        key: day, kind
        """,
    ),
    "a sliding window of time multiplies rows": (
        """
        def model(orders):
            hours = F.window("placed_at", "2 hours", "1 hour")
            return orders.withColumn("hours", hours).select("order_id", F.col("hours.start").alias("hour"))
        """,
        """
        order_id BIGINT
        hour TIMESTAMP
        """,
    ),
    "a column that is there twice can be dropped once": (
        """
        def model(orders, customers):
            doubled = orders.select("order_id", F.col("order_id").alias("id"), "customer_id")
            return doubled.drop(doubled["id"]).join(customers.drop("name", "email"), "customer_id")
        """,
        """
        customer_id BIGINT
        order_id BIGINT
        country STRING
        key: order_id
        """,
    ),
    "a threshold of no value drops no row": (
        """
        def model(customers, orders):
            everything = customers.join(orders, "customer_id", "full")
            return everything.dropna(thresh=0, subset=["order_id"]).select("order_id")
        """,
        """
        order_id BIGINT
        """,
    ),
    "a threshold of one value needs it": (
        """
        def model(customers, orders):
            everything = customers.join(orders, "customer_id", "full")
            return everything.dropna(thresh=1, subset=["order_id"]).select("order_id")
        """,
        """
        order_id BIGINT
        key: order_id
        """,
    ),
    "files, watermarks and hints change no columns": (
        """
        def model(orders):
            seen = orders.observe("seen", F.count("*").alias("n"))
            late = seen.withWatermark("placed_at", "1 day").hint("broadcast").repartition(4).sort("total")
            return late.select("order_id", F.col("_metadata.file_path").alias("file")).limit(100)
        """,
        """
        order_id BIGINT
        file STRING
        key: order_id
        """,
    ),
}


@pytest.mark.parametrize("case", MODELS, ids=str)
def test_model(case: str, tracer: Tracer) -> None:
    """Each model has the columns, the types and the keys that its author would find by hand."""
    source, expected = MODELS[case]

    assert describe_plan(tracer, source) == dedent(expected).strip()


UNKNOWN = {
    'customers.select("customer_id", F.upper("nmae").alias("name"))': "nmae",
    "customers.select(customers.nmae)": "nmae",
    'customers.withColumn("x", customers["nmae"])': "nmae",
    'customers.selectExpr("upper(nmae) AS x")': "nmae",
    'customers.where("nmae IS NULL")': "nmae",
    'customers.groupBy("nmae").count()': "nmae",
    'customers.groupBy("country").agg(F.max("nmae"))': "nmae",
    'customers.join(customers, "nmae")': "nmae",
    'customers.dropDuplicates(["nmae"])': "nmae",
    'customers.na.drop(subset=["nmae"])': "nmae",
    'customers.orderBy("nmae").select("name")': "nmae",
    'customers.drop("name").select(customers.name)': "",
    'customers.drop("nmae").withColumnRenamed("nmea", "x")': "",
}


@pytest.mark.parametrize("expression", UNKNOWN)
def test_unknown_column(expression: str, tracer: Tracer) -> None:
    """A column that no input has is reported where the model names it, with those that there are; Spark drops and
    renames what there is, and what was dropped may be found all the same.
    """
    _, plan = read(tracer, f"def model(customers):\n    return {expression}")
    found = [(column.name, column.place and column.place.line, column.candidates) for column in plan.unknown_columns]

    name = UNKNOWN[expression]
    assert found == ([(name, 11, ("customer_id", "name", "country", "email"))] if name else [])


def test_place_of_an_unknown_column(tracer: Tracer) -> None:
    """It is the line that names the column, however many lines the step has."""
    _, plan = read(
        tracer,
        """
        def model(customers):
            return customers.select(
                "customer_id",
                F.upper("nmae").alias("name"),
            )
        """,
    )

    assert [column.place and column.place.line for column in plan.unknown_columns] == [13]


def test_rows_made_of_an_aggregate(tracer: Tracer) -> None:
    """An aggregate without groups is one row, unless what is selected beside it makes several of it."""
    _, plan = read(
        tracer,
        """
        def model(orders):
            return orders.select(F.count("*").alias("n"), F.explode(F.array(F.lit(1), F.lit(2))).alias("e"))
        """,
    )

    assert result_keys(plan.relation) == ()


def test_query_that_the_engine_does_not_know(tracer: Tracer) -> None:
    """Where the engine does not understand a plan, what is unique in it is still found, and no column is blamed."""
    outcome, plan = read(
        tracer,
        """
        def model(orders):
            return spark.sql("SELECT status, count(*) AS n FROM {o} GROUP BY ALL", o=orders)
        """,
    )
    found = (isinstance(outcome, Traced) and outcome.columns, result_keys(plan.relation), plan.unknown_columns)

    assert found == (None, (("status",),), ())


KEYS = {
    'lines.unpivot(["order_id", "line_number"], ["quantity", "product_id"], "what", "n")': (
        "order_id, line_number, what"
    ),
    'lines.select("order_id", "line_number", "price").melt(["order_id", "line_number"], None, "what", "n")': (
        "order_id, line_number, what"
    ),
    'lines.unpivot(["order_id", "line_number"], ["quantity", "quantity"], "what", "n")': "",
    'lines.unpivot("order_id", ["quantity", "line_number"], "what", "n")': "",
    'lines.unpivot([F.col("order_id") % 2, "line_number"], ["quantity"], "what", "n")': "",
    'lines.unpivot(["order_id", "line_number"], ["quantity", "product_id"], "what", "n").drop("what")': "",
    'orders.groupBy(F.window("placed_at", "1 hour"), "status").count().select("window.start", "status")': (
        "start, status"
    ),
    'orders.groupBy(F.window("placed_at", "1 day").alias("w")).count().select(F.col("w.end").alias("e"))': "e",
    'orders.groupBy(F.window("placed_at", "1 day"), "status").count().select("window.start")': "",
    'orders.groupBy(F.window("placed_at", "1 day", "1 hour")).count().select("window.start")': "",
    'orders.groupBy(F.session_window("placed_at", "1 hour"), "status").count().select("session_window.start")': "",
    'orders.cube("status", "customer_id").agg(F.grouping("status").alias("s"), F.grouping("customer_id").alias("c"))': (
        "status, customer_id, s, c"
    ),
    'orders.cube("status", "customer_id").agg(F.grouping("status").alias("s"), F.count("*").alias("n"))': "",
    'orders.rollup("status").agg(F.grouping("status").alias("s")).select("status", "s")': "status, s",
    'orders.rollup("status").agg((F.grouping("status") * 0).alias("s")).select("status", "s")': "",
}


@pytest.mark.parametrize("expression", KEYS)
def test_key_of_a_step(expression: str, tracer: Tracer) -> None:
    """Steps that make rows and groups, and near misses: the only key, or none."""
    parameter = expression.partition(".")[0]
    _, plan = read(tracer, f"def model({parameter}):\n    return {expression}")

    assert [", ".join(key) for key in result_keys(plan.relation)] == ([KEYS[expression]] if KEYS[expression] else [])
