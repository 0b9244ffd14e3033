"""What an update does to the tables of a pipeline."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from cbx.render.html.last_run import LastCount, read_last_run
from cbx.runtime import DatasetResult, RunRequest, run_update
from cbx.runtime.log.events import diagnostic_text
from cbx.runtime.log.last_update import last_update
from compiler.tests.runtime.pipelines import Pipeline, problems

ORDERS = """
    import dlt

    @dlt.table(name="bronze.orders")
    def bronze_orders():
        return spark.readStream.schema("id INT, amount INT, status STRING").json("landing/orders")

    @dlt.table(name="silver.orders")
    @dlt.expect_or_fail("has_id", "id IS NOT NULL")
    @dlt.expect_or_drop("has_amount", "amount > 0")
    @dlt.expect("known_status", "status IN ('open', 'done')")
    def silver_orders():
        return spark.readStream.table("bronze.orders")

    @dlt.table(name="gold.totals")
    def totals():
        return spark.sql("SELECT status, sum(amount) AS amount FROM silver.orders GROUP BY status")
"""


def test_every_row_is_read_once_from_one_update_to_the_next(pipeline: Pipeline) -> None:
    """A second update reads the new file alone, and a third one has nothing to do."""
    pipeline.notebook(ORDERS)
    pipeline.land(
        "orders/1.json", '{"id": 1, "amount": 5, "status": "open"}\n{"id": 2, "amount": 7, "status": "done"}\n'
    )
    pipeline.succeed()
    pipeline.land("orders/2.json", '{"id": 3, "amount": 1, "status": "open"}\n')
    second = pipeline.succeed()
    third = pipeline.succeed()

    actual = (
        second["silver.orders"].rows_read,
        {result.status for result in third.values()},
        pipeline.rows("gold.totals"),
    )
    assert actual == (1, {"unchanged"}, [("done", 7), ("open", 6)])


def test_rules_count_every_row_and_null_is_a_violation(pipeline: Pipeline) -> None:
    """All rules see all rows, also those that another rule drops."""
    pipeline.notebook(ORDERS)
    pipeline.land(
        "orders/1.json",
        """
        {"id": 1, "amount": 5, "status": "open"}
        {"id": 2, "amount": null, "status": null}
        {"id": 3, "amount": 0, "status": "lost"}
        """,
    )
    result = pipeline.succeed()["silver.orders"]

    actual = (result.rows_written, result.rows_dropped, [(r.name, r.passed, r.failed) for r in result.expectations])
    assert actual == (1, 2, [("has_id", 3, 0), ("has_amount", 1, 2), ("known_status", 1, 2)])


def test_a_failed_rule_leaves_its_table_and_skips_what_reads_it(pipeline: Pipeline) -> None:
    """The tables before the failed one are updated, the failed one and those after it stay."""
    pipeline.notebook(ORDERS)
    pipeline.land("orders/1.json", '{"id": 1, "amount": 5, "status": "open"}\n')
    pipeline.succeed()
    pipeline.land("orders/2.json", '{"id": null, "amount": 5, "status": "open"}\n')
    result = pipeline.run()

    actual = (
        [(dataset.name, dataset.status) for dataset in result.datasets],
        pipeline.rows("silver.orders"),
        pipeline.rows("gold.totals"),
    )
    assert actual == (
        [("bronze.orders", "completed"), ("silver.orders", "failed"), ("gold.totals", "skipped")],
        [(1, 5, "open")],
        [("open", 5)],
    )


def test_what_failed_is_read_again(pipeline: Pipeline) -> None:
    """Once the rule is corrected, the rows of the failed update arrive."""
    notebook = pipeline.notebook(ORDERS)
    pipeline.land("orders/1.json", '{"id": null, "amount": 5, "status": "open"}\n')
    assert not pipeline.run().is_success
    notebook.write_text(notebook.read_text().replace("id IS NOT NULL", "amount IS NOT NULL"))
    pipeline.succeed()

    assert pipeline.rows("silver.orders") == [(None, 5, "open")]


def test_a_landing_file_that_was_repaired_is_read_as_it_is_now(pipeline: Pipeline) -> None:
    """A failed update plans nothing: a file may be corrected or removed before the next one."""
    pipeline.notebook("""
        import dlt

        @dlt.table
        @dlt.expect_or_fail("has_id", "id IS NOT NULL")
        def orders():
            return spark.readStream.schema("id INT").json("landing/orders")
    """)
    pipeline.land("orders/1.json", '{"id": 1}\n')
    pipeline.succeed()
    broken = pipeline.land("orders/2.json", '{"id": null}\n')
    assert not pipeline.run().is_success
    broken.unlink()
    pipeline.land("orders/3.json", '{"id": 3}\n')
    pipeline.succeed()

    assert pipeline.rows("orders") == [(1,), (3,)]


def test_a_failed_batch_rule_leaves_the_last_version(pipeline: Pipeline) -> None:
    """A batch table is replaced by a whole new version or not at all."""
    notebook = pipeline.notebook("""
        import dlt

        @dlt.table
        @dlt.expect_or_fail("positive", "id > 0")
        def numbers():
            return spark.range(1, 3)
    """)
    pipeline.succeed()
    notebook.write_text(notebook.read_text().replace("range(1, 3)", "range(0, 3)"))
    result = pipeline.run()

    actual = (diagnostic_text(result.datasets[0].diagnostic).splitlines()[0], pipeline.rows("numbers"))
    assert actual == (f"{notebook}:3:1: numbers: `positive` failed for 1 of 3 rows", [(1,), (2,)])


def test_a_cycle_is_named(pipeline: Pipeline) -> None:
    """Datasets that read each other are reported with the cycle, and nothing else stops."""
    pipeline.notebook("""
        import dlt

        @dlt.table
        def a():
            return spark.read.table("b")

        @dlt.table
        def b():
            return spark.sql("SELECT * FROM LIVE.a")

        @dlt.table
        def c():
            return spark.range(1)
    """)
    result = pipeline.run()

    actual = {
        dataset.name: (dataset.status, dataset.diagnostic and dataset.diagnostic.message) for dataset in result.datasets
    }
    assert actual == {
        "b": ("failed", "datasets depend on each other in a cycle: a -> b -> a"),
        "a": ("skipped", "its input `b` failed"),
        "c": ("completed", None),
    }


@pytest.mark.needs_spark("qualified names of joined views")
def test_views_are_checked_where_they_are_read(pipeline: Pipeline) -> None:
    """A view's rules drop rows and are counted in the flow that reads it, in batch and in streams."""
    pipeline.notebook("""
        import dlt

        @dlt.view(name="good_orders")
        @dlt.expect_or_drop("positive", "id > 0")
        def good_orders():
            return spark.readStream.schema("id INT").json("landing/orders")

        @dlt.table
        def streamed():
            return dlt.readStream("good_orders")

        @dlt.view
        @dlt.expect("small", "id < 2")
        def small():
            return dlt.read("streamed")

        @dlt.table
        def batch():
            return spark.sql("SELECT a.id FROM small a JOIN LIVE.small b USING (id)")
    """)
    pipeline.land("orders/1.json", '{"id": 0}\n{"id": 1}\n{"id": 2}\n')
    results = pipeline.succeed()

    actual = {name: [(r.dataset, r.name, r.passed, r.failed) for r in results[name].expectations] for name in results}
    assert actual == {"streamed": [("good_orders", "positive", 2, 1)], "batch": [("small", "small", 1, 1)]}


def test_a_view_s_failed_rule_fails_its_reader(pipeline: Pipeline) -> None:
    """The reader keeps its rows, and the problem names the view and the rule."""
    pipeline.notebook("""
        import dlt

        @dlt.view
        @dlt.expect_or_fail("positive", "id > 0")
        def numbers():
            return spark.range(2)

        @dlt.table
        def reader():
            return dlt.read("numbers")
    """)
    (result,) = pipeline.run().datasets

    assert (result.status, result.diagnostic and result.diagnostic.message) == ("failed", "numbers: `positive` failed")


def test_sql_reads_streams_views_and_tables_by_any_name(pipeline: Pipeline) -> None:
    """STREAM, LIVE, backticks, case and common table expressions find the datasets that they mean."""
    pipeline.notebook("""
        from pyspark import pipelines as dp

        @dp.table(name="bronze.raw_orders")
        def raw():
            return spark.readStream.schema("id INT").json("landing/orders")

        @dp.table(name="silver.orders")
        def silver():
            return spark.sql("SELECT raw_orders.id, 'x' AS tag FROM STREAM(Bronze.Raw_Orders)")

        @dp.temporary_view
        def doubled():
            return spark.sql("SELECT id * 2 AS id FROM `silver`.`orders`")

        @dp.materialized_view(name="gold.all_ids")
        def all_ids():
            return spark.sql('''
                WITH orders AS (SELECT id FROM silver.orders)
                SELECT silver.orders.id FROM silver.orders
                UNION ALL SELECT id FROM LIVE.doubled
                UNION ALL SELECT id * 10 FROM orders
            ''')
    """)
    pipeline.land("orders/1.json", '{"id": 1}\n')
    pipeline.succeed()

    assert pipeline.rows("gold.all_ids") == [(1,), (2,), (10,)]


def test_several_flows_fill_one_table(pipeline: Pipeline) -> None:
    """Append flows defined in a loop, and one with once=True that runs a single time."""
    pipeline.notebook("""
        import dlt

        dlt.create_streaming_table("orders", expect_all_or_drop={"positive": "id > 0"})

        def define(region):
            @dlt.append_flow(target="orders", name=f"from_{region}")
            def flow():
                return spark.readStream.schema("id INT").json(f"landing/{region}")

        for region in ("north", "south"):
            define(region)

        @dlt.append_flow(target="orders", once=True)
        def backfill():
            return spark.range(100, 102).selectExpr("CAST(id AS INT) AS id")
    """)
    pipeline.land("north/1.json", '{"id": 1}\n{"id": -1}\n')
    pipeline.land("south/1.json", '{"id": 2}\n')
    first = pipeline.succeed()["orders"]
    pipeline.land("south/2.json", '{"id": 3}\n')
    pipeline.succeed()

    actual = (first.rows_read, first.rows_dropped, pipeline.rows("orders"))
    assert actual == (5, 1, [(1,), (2,), (3,), (100,), (101,)])


def test_changes_are_merged_from_one_update_to_the_next(pipeline: Pipeline) -> None:
    """A view feeds a type 1 and a type 2 target, late rows and deletes included."""
    pipeline.notebook("""
        import dlt
        from pyspark.sql.functions import col, expr

        @dlt.view
        def changes():
            return spark.readStream.schema("id INT, city STRING, op STRING, seq INT").json("landing/changes")

        dlt.create_streaming_table("current")
        dlt.apply_changes(
            target="current", source="changes", keys=["id"], sequence_by=col("seq"),
            apply_as_deletes=expr("op = 'DELETE'"), except_column_list=["op", "seq"],
        )
        dlt.create_target_table("history")
        dlt.create_auto_cdc_flow(
            target="history", source="LIVE.changes", keys=["id"], sequence_by="seq",
            apply_as_deletes="op = 'DELETE'", except_column_list=["op", "seq"], stored_as_scd_type=2,
        )
    """)
    pipeline.land("changes/1.json", '{"id": 1, "city": "Ulm", "seq": 1}\n{"id": 2, "city": "Rom", "seq": 1}\n')
    pipeline.succeed()
    pipeline.land("changes/2.json", '{"id": 1, "city": "Bonn", "seq": 3}\n{"id": 2, "op": "DELETE", "seq": 4}\n')
    pipeline.succeed()
    pipeline.land("changes/3.json", '{"id": 1, "city": "Kiel", "seq": 2}\n{"id": 2, "city": "Nice", "seq": 3}\n')
    pipeline.succeed()

    assert (pipeline.rows("current"), pipeline.rows("history")) == (
        [(1, "Bonn")],
        [(1, "Bonn", 3, None), (1, "Kiel", 2, 3), (1, "Ulm", 1, 2), (2, "Nice", 3, 4), (2, "Rom", 1, 3)],
    )


def test_snapshots_are_compared(pipeline: Pipeline) -> None:
    """A function hands over one snapshot after the other; what is gone is deleted."""
    pipeline.notebook("""
        import dlt

        SNAPSHOTS = {1: [(1, "Ulm"), (2, "Rom")], 2: [(1, "Bonn")]}

        def next_snapshot(last):
            version = (last or 0) + 1
            if version not in SNAPSHOTS:
                return None
            return spark.createDataFrame(SNAPSHOTS[version], "id INT, city STRING"), version

        dlt.create_streaming_table("history")
        dlt.create_auto_cdc_from_snapshot_flow(
            target="history", source=next_snapshot, keys=["id"], stored_as_scd_type=2
        )
    """)
    pipeline.succeed()
    pipeline.succeed()

    assert pipeline.rows("history") == [(1, "Bonn", 2, None), (1, "Ulm", 1, 2), (2, "Rom", 1, 2)]


def test_what_depends_on_known_things_alone_is_remembered(pipeline: Pipeline) -> None:
    """An update with nothing new needs no Spark, unless code or a query can see more than the landing folder."""
    notebook = pipeline.notebook(ORDERS)
    pipeline.land("orders/1.json", '{"id": 1, "amount": 5, "status": "open"}\n')

    def is_remembered(text: str) -> bool:
        notebook.write_text(text)
        pipeline.succeed()
        return (pipeline.state / "last_update.json").exists()

    text = notebook.read_text().replace(
        '.schema("id INT, amount INT, status STRING").json("landing/orders")',
        '.format("cloudFiles").option("cloudFiles.format", "json")'
        '.schema("id INT, amount INT, status STRING").load("landing/orders")',
    )
    actual = (
        is_remembered(text),
        is_remembered(text.replace("sum(amount)", "sum(amount) + extract(YEAR FROM current_date())")),
        is_remembered("import datetime\n" + text),
        is_remembered(notebook.read_text().replace("import datetime\n", "")),
    )
    assert actual == (True, False, False, True)


def test_new_files_are_noticed_after_an_update_with_nothing_new(pipeline: Pipeline) -> None:
    """So is a change of the notebook, and of the configuration."""
    notebook = pipeline.notebook("""
        import dlt

        @dlt.table
        def orders():
            reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
            return reader.schema("id INT").load("landing/orders")

        @dlt.table
        def doubled():
            return spark.read.table("orders").selectExpr("id * 2 AS id")
    """)
    pipeline.land("orders/1.json", '{"id": 1}\n')
    pipeline.succeed()
    statuses = [{result.status for result in pipeline.succeed().values()}]
    pipeline.land("orders/2.json", '{"id": 2}\n')
    statuses.append({result.status for result in pipeline.succeed().values()})
    notebook.write_text(notebook.read_text().replace("id * 2", "id * 3"))
    statuses.append({result.status for result in pipeline.succeed().values()})

    assert (statuses, pipeline.rows("doubled")) == (
        [{"unchanged"}, {"completed"}, {"unchanged", "completed"}],
        [(3,), (6,)],
    )


def test_a_full_refresh_starts_over(pipeline: Pipeline) -> None:
    """Everything that is still in the landing folder is read again, once."""
    pipeline.notebook(ORDERS)
    first = pipeline.land("orders/1.json", '{"id": 1, "amount": 5, "status": "open"}\n')
    pipeline.succeed()
    first.unlink()
    pipeline.land("orders/2.json", '{"id": 2, "amount": 7, "status": "open"}\n')
    pipeline.succeed(full_refresh=True)

    assert pipeline.rows("silver.orders") == [(2, 7, "open")]


def test_a_stream_whose_source_was_started_over_is_refused(pipeline: Pipeline) -> None:
    """Its rows would arrive a second time; the way out is to start it over as well."""
    pipeline.notebook(ORDERS)
    pipeline.land("orders/1.json", '{"id": 1, "amount": 5, "status": "open"}\n')
    pipeline.succeed()
    pipeline.succeed(select=frozenset({"bronze.orders"}), full_refresh=True)
    result = pipeline.run()

    actual = [
        (dataset.name, dataset.status, dataset.diagnostic and dataset.diagnostic.hint) for dataset in result.datasets
    ]
    assert actual[1] == (
        "silver.orders",
        "failed",
        "run with --full-refresh --select silver.orders",
    )


def test_only_what_is_selected_is_updated(pipeline: Pipeline) -> None:
    """What a selected table reads is read as it stands."""
    pipeline.notebook(ORDERS)
    pipeline.land("orders/1.json", '{"id": 1, "amount": 5, "status": "open"}\n')
    pipeline.succeed()
    pipeline.land("orders/2.json", '{"id": 2, "amount": 7, "status": "open"}\n')
    results = pipeline.succeed(select=frozenset({"silver.orders"}))

    assert (list(results), pipeline.rows("silver.orders")) == (["silver.orders"], [(1, 5, "open")])


@pytest.mark.needs_spark("casts to arrays")
def test_a_declared_schema_orders_casts_and_checks(pipeline: Pipeline) -> None:
    """Keys, generated columns and NOT NULL of the DDL text are understood."""
    notebook = pipeline.notebook("""
        import dlt

        @dlt.table(schema='''
            id BIGINT NOT NULL COMMENT 'the key, really',
            price DECIMAL(10, 2),
            tags ARRAY<STRUCT<name: STRING, weight: INT>>,
            doubled BIGINT GENERATED ALWAYS AS (id * 2),
            CONSTRAINT orders_pk PRIMARY KEY (id)
        ''')
        @dlt.expect_or_drop("positive", "id > 0")
        def orders():
            return spark.sql("SELECT 1.5 AS price, ID FROM VALUES (1), (NULL) AS t(ID)")
    """)
    pipeline.succeed()
    rows = [(row[0], str(row[1]), *row[2:]) for row in pipeline.rows("orders")]
    notebook.write_text(notebook.read_text().replace("id > 0", "price > 0"))
    failed = pipeline.run().datasets[0]

    reason = failed.diagnostic.message if failed.diagnostic else ""
    assert (rows, reason) == ([(1, "1.50", None, 2)], "orders: `id NOT NULL` failed for 1 of 2 rows")


def test_new_columns_join_a_streaming_table(pipeline: Pipeline) -> None:
    """Rows from before have NULL in them."""
    notebook = pipeline.notebook("""
        import dlt

        @dlt.table
        def orders():
            return spark.readStream.schema("id INT").json("landing/orders")
    """)
    pipeline.land("orders/1.json", '{"id": 1}\n')
    pipeline.succeed()
    notebook.write_text(notebook.read_text().replace("id INT", "id INT, city STRING"))
    pipeline.land("orders/2.json", '{"id": 2, "city": "Ulm"}\n')
    pipeline.succeed()

    assert pipeline.rows("orders") == [(1, None), (2, "Ulm")]


@pytest.mark.needs_spark("to_json of an expression")
def test_sinks_get_each_row_once(pipeline: Pipeline) -> None:
    """Files go to the folder that is named; what has no local place goes to the state folder."""
    pipeline.notebook("""
        import dlt

        @dlt.table
        def orders():
            return spark.readStream.schema("id INT").json("landing/orders")

        dlt.create_sink("files", "json", {"path": "out"})
        dlt.create_sink("topic", "kafka", {"kafka.bootstrap.servers": "x:1", "topic": "orders"})

        @dlt.append_flow(target="files")
        def to_files():
            return spark.readStream.table("orders")

        @dlt.append_flow(target="topic")
        def to_topic():
            return dlt.read_stream("orders").selectExpr("to_json(struct(*)) AS value")
    """)
    pipeline.land("orders/1.json", '{"id": 1}\n')
    pipeline.succeed()
    pipeline.land("orders/2.json", '{"id": 2}\n')
    pipeline.succeed()

    def lines(folder: Path) -> list[str]:
        return sorted(line for file in folder.glob("*.json") for line in file.read_text().splitlines())

    actual = (lines(pipeline.folder / "out"), lines(pipeline.state / "sinks" / "topic"))
    assert actual == (['{"id":1}', '{"id":2}'], ['{"value":"{\\"id\\":1}"}', '{"value":"{\\"id\\":2}"}'])


def test_mistakes_in_notebooks_are_places_and_reasons(pipeline: Pipeline) -> None:
    """All files are loaded, so all of them report."""
    first = pipeline.notebook("import dlt\n\n\ndef f(:\n", "a.py")
    second = pipeline.notebook("import dlt\n\ndlt.tabel()\n", "b.py")
    third = pipeline.notebook(
        """
        # Databricks notebook source

        # COMMAND ----------

        # MAGIC %sql
        # MAGIC SELECT 1
        """,
        "c.py",
    )
    result = pipeline.run()

    actual = [diagnostic_text(problem).splitlines()[0] for problem in problems(result)]
    assert actual == [
        f"{first}:4:1: invalid Python: invalid syntax",
        f"{second}:3:1: `dlt` has no function `tabel`",
        f"{third}:6:9: SELECT is not a statement of a pipeline",
    ]


@pytest.mark.needs_spark("the message is that of Spark, which runs the queries that Sail refuses")
def test_a_rule_that_is_no_condition_is_named(pipeline: Pipeline) -> None:
    """The reason says which of the rules it is about."""
    pipeline.notebook("""
        import dlt

        @dlt.table
        @dlt.expect("fine", "id >= 0")
        @dlt.expect("wrong", "idd >= 0")
        def numbers():
            return spark.range(3)
    """)
    (result,) = pipeline.run().datasets

    reason = result.diagnostic.message if result.diagnostic else ""
    assert reason.partition(": ")[0] == "the expectation `wrong` (idd >= 0) is invalid"


def test_what_only_a_workspace_has_is_refused_with_a_way_out(pipeline: Pipeline) -> None:
    """An expectation above its dataset would be lost, and files of the workspace are not here."""
    first = pipeline.notebook(
        """
        import dlt

        @dlt.expect("positive", "id > 0")
        @dlt.table
        def numbers():
            return spark.range(3)
        """,
        "a.py",
    )
    second = pipeline.notebook('files = dbutils.fs.ls("/")\n', "b.py")
    result = pipeline.run()

    actual = [diagnostic_text(problem).splitlines()[0] for problem in problems(result)]
    assert actual == [
        f"{first}:3:1: an expectation above the decorator of the dataset has no effect",
        f"{second}:1:1: dbutils.fs needs a Databricks workspace",
    ]


def test_a_table_may_refuse_to_be_reset(pipeline: Pipeline) -> None:
    """The property ``pipelines.reset.allowed`` keeps its rows through a full refresh."""
    pipeline.notebook("""
        import dlt

        @dlt.table(table_properties={"pipelines.reset.allowed": "false"})
        def kept():
            return spark.readStream.schema("id INT").json("landing/orders")

        @dlt.table
        def reset():
            return spark.readStream.schema("id INT").json("landing/orders")
    """)
    first = pipeline.land("orders/1.json", '{"id": 1}\n')
    pipeline.succeed()
    first.unlink()
    pipeline.land("orders/2.json", '{"id": 2}\n')
    pipeline.succeed(full_refresh=True)

    assert (pipeline.rows("kept"), pipeline.rows("reset")) == ([(1,), (2,)], [(2,)])


@pytest.mark.needs_spark("a dry run")
def test_a_dry_run_checks_and_writes_nothing(pipeline: Pipeline) -> None:
    """Every dataset gets its columns from those it reads, so mistakes in queries are found without rows."""
    pipeline.notebook(ORDERS, "a.py")
    pipeline.notebook(
        """
        import dlt

        @dlt.view
        def changes():
            return dlt.read_stream("bronze.orders")

        dlt.create_streaming_table("current")
        dlt.create_auto_cdc_flow(target="current", source="changes", keys=["id"], sequence_by="amount")

        @dlt.table
        def wrong():
            return spark.read.table("current").select("idd")
        """,
        "b.py",
    )
    pipeline.land("orders/1.json", '{"id": null}\n')
    result = pipeline.run(dry_run=True)

    actual = (
        [(dataset.name, dataset.kind, dataset.inputs, dataset.diagnostic is None) for dataset in result.datasets],
        pipeline.state.exists(),
    )
    assert actual == (
        [
            ("changes", "view", ("bronze.orders",), True),
            ("bronze.orders", "streaming", (), True),
            ("silver.orders", "streaming", ("bronze.orders",), True),
            ("gold.totals", "batch", ("silver.orders",), True),
            ("current", "scd 1", ("changes",), True),
            ("wrong", "", ("current",), False),
        ],
        False,
    )


@pytest.mark.needs_spark("the message is that of Spark, which runs the queries that Sail refuses")
def test_a_mistake_in_a_query_is_at_its_line(pipeline: Pipeline) -> None:
    """What Spark says is shortened to the reason."""
    notebook = pipeline.notebook("""
        import dlt

        @dlt.table
        def numbers():
            frame = spark.range(3)
            return frame.select("idd")
    """)
    (result,) = pipeline.run().datasets

    actual = diagnostic_text(result.diagnostic).partition(" ")
    assert (actual[0], actual[2].partition("]")[0]) == (f"{notebook}:6:5:", "[UNRESOLVED_COLUMN.WITH_SUGGESTION")


@pytest.mark.needs_spark("functions in Python")
def test_an_error_in_a_worker_is_at_the_user_s_line(pipeline: Pipeline) -> None:
    """A UDF that fails is reported like any other line of the notebook."""
    notebook = pipeline.notebook("""
        import dlt
        from pyspark.sql.functions import udf

        def half(number):
            return 1 // number

        @dlt.table
        def halves():
            return spark.range(2).select(udf(half, "INT")("id"))
    """)
    (result,) = pipeline.run().datasets

    assert (
        diagnostic_text(result.diagnostic) == f"{notebook}:5:5: ZeroDivisionError: integer division or modulo by zero"
    )


@pytest.mark.needs_spark("functions in Python")
def test_modules_beside_the_notebook_reach_spark_s_workers(pipeline: Pipeline) -> None:
    """A helper's function can be a UDF although no worker could import it."""
    pipeline.notebook("def shout(text):\n    return text.upper()\n", "helpers/words.py")
    pipeline.notebook("""
        import dlt
        from helpers.words import shout
        from pyspark.sql.functions import udf

        @dlt.table
        def words():
            return spark.sql("SELECT 'hey' AS word").withColumn("loud", udf(shout)("word"))
    """)
    pipeline.succeed()

    assert pipeline.rows("words") == [("hey", "HEY")]


@pytest.mark.needs_spark("looks at the session")
def test_the_configuration_is_read_and_put_back(pipeline: Pipeline) -> None:
    """``spark.conf.get`` sees the pipeline's configuration during the update alone."""
    pipeline.notebook("""
        import dlt

        @dlt.table
        def settings():
            return spark.sql(f"SELECT '{spark.conf.get('shop.region')}' AS region")
    """)
    pipeline.succeed(configuration={"shop.region": "north"})
    result = pipeline.run()

    actual = (pipeline.rows("settings"), result.datasets[0].status)
    assert actual == ([("north",)], "failed")


def test_the_log_has_the_shape_of_the_event_log(pipeline: Pipeline) -> None:
    """Counts stand where the Databricks event log has them."""
    pipeline.notebook(ORDERS)
    pipeline.land("orders/1.json", '{"id": 1, "amount": 0, "status": "open"}\n')
    pipeline.succeed()
    rows = [json.loads(line) for line in (pipeline.state / "events.jsonl").read_text().splitlines()]
    flow = [row for row in rows if row["origin"].get("dataset_name") == "silver.orders"][-1]

    assert flow["details"] == {
        "flow_progress": {
            "status": "COMPLETED",
            "metrics": {"num_output_rows": 0},
            "data_quality": {
                "dropped_records": 1,
                "expectations": [
                    {"name": "has_id", "dataset": "silver.orders", "passed_records": 1, "failed_records": 0},
                    {"name": "has_amount", "dataset": "silver.orders", "passed_records": 0, "failed_records": 1},
                    {"name": "known_status", "dataset": "silver.orders", "passed_records": 1, "failed_records": 0},
                ],
            },
        }
    }


CHECKED = """
    import dlt

    @dlt.table
    @dlt.expect("is_small", "id < 3")
    @dlt.expect_or_drop("has_id", "id IS NOT NULL")
    def numbers():
        return spark.readStream.schema("id INT").json("landing/numbers")

    @dlt.view
    @dlt.expect("is_even", "id % 2 = 0")
    def seen():
        return spark.readStream.table("numbers")

    @dlt.table
    @dlt.expect("is_two", "id = 2")
    def copies():
        return spark.readStream.table("seen")

    @dlt.table
    @dlt.expect("is_two", "id = 2")
    def whole():
        return spark.read.table("numbers")

    @dlt.table
    def other():
        return spark.readStream.schema("id INT").json("landing/others")
"""


def verdicts(results: dict[str, DatasetResult]) -> dict[str, tuple[str, int, list[tuple[str, str, int, int]]]]:
    return {
        name: (
            result.status,
            result.rows_dropped,
            [(r.dataset, r.name, r.passed, r.failed) for r in result.expectations],
        )
        for name, result in results.items()
    }


def test_what_did_not_change_keeps_its_verdict(pipeline: Pipeline) -> None:
    """Broken rules stay broken where nothing is computed again: with other news, and with none at all."""
    pipeline.notebook(CHECKED)
    pipeline.land("numbers/1.json", '{"id": 1}\n{"id": 5}\n{"id": null}\n')
    pipeline.land("others/1.json", '{"id": 1}\n')
    first = verdicts(pipeline.succeed())
    pipeline.land("others/2.json", '{"id": 2}\n')
    second = verdicts(pipeline.succeed())
    third = verdicts(pipeline.succeed())

    numbers = (1, [("numbers", "is_small", 1, 2), ("numbers", "has_id", 2, 1)])
    copies = (0, [("copies", "is_two", 0, 2), ("seen", "is_even", 0, 2)])
    whole = (0, [("whole", "is_two", 0, 2)])
    assert first == {
        "numbers": ("completed", *numbers),
        "copies": ("completed", *copies),
        "whole": ("completed", *whole),
        "other": ("completed", 0, []),
    }
    assert second == {
        "numbers": ("unchanged", *numbers),
        "copies": ("unchanged", *copies),
        "whole": ("unchanged", *whole),
        "other": ("completed", 0, []),
    }
    assert third == {**second, "other": ("unchanged", 0, [])}


def test_the_log_of_an_update_with_nothing_to_do_has_the_counts_of_the_last_one(pipeline: Pipeline) -> None:
    """Where Spark does not even start, the log and what is read from it say what is broken."""
    pipeline.notebook("""
        import dlt

        @dlt.table
        @dlt.expect("is_small", "id < 3")
        def numbers():
            reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
            return reader.option("cloudFiles.schemaHints", "id INT").load("landing/numbers")
    """)
    pipeline.land("numbers/1.json", '{"id": 1}\n{"id": 5}\n')
    pipeline.succeed()
    pipeline.succeed()
    rows = last_update(pipeline.state)
    progress = [row["details"]["flow_progress"] for row in rows if row["event_type"] == "flow_progress"][-1]
    run = read_last_run(rows)

    assert (progress["status"], progress["unchanged"], progress["metrics"]) == (
        "COMPLETED",
        True,
        {"num_output_rows": 0},
    )
    assert progress["data_quality"]["expectations"] == [
        {"name": "is_small", "dataset": "numbers", "passed_records": 1, "failed_records": 1}
    ]
    assert run.datasets["numbers"].status == "unchanged"
    assert run.rules["numbers", "is_small"] == LastCount(1, 1, is_unchanged=True)


def test_a_rule_that_changed_has_no_verdict_of_the_old_one(pipeline: Pipeline) -> None:
    """What the rows of earlier updates mean to a new condition is not known."""
    notebook = pipeline.notebook(CHECKED)
    pipeline.land("numbers/1.json", '{"id": 1}\n{"id": 5}\n{"id": null}\n')
    pipeline.land("others/1.json", '{"id": 1}\n')
    pipeline.succeed()
    notebook.write_text(notebook.read_text().replace("id < 3", "id < 9"))

    assert verdicts(pipeline.succeed())["numbers"] == ("unchanged", 1, [("numbers", "has_id", 2, 1)])


def test_flows_into_one_table_change_it_together(pipeline: Pipeline) -> None:
    """Where the second flow fails, the rows of the first one wait, and come once."""
    pipeline.notebook("""
        import dlt

        dlt.create_streaming_table("all", expect_all_or_fail={"has_id": "id IS NOT NULL"})

        for place in ("north", "south"):
            def rows(place=place):
                return spark.readStream.schema("id INT").json(f"landing/{place}")
            dlt.append_flow(target="all", name=place)(rows)

        @dlt.append_flow(target="all", once=True)
        def start():
            return spark.sql("SELECT 0 AS id")
    """)
    pipeline.land("north/1.json", '{"id": 1}\n')
    pipeline.land("south/1.json", '{"id": 2}\n')
    pipeline.succeed()
    pipeline.land("north/2.json", '{"id": 3}\n')
    pipeline.land("south/2.json", '{"id": null}\n')
    assert not pipeline.run().is_success
    failed = pipeline.rows("all")
    pipeline.land("south/2.json", '{"id": 4}\n')
    pipeline.succeed()

    assert (failed, pipeline.rows("all")) == ([(0,), (1,), (2,)], [(0,), (1,), (2,), (3,), (4,)])


def test_an_update_that_fails_leaves_no_column_behind(pipeline: Pipeline) -> None:
    """What Auto Loader learnt of a file that was wrong is forgotten with its rows."""
    pipeline.notebook("""
        import dlt

        @dlt.table
        @dlt.expect_or_fail("has_id", "id IS NOT NULL")
        def loaded():
            reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
            return reader.option("cloudFiles.schemaHints", "id INT").load("landing/loaded")
    """)
    pipeline.land("loaded/1.json", '{"id": 1}\n')
    pipeline.succeed()
    pipeline.land("loaded/2.json", '{"id": null, "mistake": 1}\n')
    assert not pipeline.run().is_success
    pipeline.land("loaded/2.json", '{"id": 2}\n')
    pipeline.succeed()

    assert (pipeline.columns("loaded"), pipeline.rows("loaded")) == (
        ["id", "_rescued_data"],
        [(1, None), (2, None)],
    )


@pytest.mark.needs_spark("its updates are made of requests")
def test_a_table_of_another_version_is_rebuilt_only_when_that_is_asked_for(pipeline: Pipeline) -> None:
    """Its checkpoints may mean something else, so an update refuses it, and says what to do."""
    pipeline.notebook("""
        import dlt

        @dlt.table
        def numbers():
            return spark.readStream.schema("id INT").json("landing/numbers")
    """)
    pipeline.land("numbers/1.json", '{"id": 1}\n')
    pipeline.succeed()
    pointer = next(pipeline.state.glob("tables/*/*/table.json"))
    pointer.write_text(pointer.read_text().replace('"format": 2', '"format": 1'))
    request = RunRequest((pipeline.folder / "notebooks",), pipeline.state, {}, pipeline.folder, master="local[2]")
    (refused,) = run_update(request, pipeline.events.append).datasets
    rebuilt = run_update(replace(request, full_refresh=True), pipeline.events.append)

    assert rebuilt.is_success
    assert refused.diagnostic is not None
    assert (refused.status, refused.diagnostic.message, pipeline.rows("numbers")) == (
        "failed",
        "`numbers` was written by another version of cbx",
        [(1,)],
    )
