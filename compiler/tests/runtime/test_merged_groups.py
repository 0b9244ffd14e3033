"""Groups of a view that are merged with new rows, and the files that are written for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from cbx.runtime.flows.batch.rewrite_files import choose_files
from cbx.runtime.refresh_rules.query_description import Obstacle
from cbx.runtime.refresh_rules.query_plan import name_column
from cbx.runtime.spark.plans.new_rows import readable_plan, values_of_changes
from compiler.tests.runtime.pipelines import Pipeline
from compiler.tests.runtime.test_refresh_decisions import decisions

TABLES = """
    import dlt

    @dlt.table
    def orders():
        columns = "id BIGINT, city STRING, amount DECIMAL(10, 2), weight DOUBLE, at TIMESTAMP"
        return spark.readStream.schema(columns).json("landing/orders")

    @dlt.table
    def cities():
        return spark.read.schema("city STRING, name STRING").json("landing/cities")
"""


def define(name: str, query: str, table: str = "") -> str:
    """The definition of a view."""
    return f"\n    @dlt.table({table})\n    def {name}():\n        return spark.sql({query!r})\n"


def land(pipeline: Pipeline, number: int, *rows: dict[str, Any], folder: str = "orders") -> None:
    pipeline.land(f"{folder}/{number}.json", "".join(json.dumps(row) + "\n" for row in rows))


def files_of(pipeline: Pipeline, view: str) -> dict[int, str]:
    """The names of the files of a view, by their inodes."""
    files = (pipeline.state / "tables").glob(f"*/{view}/v*/**/*.parquet")
    return {file.stat().st_ino: file.name for file in files}


@pytest.mark.needs_spark("incremental refreshes")
def test_only_files_with_changed_groups_are_written_again(pipeline: Pipeline) -> None:
    """The file of the first update has no group of the third one, so it is linked."""
    pipeline.notebook(TABLES + define("totals", "SELECT city, count(*) AS n FROM orders GROUP BY city"))
    pipeline.land("cities/1.json", "")
    land(pipeline, 1, {"city": "Ulm"}, {"city": None})
    pipeline.succeed()
    first = files_of(pipeline, "totals")
    land(pipeline, 2, {"city": "Rom"})
    pipeline.succeed()
    second = files_of(pipeline, "totals")
    land(pipeline, 3, {"city": "Rom"}, {"city": "Oslo"})
    results = pipeline.succeed()
    third = files_of(pipeline, "totals")
    rows = pipeline.rows("totals")
    land(pipeline, 4, {"city": None})
    pipeline.succeed()

    assert set(second) - set(first)
    assert set(first) == set(first) & set(second) & set(third)
    assert not (set(second) - set(first)) & set(third)
    assert set(rows) == {(None, 1), ("Oslo", 1), ("Rom", 2), ("Ulm", 1)}
    assert (results["totals"].rows_written, results["totals"].rows_deleted) == (2, 1)
    assert (None, 2) in pipeline.rows("totals")


@pytest.mark.needs_spark("incremental refreshes")
def test_appended_files_are_written_together_and_others_stay(pipeline: Pipeline) -> None:
    """A view that reads the table still finds the new rows alone."""
    pipeline.most_files = 2
    pipeline.notebook(
        TABLES
        + define("ids", "SELECT id, city FROM orders WHERE id > 0")
        + define("counts", "SELECT id, count(*) AS n FROM ids GROUP BY id")
    )
    pipeline.land("cities/1.json", "")
    land(pipeline, 1, *({"id": number, "city": "Ulm" * 9} for number in range(1, 2_000)))
    pipeline.succeed()
    first = files_of(pipeline, "ids")
    for number in (2, 3, 4):
        land(pipeline, number, {"id": number}, {"id": 10_000 + number})
        pipeline.succeed()
    files, chosen = files_of(pipeline, "ids"), decisions(pipeline)
    rows = dict(pipeline.rows("counts"))

    assert set(first) <= set(files)
    assert len(files) - len(first) in (1, 2)
    assert (chosen["ids"], chosen["counts"]) == (("APPEND_ONLY", ""), ("GENERIC_AGGREGATE", ""))
    assert [rows[number] for number in (1, 2, 3, 4, 10_002, 10_004)] == [1, 2, 2, 2, 1, 1]
    assert len(pipeline.rows("ids")) == 1_999 + 6


def test_small_files_are_written_together_only_if_there_are_many() -> None:
    """Those that must be written again are; of others, small ones before large ones."""
    large = {Path(f"large-{number}"): 100 << 20 for number in range(3)}
    small = {Path(f"small-{number}"): 1_000 for number in range(60)}
    must = frozenset({Path("small-0")})

    assert choose_files({**large, Path("small-0"): 1_000}, must) == must
    assert choose_files({**large, **small}, must) == frozenset(small)


@pytest.mark.needs_spark("incremental refreshes")
def test_ties_give_one_of_the_values(pipeline: Pipeline) -> None:
    """Of rows with the same order any value may come out, but all of them from rows with the greatest order."""
    query = "SELECT city, max_by(id, at) AS id, max_by(amount, at) AS amount, max(at) AS at FROM orders GROUP BY city"
    pipeline.notebook(TABLES + define("newest", query))
    pipeline.land("cities/1.json", "")
    same, older, newer = "2026-01-02 00:00:00", "2026-01-01 00:00:00", "2026-01-03 00:00:00"
    land(
        pipeline,
        1,
        {"id": 1, "city": "Ulm", "amount": "1.00", "at": same},
        {"id": 2, "city": "Rom", "amount": "2.00", "at": same},
        {"id": 3, "city": "Oslo", "amount": "3.00", "at": None},
        {"id": 4, "city": "Bonn", "amount": "4.00", "at": same},
        {"id": 5, "city": "Riga", "amount": "5.00", "at": same},
    )
    pipeline.succeed()
    land(
        pipeline,
        2,
        {"id": 11, "city": "Ulm", "amount": "11.00", "at": same},
        {"id": 12, "city": "Rom", "amount": "12.00", "at": older},
        {"id": 13, "city": "Oslo", "amount": "13.00", "at": older},
        {"id": None, "city": "Bonn", "amount": "14.00", "at": newer},
        {"id": 15, "city": "Riga", "amount": "15.00", "at": None},
    )
    pipeline.succeed()
    values = {city: (identity, str(amount)) for city, identity, amount, _ in pipeline.rows("newest")}

    assert decisions(pipeline)["newest"] == ("GROUP_AGGREGATE", "")
    assert values.pop("Ulm") in ((1, "1.00"), (11, "11.00"))
    assert values == {
        "Rom": (2, "2.00"),
        "Oslo": (13, "13.00"),
        "Bonn": (None, "14.00"),
        "Riga": (5, "5.00"),
    }


@pytest.mark.needs_spark("incremental refreshes")
def test_results_have_the_declared_types(pipeline: Pipeline) -> None:
    """Columns are converted as in a recomputation; sums keep all digits behind the point."""
    schema = 'schema="city STRING, total DECIMAL(38, 2), n INT, ids DECIMAL(20, 0)"'
    query = "SELECT city, sum(amount) AS total, count(*) AS n, sum(id) AS ids FROM orders GROUP BY city"
    kept = query.replace(", sum(id) AS ids", "")
    pipeline.notebook(
        TABLES
        + define("totals", query, schema)
        + define("kept", kept, 'schema="city STRING, total DECIMAL(38, 2), n INT"')
    )
    pipeline.land("cities/1.json", "")
    land(pipeline, 1, {"id": 1, "city": "Ulm", "amount": "99999999.99"}, {"id": 2, "city": "Rom"})
    pipeline.succeed()
    land(pipeline, 2, {"id": 3, "city": "Ulm", "amount": "0.02"}, {"id": 4, "city": "Rom", "amount": "-0.01"})
    pipeline.succeed()
    chosen = {name: technique for name, (technique, _) in decisions(pipeline).items()}
    rows = [tuple(map(str, row)) for row in pipeline.rows("kept")]

    assert (chosen["kept"], chosen["totals"]) == ("GROUP_AGGREGATE", "GENERIC_AGGREGATE")
    assert rows == [("Rom", "-0.01", "2"), ("Ulm", "100000000.01", "2")]
    assert [row[:3] for row in pipeline.rows("totals")] == pipeline.rows("kept")


@pytest.mark.needs_spark("incremental refreshes")
def test_groups_without_a_row_in_the_view_are_merged_too(pipeline: Pipeline) -> None:
    """A join may give a group several rows or none; a first load may have no rows at all."""
    joined = (
        "SELECT c.name, t.city, t.n, t.ids FROM cities AS c JOIN "
        "(SELECT city, count(*) AS n, count(DISTINCT id) AS ids FROM orders GROUP BY city) AS t ON t.city = c.city"
    )
    pipeline.notebook(TABLES + define("joined", joined) + define("total", "SELECT count(*) AS n FROM orders"))
    land(pipeline, 1, {"city": "Ulm", "name": "a"}, {"city": "Ulm", "name": "b"}, folder="cities")
    pipeline.land("orders/1.json", "")
    pipeline.succeed()
    land(pipeline, 2, {"id": 1, "city": "Ulm"}, {"id": 1, "city": "Rom"})
    pipeline.succeed()
    land(pipeline, 3, {"id": 1, "city": "Ulm"}, {"id": 2, "city": "Ulm"}, {"id": None, "city": "Ulm"})
    pipeline.succeed()

    assert decisions(pipeline)["joined"] == ("GROUP_AGGREGATE", "")
    assert pipeline.rows("joined") == [("a", "Ulm", 4, 2), ("b", "Ulm", 4, 2)]
    assert pipeline.rows("total") == [(5,)]


@pytest.mark.needs_spark("incremental refreshes")
def test_an_overflow_fails_as_in_a_recomputation(pipeline: Pipeline) -> None:
    """The table keeps its rows, and the next update has the new rows of both."""
    most = 2**63 - 1
    pipeline.notebook(TABLES + define("totals", "SELECT city, sum(id) AS total FROM orders GROUP BY city"))
    pipeline.land("cities/1.json", "")
    land(pipeline, 1, {"id": most, "city": "Rom"})
    pipeline.succeed()
    land(pipeline, 2, {"id": 1, "city": "Rom"})
    failed = {result.name: result.status for result in pipeline.run().datasets}
    rows = pipeline.rows("totals")
    land(pipeline, 3, {"id": -2, "city": "Rom"})
    pipeline.succeed()

    assert (failed["totals"], rows) == ("failed", [("Rom", most)])
    assert decisions(pipeline)["totals"] == ("GROUP_AGGREGATE", "")
    assert pipeline.rows("totals") == [("Rom", most - 1)]


@pytest.mark.needs_spark("incremental refreshes")
def test_a_view_of_a_view_is_refreshed_from_the_rows_that_changed(pipeline: Pipeline) -> None:
    """Also if the other view has fewer rows than before: groups that have vanished vanish here, too."""
    totals = "SELECT city, count(*) AS n, sum(amount) AS total, max(weight) AS weight FROM orders GROUP BY city"
    small = "SELECT city, count(*) AS n FROM orders GROUP BY city HAVING count(*) < 3"
    names = "SELECT t.city, t.n, c.name FROM small AS t LEFT JOIN cities AS c USING (city)"
    sizes = "SELECT n, count(*) AS cities FROM small GROUP BY n"
    pipeline.notebook(
        TABLES
        + define("small", small)
        + define("names", names)
        + define("sizes", sizes)
        + define("weights", "SELECT city, n FROM heaviest WHERE total > 0")
        + define("heaviest", totals.replace("max(weight)", "max(id)"))
    )
    land(pipeline, 1, {"city": "Ulm", "name": "U"}, folder="cities")
    cities = [f"c{number}" for number in range(40)]
    land(pipeline, 1, *({"id": 1, "city": city, "amount": "1.00"} for city in ["Ulm", "Ulm"]))
    pipeline.succeed()
    land(pipeline, 2, *({"id": 2, "city": city, "amount": "2.00"} for city in cities))
    pipeline.succeed()
    land(pipeline, 3, {"id": 3, "city": "Ulm", "amount": "3.00"})
    pipeline.succeed()
    chosen = {name: technique for name, (technique, _) in decisions(pipeline).items()}
    rows = {name: pipeline.rows(name) for name in ("names", "sizes", "weights")}

    assert chosen["small"] == chosen["names"] == chosen["sizes"] == chosen["weights"] == "GENERIC_AGGREGATE"
    assert rows["names"] == sorted((city, 1, None) for city in cities)
    assert rows["sizes"] == [(1, 40)]
    assert rows["weights"] == sorted([*((city, 1) for city in cities), ("Ulm", 3)])


@pytest.mark.needs_spark("incremental refreshes")
def test_a_view_of_a_target_of_auto_cdc_is_refreshed_from_the_buckets_that_changed(pipeline: Pipeline) -> None:
    """Updates and deletes change the groups of the old and of the new values."""
    target = """
    @dlt.table
    def changes():
        columns = "key BIGINT, town STRING, seq INT, op STRING"
        return spark.readStream.schema(columns).json("landing/changes")

    dlt.create_streaming_table("people")
    dlt.create_auto_cdc_flow(target="people", source="changes", keys=["key"], sequence_by="seq",
        apply_as_deletes="op = 'D'", except_column_list=["op"], stored_as_scd_type=1)
"""
    orders = "SELECT p.key, p.town, t.n FROM people AS p JOIN (SELECT id, count(*) AS n FROM orders GROUP BY id) AS t"
    pipeline.bucket_size = 2_000
    pipeline.notebook(
        TABLES
        + target
        + define("towns", "SELECT town, count(*) AS people, max(key) AS newest FROM people GROUP BY town")
        + define("buyers", f"{orders} ON t.id = p.key")
    )
    pipeline.land("cities/1.json", "")
    people = [{"key": key, "town": f"t{key % 50}", "seq": 1, "op": "U"} for key in range(3_000)]
    land(pipeline, 1, *people, folder="changes")
    land(pipeline, 1, *({"id": key} for key in range(0, 3_000, 2)))
    pipeline.succeed()
    changed = [
        {"key": 2, "town": "new", "seq": 2, "op": "U"},
        {"key": 4, "town": None, "seq": 2, "op": "D"},
        {"key": 5_000, "town": "t0", "seq": 2, "op": "U"},
    ]
    land(pipeline, 2, *changed, folder="changes")
    land(pipeline, 2, {"id": 2}, {"id": 5_000})
    pipeline.succeed()
    chosen = {name: technique for name, (technique, _) in decisions(pipeline).items()}
    rows = {name: pipeline.rows(name) for name in ("towns", "buyers")}
    pipeline.succeed(full_refresh=True)

    assert (chosen["towns"], chosen["buyers"]) == ("GENERIC_AGGREGATE", "GENERIC_AGGREGATE")
    assert {name: pipeline.rows(name) for name in rows} == rows
    assert ("new", 1, 2) in rows["towns"]
    assert (2, "new", 2) in rows["buyers"]


def test_a_changed_row_is_found_by_every_bit(spark: SparkSession, tmp_path: Path) -> None:
    """Zeros with a sign, NULL in a struct and microseconds tell rows apart; rows that only moved have not changed."""
    columns = (
        "STRUCT(CAST(NULL AS INT) AS i, {2} AS at) AS s",
        "CAST({1} AS DOUBLE) AS w",
        "array(CAST({1} AS FLOAT)) AS a",
        "map(1, {0}) AS m",
    )
    micros = "TIMESTAMP'2026-01-01 00:00:00.00000{}'"
    old = [
        ("a", "1", "'0.0'", 1),
        ("b", "1", "'0.0'", 1),
        ("c", "1", "'0.0'", 1),
        ("d", "1", "'0.0'", 1),
        ("e", "1", "'NaN'", 1),
    ]
    new = [
        ("a", "1", "'-0.0'", 1),
        ("b", "1", "'0.0'", 2),
        ("c", "2", "'0.0'", 1),
        ("d", "1", "'0.0'", 1),
        ("e", "1", "'NaN'", 1),
    ]
    for name, rows in (("old", old), ("new", [*reversed(new), new[3]])):
        text = " UNION ALL ".join(
            f"SELECT '{key}' AS key, " + ", ".join(each.format(first, second, micros.format(last)) for each in columns)
            for key, first, second, last in rows
        )
        spark.sql(text).coalesce(1).write.parquet(str(tmp_path / name))
    frame = spark.read.parquet(str(tmp_path / "new"))
    plan = readable_plan(frame)
    assert not isinstance(plan, Obstacle)
    files = [[str(file) for file in (tmp_path / name).glob("*.parquet")] for name in ("new", "old")]
    found = values_of_changes(frame, 0, *files, [name_column(plan.outputs[0])])

    assert not isinstance(found, Obstacle)
    assert sorted(found) == [("a",), ("b",), ("c",), ("d",)]
