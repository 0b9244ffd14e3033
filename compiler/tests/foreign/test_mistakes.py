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
error: an expectation stands above the dataset's decorator, where it has no effect
  --> above.py:3
   = hint: put @dlt.table or @dlt.view on top and the expectations below it
error: the configuration has no value for `shop.landing`
  --> conf.py:3
   = hint: give it one with --var shop.landing=..., or a default: spark.conf.get(name, default)
error: dbutils.notebook needs a Databricks workspace
  --> exits.py:1
   = hint: import what the other notebook defines as a module; a pipeline runs every notebook to its end
error: `dlt` has no function `tables`
  --> flow.py:3
   = hint: did you mean `table`?
error: ModuleNotFoundError: No module named 'modules_of_nobody'
  --> missing.py:2
error: KeyError: 'town'
  --> raises.py:4
error: a %run cell cannot run in a pipeline
  --> run.py:6
   = hint: import the module instead, or name both notebooks as sources of the pipeline
error: a pipeline does not run the statement SELECT
  --> select.py:8:9
   = hint: define a table with CREATE OR REFRESH MATERIALIZED VIEW name AS SELECT ...
error: `SELECT` is not expected here: expected AS, or a clause of a materialized view (CLUSTER BY, COMMENT, \
DEFAULT COLLATION, LOCATION, PARTITIONED BY, REFRESH POLICY, ROW FILTER, SCHEDULE, TBLPROPERTIES, TRIGGER ON, USING, \
WITH ROW FILTER)
  --> statement.sql:2:44
   = hint: put AS in front of the query
error: SyntaxError: expected ':'
  --> syntax.py:7
error: `Sales.Orders` is defined twice; the other definition is at twice.py:3
  --> twice.py:7
   = hint: rename one of them
error: dbutils.widgets needs a Databricks workspace
  --> widgets.py:2
   = hint: give values to a pipeline as configuration, and read them with spark.conf.get("name")
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
error: read: there is no table `silver.oders`
  --> notebook.py:10
   = hint: did you mean `silver.orders`?
error: read_by_spark: there is no table `silver.oders`
  --> notebook.py:14
   = hint: did you mean `silver.orders`?
error: read_by_sql: there is no table `silver.oders`
  --> notebook.py:18
   = hint: did you mean `silver.orders`?
error: read_as_stream: there is no table `silver.oders`
  --> notebook.py:22
   = hint: did you mean `silver.orders`?
error: read_column: [UNRESOLVED_COLUMN.WITH_SUGGESTION] A column, variable, or function parameter with name `prize` \
cannot be resolved. Did you mean one of the following? [`price`, `id`].
  --> notebook.py:26
error: nothing: `nothing` returns NoneType and not a DataFrame
  --> notebook.py:28
   = hint: return the DataFrame that the query builds
error: egg: the datasets read each other in a circle: hen -> egg -> hen
  --> notebook.py:38
   = hint: let one of them read something else
error: fed_by_batch: `silver.orders` is not append-only (batch), so it cannot be read as a stream
  --> notebook.py:42
   = hint: read it with spark.read.table, or stream from what feeds it
"""


def said(desk: Desk, answer: Answer) -> str:
    """The problems, with paths as seen from the desk."""
    return "\n" + answer.problems.replace(f"{desk.folder}/", "")


def test_what_is_wrong_in_any_file_is_said_in_one_go(desk: Desk) -> None:
    """Nothing is updated when a file cannot be loaded, and every file is told about."""
    for name, text in LOADED.items():
        desk.notebook(text, f"shop/{name}")
    answer = desk.run(paths=("shop",))

    assert (answer.status, said(desk, answer).replace("shop/", "")) == (1, SAID_OF_LOADED)


def test_what_is_wrong_in_a_query_stops_its_table_and_those_behind(desk: Desk) -> None:
    """The others are made; each problem stands at the line of the query."""
    desk.notebook(QUERIES)
    answer = desk.run()
    problems = said(desk, answer)

    assert problems.startswith(SAID_OF_QUERIES), problems
    assert [line.partition(": [")[0] for line in problems.splitlines() if line.startswith("error: ")][8:] == [
        "error: ruled: the expectation `has_prize` (prize > 0) is not a condition on these rows",
        "error: strict: `cheap` fails for 1 of 3 rows",
        "error: in_a_worker: ZeroDivisionError: integer division or modulo by zero",
        "error: typed: the schema cannot be read",
        "error: cloud: cloudFiles.fromat is no option of Auto Loader",
    ]
    assert {name for name, status in answer.statuses.items() if status == "skipped"} == {"hen", "behind_strict"}
    assert (answer.status, desk.rows("silver.orders")) == (1, [(0, 0), (1, 1.5), (2, 3)])
