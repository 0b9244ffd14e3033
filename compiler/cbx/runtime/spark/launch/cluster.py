"""Runs on a cluster: whether its machines find the driver, and share the state folder."""

from __future__ import annotations

import contextlib
import shutil
import threading
import time
import uuid
from typing import TYPE_CHECKING, Any, Final

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException

from cbx.runtime.errors import CannotRunError, root_cause
from cbx.runtime.spark.launch.driver_address import HOST, is_kubernetes
from cbx.runtime.spark.launch.kubernetes import describe_pods
from cbx.spark_spelling import spell_local_path

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

_WAITING_TIME: Final = "spark.scheduler.maxRegisteredResourcesWaitingTime"
_DYNAMIC: Final = "spark.dynamicAllocation.enabled"
_SECONDS: Final = 25.0
"""How long a run waits for executors, so that it says that there are none within half a minute."""
_LONGEST_PROBE: Final = 150.0
_TASKS_OF_SLOT: Final = 2
"""How many files each core of the cluster writes to find out whether its machine shares the folder."""


def check_cluster(spark: SparkSession, master: str, state: Path, log: Path) -> None:
    """Wait for executors, and make sure that they write to the state folder of the driver.

    Args:
        spark: The session, which has just started.
        master: The master.
        state: The state folder.
        log: Spark's log.

    Raises:
        CannotRunError: If there is no executor in time, or one has another folder at this path.
    """
    seconds = _waiting_seconds(spark)
    if spark.conf.get(_DYNAMIC, "false") == "true":
        threading.Thread(target=_run_trivial_job, args=(spark,), daemon=True).start()
    deadline = time.monotonic() + seconds
    while not _executor_count(spark) and time.monotonic() < deadline:
        time.sleep(0.2)
    if not _executor_count(spark):
        address = spark.conf.get(HOST, None)
        pods = describe_pods(spark, log) if is_kubernetes(master) else ""
        raise CannotRunError(
            f"no executor of {master} has connected to the driver at {address} within {seconds:.0f} s"
            + (f": {pods}" if pods else ""),
            hint="look whether the cluster has free workers and whether they reach this address; set another one with "
            f"--conf {HOST}=..., or wait longer with --conf {_WAITING_TIME}=120s",
        )
    _check_shared_folder(spark, state)


def _run_trivial_job(spark: SparkSession) -> None:
    """Let the cluster start executors, which it does only when there is a job."""
    with contextlib.suppress(Exception):  # the job ends with the session
        spark.range(1).count()


def _waiting_seconds(spark: SparkSession) -> float:
    java: Any = spark._jvm  # noqa: SLF001 - Python has no method for it
    text = spark.sparkContext.getConf().get(_WAITING_TIME)
    return _SECONDS if text is None else float(java.org.apache.spark.network.util.JavaUtils.timeStringAsSec(text))


def _executor_count(spark: SparkSession) -> int:
    context: Any = spark.sparkContext._jsc  # noqa: SLF001 - as above
    return int(context.sc().getExecutorMemoryStatus().size()) - 1  # the driver is one of them


def _check_shared_folder(spark: SparkSession, state: Path) -> None:
    """Let all cores of the cluster write files, and look for them here.

    Where a machine has a folder of its own at this path, Spark commits what it has written without finding it.
    """
    folder = state / "spark" / f"probe-{uuid.uuid4().hex}"
    tasks = max(spark.sparkContext.defaultParallelism, _executor_count(spark)) * _TASKS_OF_SLOT
    is_late = threading.Event()

    def give_up() -> None:
        is_late.set()
        spark.sparkContext.cancelAllJobs()

    timer = threading.Timer(_LONGEST_PROBE, give_up)
    timer.start()
    failure = None
    try:
        spark.range(0, tasks, 1, tasks).write.parquet(spell_local_path(folder))
    except (PySparkException, Py4JJavaError) as error:
        failure = root_cause(error)
    finally:
        timer.cancel()
        found = len([*folder.glob("part-*")])
        shutil.rmtree(folder, ignore_errors=True)
    if failure is None and found == tasks and not folder.exists():
        return
    if failure is None and found == tasks:
        reason = f"this machine cannot delete the files that executors have written to {state}"
        raise CannotRunError(reason, hint="run the executors and `cbx run` as the same user")
    if is_late.is_set():
        reason = f"the cluster has not written a few files to {state} within {_LONGEST_PROBE:.0f} s"
        raise CannotRunError(reason, hint="look at the logs of its executors: they may not reach the driver")
    detail = failure or f"{found} of {tasks} files that they wrote are there"
    hint = "choose a folder with --state that is mounted at the same path on all machines, and that all may write"
    raise CannotRunError(f"the machines of the cluster do not share the state folder {state}: {detail}", hint=hint)
