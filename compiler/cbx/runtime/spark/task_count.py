"""Counts the tasks that Spark is running, for the progress of an update."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cbx.runtime.log.events import TaskCount

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def count_tasks(spark: SparkSession) -> TaskCount | None:
    """The tasks of the stages that are running; None if none is, or if the session has stopped."""
    try:
        tracker = spark.sparkContext.statusTracker()
        stages = [tracker.getStageInfo(stage) for stage in tracker.getActiveStageIds()]
        known = [stage for stage in stages if stage is not None]
        if not known:
            return None
        return TaskCount(sum(stage.numCompletedTasks for stage in known), sum(stage.numTasks for stage in known))
    except Exception:  # noqa: BLE001 - a count is never a reason to fail
        return None
