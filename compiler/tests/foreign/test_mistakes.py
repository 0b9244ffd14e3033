"""What people get wrong in notebooks: a place, a reason and a way out, and never a traceback."""

from __future__ import annotations

from compiler.tests.foreign.terminal import Answer, Desk

LOADED = {
    "above.py": """
        import dlt

        @dlt.expect("positive", "id > 0")
        @dlt.table
        def above():
            return spark.range(3)
    """,
    "conf.py": """
        import dlt

        landing = spark.conf.get("shop.landing")
    """,
    "exits.py": """
        dbutils.notebook.exit("done")
    """,
    "flow.py": """
        import dlt

        landing = dlt.tables
    """,
    "missing.py": """
        import dlt
        import modules_of_nobody
    """,
    "raises.py": """
        import dlt

        def settings():
            return {"region": "north"}["town"]

        settings()
    """,
    "run.py": """
        # Databricks notebook source
        import dlt

        # COMMAND ----------

        # MAGIC %run ./shared/setup
    """,
    "select.py": """
        # Databricks notebook source
        # MAGIC %md
        # MAGIC # Orders

        # COMMAND ----------

        # MAGIC %sql
        # MAGIC SELECT * FROM orders
    """,
    "statement.sql": """
        -- Databricks notebook source
        CREATE OR REFRESH MATERIALIZED VIEW orders SELECT 1
    """,
    "syntax.py": """
        # Databricks notebook source
        import dlt

        # COMMAND ----------

        @dlt.table
        def orders()
            return spark.range(3)
    """,
    "twice.py": """
        import dlt

        @dlt.table(name="sales.orders")
        def orders():
            return spark.range(3)

        @dlt.table(name="Sales.Orders")
        def orders_again():
            return spark.range(3)
    """,
    "widgets.py": """
        # Databricks notebook source
        region = dbutils.widgets.get("region")
    """,
}

SAID_OF_LOADED = """
error[CBX505] invalid-definition: an expectation above the decorator of the dataset has no effect
--> above.py:3:1
= hint: put @dlt.table or @dlt.view first and the expectations below it
error[CBX505] invalid-definition: `shop.landing` is not in the configuration
--> conf.py:3:1
= hint: set it with --var shop.landing=..., or use a default: spark.conf.get(name, default)
error[CBX504] not-supported-locally: dbutils.notebook needs a Databricks workspace
--> exits.py:1:1
= hint: run the other notebook with %run, or import it as a module
error[CBX505] invalid-definition: `dlt` has no function `tables`
--> flow.py:3:1
= hint: did you mean `table`?
error[CBX501] query-failed: ModuleNotFoundError: No module named 'modules_of_nobody'
--> missing.py:2:1
error[CBX501] query-failed: KeyError: 'town'
--> raises.py:4:5
error[CBX505] invalid-definition: there is no notebook ./shared/setup beside run.py
--> run.py:6:1
= hint: paths of %run are relative to the notebook; add the file, or correct the path
error[CBX506] invalid-statement: SELECT is not a statement of a pipeline
--> select.py:8:9
= hint: define a table with CREATE OR REFRESH MATERIALIZED VIEW name AS SELECT ...
error[CBX506] invalid-statement: `SELECT` is not expected here: expected AS, \
or a clause of a materialized view (CLUSTER BY, COMMENT, \
DEFAULT COLLATION, LOCATION, PARTITIONED BY, REFRESH POLICY, ROW FILTER, SCHEDULE, TBLPROPERTIES, TRIGGER ON, USING, \
WITH ROW FILTER)
--> statement.sql:2:44
= hint: put AS before the query
error[CBX505] invalid-definition: invalid Python: expected ':'
--> syntax.py:7:1
error[CBX505] invalid-definition: `Sales.Orders` is defined twice
--> twice.py:7:1
::: twice.py:3:1
= hint: rename one of them
error[CBX505] invalid-definition: the widget `region` has no value
--> widgets.py:2:1
= hint: set it with --var region=..., with the environment variable CBX_WIDGET_REGION, or give it a default: \
dbutils.widgets.text("region", "...")
"""

QUERIES = """
    import dlt
    from pyspark.sql import functions as F

    @dlt.table(name="silver.orders")
    def orders():
        return spark.range(3).withColumn("price", F.col("id") * 1.5)

    @dlt.table
    def read():
        return dlt.read("silver.oders")

    @dlt.table
    def read_by_spark():
        return spark.read.table("silver.oders")

    @dlt.table
    def read_by_sql():
        return spark.sql("SELECT * FROM silver.oders JOIN LIVE.silver.orders USING (id)")

    @dlt.table
    def read_as_stream():
        return spark.readStream.table("silver.oders")

    @dlt.table
    def read_column():
        return dlt.read("silver.orders").select("prize")

    @dlt.table
    def nothing():
        dlt.read("silver.orders")

    @dlt.table
    def hen():
        return dlt.read("egg")

    @dlt.table
    def egg():
        return spark.sql("SELECT * FROM hen")

    @dlt.table
    def fed_by_batch():
        return dlt.read_stream("silver.orders")

    @dlt.table
    @dlt.expect("has_prize", "prize > 0")
    def ruled():
        return dlt.read("silver.orders")

    @dlt.table
    @dlt.expect_or_fail("cheap", "price < 2")
    def strict():
        return dlt.read("silver.orders")

    @dlt.table
    def behind_strict():
        return dlt.read("strict")

    @F.udf("int")
    def share(number):
        return 10 // number

    @dlt.table
    def in_a_worker():
        return dlt.read("silver.orders").select(share("id").alias("share"))

    @dlt.table(schema="id BIGINTEGER")
    def typed():
        return dlt.read("silver.orders").select("id")

    @dlt.table
    def cloud():
        return spark.readStream.format("cloudFiles").option("cloudFiles.fromat", "json").load("landing")
"""

SAID_OF_QUERIES = """
error[CBX503] unknown-table: read: there is no table `silver.oders`
--> notebook.py:10:5
= hint: did you mean `silver.orders`?
error[CBX503] unknown-table: read_by_spark: there is no table `silver.oders`
--> notebook.py:14:5
= hint: did you mean `silver.orders`?
error[CBX503] unknown-table: read_by_sql: there is no table `silver.oders`
--> notebook.py:18:5
= hint: did you mean `silver.orders`?
error[CBX503] unknown-table: read_as_stream: there is no table `silver.oders`
--> notebook.py:22:5
= hint: did you mean `silver.orders`?
error[CBX501] query-failed: read_column: [UNRESOLVED_COLUMN.WITH_SUGGESTION] \
A column, variable, or function parameter with name `prize` \
cannot be resolved. Did you mean one of the following? [`price`, `id`].
--> notebook.py:26:5
error[CBX505] invalid-definition: nothing: `nothing` returns NoneType instead of a DataFrame
--> notebook.py:28:1
= hint: return the DataFrame of the query
error[CBX505] invalid-definition: egg: datasets depend on each other in a cycle: hen -> egg -> hen
--> notebook.py:38:5
= hint: remove one of these reads
error[CBX505] invalid-definition: fed_by_batch: `silver.orders` cannot be read as a stream: \
it is not append-only (batch)
--> notebook.py:42:5
= hint: read it with spark.read.table, or stream from its input
"""


def problem_text(desk: Desk, answer: Answer) -> str:
    """The problems, with paths as seen from the desk."""
    return "\n" + answer.problems.replace(f"{desk.folder}/", "")


def test_what_is_wrong_in_any_file_is_said_in_one_go(desk: Desk) -> None:
    """Nothing is updated when a file cannot be loaded, and every file is told about."""
    for name, text in LOADED.items():
        desk.notebook(text, f"shop/{name}")
    answer = desk.run(paths=("shop",))

    assert (answer.status, problem_text(desk, answer).replace("shop/", "")) == (1, SAID_OF_LOADED)


def test_what_is_wrong_in_a_query_stops_its_table_and_those_behind(desk: Desk) -> None:
    """The others are made; each problem stands at the line of the query."""
    desk.notebook(QUERIES)
    answer = desk.run()
    problems = problem_text(desk, answer)

    assert problems.startswith(SAID_OF_QUERIES), problems
    assert [line.partition(": [")[0] for line in problems.splitlines() if line.startswith("error")][8:] == [
        "error[CBX505] invalid-definition: ruled: the expectation `has_prize` (prize > 0) is invalid",
        "error[CBX502] expectation-failed: strict: `cheap` failed for 1 of 3 rows",
        "error[CBX501] query-failed: in_a_worker: ZeroDivisionError: integer division or modulo by zero",
        "error[CBX505] invalid-definition: typed: invalid schema=",
        "error[CBX505] invalid-definition: cloud: cloudFiles.fromat is not an option of Auto Loader",
    ]
    assert {name for name, status in answer.statuses.items() if status == "skipped"} == {"hen", "behind_strict"}
    assert (answer.status, desk.rows("silver.orders")) == (1, [(0, 0), (1, 1.5), (2, 3)])
