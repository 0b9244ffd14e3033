"""Snapshots of a whole table, one after the other, into targets of both types."""

from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 # the alias that Spark's documentation uses

from cbx.runtime.auto_cdc import CdcSpec, current_rows, merge_changes, snapshot_changes, snapshot_spec
from compiler.tests.runtime.cdc_frames import frame, visible_rows


def snapshots(spark: SparkSession, spec: CdcSpec, *tables: list[Any]) -> DataFrame:
    """Apply one snapshot after the other."""
    state = None
    for version, rows in enumerate(tables, start=1):
        previous = None if state is None else current_rows(state, spec)
        snapshot = frame(spark, rows, "id INT, name STRING, city STRING")
        state = merge_changes(state, snapshot_changes(previous, snapshot, spec, F.lit(version)), spec).localCheckpoint()
    assert state is not None
    return state


SNAPSHOTS = (
    [(1, "Ann", "Bern"), (2, "Bob", "Rome"), (9, "Cy", None)],
    [(1, "Ann", "Bonn"), (3, "Dan", "Oslo"), (9, "Cy", None)],
    [(1, "Ann", "Bonn"), (2, "Bob", "Rome"), (9, "Cy", "Kiel")],
)


def test_snapshots_into_type_1_leave_the_last_snapshot(spark: SparkSession) -> None:
    """What a snapshot no longer has is deleted."""
    spec = snapshot_spec("silver.target", ("id",), 1)

    assert visible_rows(snapshots(spark, spec, *SNAPSHOTS), spec) == sorted(SNAPSHOTS[-1], key=repr)


def test_snapshots_into_type_2_leave_every_version(spark: SparkSession) -> None:
    """A row starts at the snapshot that first had it and ends at the one that had it otherwise or no more."""
    spec = snapshot_spec("silver.target", ("id",), 2)

    assert visible_rows(snapshots(spark, spec, *SNAPSHOTS), spec) == [
        (1, "Ann", "Bern", 1, 2),
        (1, "Ann", "Bonn", 2, None),
        (2, "Bob", "Rome", 1, 2),
        (2, "Bob", "Rome", 3, None),
        (3, "Dan", "Oslo", 2, 3),
        (9, "Cy", "Kiel", 3, None),
        (9, "Cy", None, 1, 3),
    ]


def test_snapshots_into_type_2_can_leave_columns_untracked(spark: SparkSession) -> None:
    """The row then has the last values of these columns."""
    spec = snapshot_spec("silver.target", ("id",), 2, track_history_column_list=("name",))

    assert visible_rows(snapshots(spark, spec, *SNAPSHOTS[:2]), spec) == [
        (1, "Ann", "Bonn", 1, None),
        (2, "Bob", "Rome", 1, 2),
        (3, "Dan", "Oslo", 2, None),
        (9, "Cy", None, 1, None),
    ]


def test_a_snapshot_equal_to_the_last_is_no_change(spark: SparkSession) -> None:
    """The order of its rows does not matter, and the state does not grow."""
    spec = snapshot_spec("silver.target", ("id",), 2)
    state = snapshots(spark, spec, SNAPSHOTS[0], SNAPSHOTS[0][::-1])

    assert state.count() == 3
