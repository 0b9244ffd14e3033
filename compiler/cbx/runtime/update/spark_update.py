"""One update on Spark."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING

from cbx.runtime.flows.spark_engine import spark_engine
from cbx.runtime.outside.delta_module import install_delta_module
from cbx.runtime.outside.delta_tables import has_delta
from cbx.runtime.outside.message_reads import MessageReads
from cbx.runtime.outside.outside_reads import OutsideReads
from cbx.runtime.outside.saved_tables import SavedTables
from cbx.runtime.spark.configuration import configure_pipeline
from cbx.runtime.spark.intercepted_writes import intercept_writes
from cbx.runtime.spark.session import in_working_folder, session
from cbx.runtime.spark.task_count import count_tasks
from cbx.runtime.update.started_engine import StartedEngine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from cbx.runtime.names import DatasetName
    from cbx.runtime.outside.stand_ins import TableStandIns
    from cbx.runtime.results import RunRequest


@contextmanager
def start_spark(request: RunRequest, tables: TableStandIns, streams: Mapping[str, Path]) -> Iterator[StartedEngine]:
    """Spark, set up for an update while the context lasts.

    Args:
        request: The update.
        tables: What stands in for tables.
        streams: What stands in for topics and services, by their names.
    """
    with ExitStack() as stack:
        spark = session(request.state, request.master, request.spark_settings)
        stack.enter_context(in_working_folder(spark, request.working_folder))
        stack.enter_context(configure_pipeline(spark, request.configuration))
        outside = OutsideReads(spark, tables, MessageReads(spark, streams, request.state), request.state)

        @contextmanager
        def intercept(is_of_pipeline: Callable[[DatasetName], bool]) -> Iterator[None]:
            if has_delta(spark):
                yield
                return
            saved = SavedTables(request.state, is_of_pipeline, request.dry_run)
            with intercept_writes(spark, saved), install_delta_module(spark, saved.path_of):
                yield

        engine = spark_engine(spark, request.smallest_incremental, request.most_files, request.bucket_size)
        yield StartedEngine(engine, outside, intercept, count_tasks=partial(count_tasks, spark))
