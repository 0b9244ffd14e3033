"""What a target of AUTO CDC holds, by example; `test_auto_cdc_streams.py` tries everything at random."""

import random
from datetime import date
from typing import Any

import pytest
from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql import functions as F  # noqa: N812 # the alias that Spark's documentation uses

from cbx.runtime.auto_cdc import (
    CdcSpec,
    current_rows,
    merge_changes,
    observe_counts,
    target_rows,
)
from compiler.tests.runtime.cdc_frames import by_id, frame, in_order, visible_rows

# The example of the Databricks documentation: user, name, city, operation, sequence.
EXAMPLE = [
    (124, "Raul", "Oaxaca", "INSERT", 1),
    (123, "Isabel", "Monterrey", "INSERT", 1),
    (125, "Mercedes", "Tijuana", "INSERT", 2),
    (126, "Lily", "Cancun", "INSERT", 2),
    (123, None, None, "DELETE", 6),
    (125, "Mercedes", "Guadalajara", "UPDATE", 6),
    (125, "Mercedes", "Mexicali", "UPDATE", 5),
    (123, "Isabel", "Chihuahua", "UPDATE", 5),
]
USERS = "userId INT, name STRING, city STRING, operation STRING, sequenceNum INT"
TRUNCATE = (None, None, None, "TRUNCATE", 3)
VARIANTS: dict[str, tuple[list[Any], dict[str, Any], list[Any]]] = {
    "type 1": (
        EXAMPLE,
        {"scd_type": 1},
        [
            (124, "Raul", "Oaxaca"),
            (125, "Mercedes", "Guadalajara"),
            (126, "Lily", "Cancun"),
        ],
    ),
    "type 1 with a truncate": (
        [*EXAMPLE, TRUNCATE],
        {"scd_type": 1},
        [(125, "Mercedes", "Guadalajara")],
    ),
    "type 2": (
        EXAMPLE,
        {"scd_type": 2},
        [
            (123, "Isabel", "Chihuahua", 5, 6),
            (123, "Isabel", "Monterrey", 1, 5),
            (124, "Raul", "Oaxaca", 1, None),
            (125, "Mercedes", "Guadalajara", 6, None),
            (125, "Mercedes", "Mexicali", 5, 6),
            (125, "Mercedes", "Tijuana", 2, 5),
            (126, "Lily", "Cancun", 2, None),
        ],
    ),
    "type 2 without the history of the city": (
        EXAMPLE,
        {"scd_type": 2, "track_history_except_column_list": ("city",)},
        [
            (123, "Isabel", "Chihuahua", 1, 6),
            (124, "Raul", "Oaxaca", 1, None),
            (125, "Mercedes", "Guadalajara", 2, None),
            (126, "Lily", "Cancun", 2, None),
        ],
    ),
}


def users(scd_type: int, **options: Any) -> CdcSpec:
    return CdcSpec(
        target="silver.users",
        keys=("userId",),
        sequence_by=F.col("sequenceNum"),
        apply_as_deletes=F.expr("operation = 'DELETE'"),
        apply_as_truncates=F.expr("operation = 'TRUNCATE'") if scd_type == 1 else None,
        except_column_list=("operation", "sequenceNum"),
        scd_type=scd_type,
        **options,
    )


@pytest.mark.parametrize("updates", [1, 5])
@pytest.mark.parametrize("variant", VARIANTS)
def test_the_documented_example_comes_out_in_any_order(spark: SparkSession, variant: str, updates: int) -> None:
    """All rows at once, and one or two rows per update, each time shuffled anew."""
    rows, options, expected = VARIANTS[variant]
    spec = users(**options)
    rows = random.Random(f"{variant} {updates}").sample(rows, len(rows))

    state = None
    for update in range(updates):
        changes = frame(spark, rows[update::updates], USERS)
        state = merge_changes(state, changes, spec).localCheckpoint()
    assert state is not None
    actual = visible_rows(state, spec)

    assert expected == actual


def merge_batches(state: DataFrame | None, spec: CdcSpec, *batches: DataFrame) -> DataFrame:
    for changes in batches:
        state = merge_changes(state, changes, spec)
    assert state is not None
    return state


@pytest.mark.parametrize("scd_type", [1, 2])
def test_a_replay_of_all_changes_changes_and_counts_nothing(spark: SparkSession, scd_type: int) -> None:
    """Exactly once does not depend on the batches: what was merged before is recognised."""
    spec = users(scd_type, ignore_null_updates=True)
    changes = frame(spark, EXAMPLE, USERS)
    before = merge_changes(None, changes, spec).localCheckpoint()
    counts = Observation()
    after = merge_changes(before, changes, spec, observe_counts(counts)).localCheckpoint()
    expected = (in_order(before), {"num_upserted_rows": 0, "num_deleted_rows": 0})
    actual = (in_order(after), counts.get)

    assert expected == actual


def count_batches(spark: SparkSession, spec: CdcSpec, *batches: list[Any]) -> list[tuple[int, int]]:
    """Return each batch's upserted and deleted rows."""
    state = None
    found = []
    for rows in batches:
        counts = Observation()
        state = merge_changes(state, frame(spark, rows, USERS), spec, observe_counts(counts)).localCheckpoint()
        found.append((counts.get["num_upserted_rows"], counts.get["num_deleted_rows"]))
    return found


def test_the_counts_of_type_1_are_the_rows_put_and_removed(spark: SparkSession) -> None:
    """A delete of what is not there and a change that came too late count nothing; a truncate counts its rows."""
    actual = count_batches(
        spark,
        users(1),
        [(1, "Ann", "Bern", "INSERT", 1), (2, "Bob", "Rome", "INSERT", 1), (3, "Cy", "Oslo", "INSERT", 1)],
        [(1, "Ann", "Bonn", "UPDATE", 4), (2, None, None, "DELETE", 4), (9, None, None, "DELETE", 4)],
        [(1, "Ann", "Kiel", "UPDATE", 3), (2, "Bob", "Rome", "UPDATE", 3)],
        [(None, None, None, "TRUNCATE", 5)],
    )

    assert actual == [(3, 0), (1, 1), (0, 0), (0, 1 + 1)]


def test_the_counts_of_type_2_are_the_rows_put_closed_and_removed(spark: SparkSession) -> None:
    """A new version is a row put and a row replaced; a late change can remove a row by merging it into another."""
    actual = count_batches(
        spark,
        users(2),
        [(1, "Ann", "Bern", "INSERT", 1), (2, "Bob", "Rome", "INSERT", 1)],
        [(1, "Ann", "Bonn", "UPDATE", 4), (2, None, None, "DELETE", 4)],
        [(1, "Ann", "Bonn", "UPDATE", 2)],
    )

    assert actual == [(2, 0), (2 + 1, 0), (2, 1)]


def test_an_untracked_change_replaces_its_row(spark: SparkSession) -> None:
    """The row keeps its start, so nothing was removed."""
    actual = count_batches(
        spark,
        users(2, track_history_column_list=("name",)),
        [(1, "Ann", "Bern", "INSERT", 1)],
        [(1, "Ann", "Bonn", "UPDATE", 4)],
    )

    assert actual == [(1, 0), (1, 0)]


@pytest.mark.parametrize("scd_type", [1, 2])
def test_a_late_value_under_an_ignored_null_is_counted(spark: SparkSession, scd_type: int) -> None:
    """The key's newest change is the old one, but its row is not; a late value that shows nowhere counts nothing."""
    actual = count_batches(
        spark,
        users(scd_type, ignore_null_updates=True, track_history_column_list=("name",) if scd_type == 2 else None),
        [(1, "Ann", None, "UPDATE", 4)],
        [(1, "Ann", "Bern", "INSERT", 4)],
        [(1, "Ann", "Bern", "INSERT", 4)],
    )

    assert actual == [(1, 0), (1, 0), (0, 0)]


def test_flows_that_differ_in_what_null_means_share_a_target(spark: SparkSession) -> None:
    """Each change keeps the meaning that its own flow gives it, also when it arrives late."""
    schema = "id INT, a INT, b INT, at INT"
    whole, partial = by_id(1), by_id(1, ignore_null_updates=True)
    state = merge_changes(None, frame(spark, [(1, 10, 10, 1), (2, 20, 20, 1)], schema), whole)
    state = merge_changes(state, frame(spark, [(1, None, 11, 4), (2, None, 21, 2)], schema), partial)
    state = merge_changes(state, frame(spark, [(1, 12, None, 3), (2, None, None, 3)], schema), whole)

    assert visible_rows(state, whole) == [(1, 12, 11), (2, None, None)]


@pytest.mark.parametrize("scd_type", [1, 2])
def test_ignored_nulls_reach_into_structs(spark: SparkSession, scd_type: int) -> None:
    """A NULL field keeps what it had, however deep, also when the change that gave it comes last."""
    schema = "id INT, s STRUCT<x: INT, `in.ner`: STRUCT<y: STRING, z: MAP<STRING, INT>>>, at INT"
    spec = by_id(scd_type, ignore_null_updates=("s",))
    state = merge_batches(
        None,
        spec,
        frame(spark, [(1, (None, ("new", None)), 3)], schema),
        frame(spark, [(1, None, 4), (2, None, 4)], schema),
        frame(spark, [(1, (7, ("old", {"k": 1})), 2)], schema),
    )
    current = current_rows(state, spec).selectExpr("id", "to_json(s)")

    assert in_order(current) == [(1, '{"x":7,"in.ner":{"y":"new","z":{"k":1}}}'), (2, None)]


@pytest.mark.parametrize("ignores", [False, True])
@pytest.mark.parametrize("scd_type", [1, 2])
def test_columns_come_later_and_go_missing(spark: SparkSession, scd_type: int, ignores: bool) -> None:  # noqa: FBT001 # a parameter
    """A new column is NULL in older rows, a missing one NULL in newer rows or, where NULLs are ignored, as before."""
    spec = by_id(scd_type, ignore_null_updates=ignores)
    state = merge_batches(
        None,
        spec,
        frame(spark, [(1, "a", (1,), 1), (2, "b", (2,), 1)], "id INT, name STRING, s STRUCT<x: INT>, at INT"),
        frame(spark, [(1, (3, 4), 2**40)], "ID INT, s STRUCT<x: INT, y: INT>, at BIGINT"),
        frame(spark, [(2, "c", "new", 3)], "id INT, name STRING, more STRING, at INT"),
    )
    expected = {
        False: [(1, None, (3, 4), None), (2, "c", None, "new")],
        True: [(1, "a", (3, 4), None), (2, "c", (2, None), "new")],
    }
    actual = in_order(current_rows(state, spec))

    assert expected[ignores] == actual


def test_values_without_an_order_are_compared_too(spark: SparkSession) -> None:
    """Maps and variants have no equality in Spark, yet a type 2 row must know whether they changed."""
    spec = by_id(2)
    changes = frame(
        spark,
        [
            (1, [("a", 1), ("b", 2)], {"k": ["x"]}, '{"v": 1}', 1),
            (1, [("b", 2), ("a", 1)], {"k": ["x"]}, '{"v":1}', 2),
            (1, [("b", 2), ("a", 1)], {"k": ["y"]}, '{"v":1}', 3),
            (1, [("b", 2), ("a", 1)], {"k": ["y"]}, '{"v":2}', 4),
            (1, [("b", 2), ("a", 5)], {"k": ["y"]}, '{"v":2}', 5),
            (1, [("b", 2), ("a", 4)], {"k": ["y"]}, '{"v":2}', 5),
        ],
        "id INT, m ARRAY<STRUCT<k: STRING, v: INT>>, n MAP<STRING, ARRAY<STRING>>, v STRING, at INT",
    )
    changes = changes.withColumns({"m": F.map_from_entries("m"), "v": F.parse_json("v")})
    rows = target_rows(merge_changes(None, changes, spec), spec)
    actual = in_order(rows.selectExpr("__START_AT", "__END_AT", "m['a']"))

    assert actual == [(1, 3, 1), (3, 4, 1), (4, 5, 1), (5, None, 5)]


def test_values_in_nested_maps_are_compared_to_the_microsecond(spark: SparkSession) -> None:
    """They are compared as JSON, which omits microseconds by default."""
    spec = by_id(2)
    changes = frame(
        spark,
        [(1, f"2026-01-01 00:00:00.00000{micro}", at) for at, micro in enumerate((1, 1, 2))],
        "id INT, t STRING, at INT",
    )
    nested = F.struct(F.create_map(F.lit("k"), F.to_timestamp("t")).alias("m"))
    rows = target_rows(merge_changes(None, changes.select("id", nested.alias("s"), "at"), spec), spec)

    assert in_order(rows.select("__START_AT", "__END_AT")) == [(0, 2), (2, None)]


@pytest.mark.parametrize("scd_type", [1, 2])
def test_names_may_hold_any_character_and_any_case(spark: SparkSession, scd_type: int) -> None:
    """Spark does not care for case; dots and backticks are nothing but characters."""
    changes = frame(spark, [(1, "x", None, 1), (1, None, "y", 2)], "`the.Key` INT, `a``b` STRING, `c d` STRING, at INT")
    spec = CdcSpec(
        "silver.target",
        ("THE.key",),
        F.col("at"),
        scd_type,
        ignore_null_updates=("A`B",),
        column_list=("the.key", "a`b", "C D"),
    )
    state = merge_batches(None, spec, changes, changes)

    assert in_order(current_rows(state, spec)) == [(1, "x", "y")]


def test_the_bounds_have_the_type_of_the_sequence(spark: SparkSession) -> None:
    """As the documentation asks of a target with an explicit schema."""
    changes = frame(spark, [(1, date(2024, 1, 1))], "id INT, at DATE")
    spec = CdcSpec("silver.target", ("id",), F.struct("at", "id"), 2)
    rows = target_rows(merge_changes(None, changes, spec), spec)
    bounds = [rows.schema[name].dataType.simpleString() for name in ("__START_AT", "__END_AT")]

    assert (rows.columns, bounds) == (["id", "at", "__START_AT", "__END_AT"], ["struct<at:date,id:int>"] * 2)


def test_the_state_of_type_1_is_a_row_a_key(spark: SparkSession) -> None:
    """No matter how many changes there were; a tombstone is a row too."""
    state = merge_batches(None, users(1), frame(spark, EXAMPLE[:6], USERS), frame(spark, EXAMPLE, USERS))

    assert [row.userId for row in state.orderBy("userId").collect()] == [123, 124, 125, 126]


def test_a_truncate_empties_the_state_but_for_itself(spark: SparkSession) -> None:
    """Older tombstones need not be kept, since the truncate keeps older rows out."""
    state = merge_batches(
        None, users(1), frame(spark, EXAMPLE, USERS), frame(spark, [(None, None, None, "TRUNCATE", 9)], USERS)
    )

    assert state.count() == 1


def test_the_changes_may_be_observed(spark: SparkSession) -> None:
    """A truncate has to be known to every key, so the changes are read twice, but counted once."""
    arrived, counts = Observation(), Observation()
    changes = frame(spark, [*EXAMPLE, TRUNCATE], USERS).observe(arrived, F.count(F.lit(1)).alias("rows"))
    merge_changes(None, changes, users(1), observe_counts(counts)).localCheckpoint()

    assert (arrived.get, counts.get["num_upserted_rows"]) == ({"rows": 9}, 1)


@pytest.mark.parametrize("ignores", [False, True])
@pytest.mark.parametrize("scd_type", [1, 2])
def test_a_merge_shuffles_and_sorts_once(spark: SparkSession, scd_type: int, ignores: bool) -> None:  # noqa: FBT001 # a parameter
    """The cost of a window function over state and changes, whatever the options."""
    spec = by_id(scd_type, ignore_null_updates=ignores)
    changes = frame(spark, [(1, 2, 3)], "id INT, a INT, at INT")
    state = merge_changes(None, changes, spec).localCheckpoint()
    plan = merge_changes(state, changes, spec)._jdf.queryExecution().sparkPlan().toString()
    executed = merge_changes(state, changes, spec)._jdf.queryExecution().executedPlan().toString()

    assert (executed.count("Exchange hashpartitioning"), plan.count("Join")) == (1, 0)
