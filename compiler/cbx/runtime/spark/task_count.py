"""Counts the tasks that Spark is running, for the progress of an update."""

from __future__ import annotations

from typing import TYPE_CHECKING

from py4j.protocol import Py4JError

from cbx.runtime.log.events import TaskCount

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def count_tasks(spark: SparkSession) -> TaskCount | None:
    """The tasks of the stages that are running; None if none is, or if the session has stopped."""
    context = spark.sparkContext
    if context._jsc is None:  # noqa: SLF001 - nothing else says that it has stopped
        return None
    try:
        tracker = context.statusTracker()
        stages = [tracker.getStageInfo(stage) for stage in tracker.getActiveStageIds()]
        known = [stage for stage in stages if stage is not None]
        if not known:
            return None
        return TaskCount(sum(stage.numCompletedTasks for stage in known), sum(stage.numTasks for stage in known))
    except Py4JError:  # it has stopped meanwhile, or Java has ended
        return None
