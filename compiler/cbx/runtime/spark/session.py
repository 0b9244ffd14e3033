"""The Spark session of a run: quiet, small enough for a laptop, with the settings of Databricks."""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import re
import sys
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from py4j.protocol import Py4JError, Py4JJavaError
from pyspark.errors import AnalysisException, IllegalArgumentException
from pyspark.logger import PySparkLogger
from pyspark.sql import SparkSession

from cbx.runtime.errors import CannotRunError
from cbx.runtime.spark.configuration import PROGRESS_LIMIT, first_line, is_changeable
from cbx.runtime.spark.hadoop_defaults import forget_sources, leave_out_engine_defaults
from cbx.runtime.spark.launch.cluster import check_cluster
from cbx.runtime.spark.launch.driver_address import HOST, is_kubernetes, is_local, refuse_connect
from cbx.runtime.spark.launch.java_process import connect_started_java
from cbx.runtime.spark.launch.kubernetes import check_pod_settings, pod_failure
from cbx.runtime.spark.launch.start_settings import JAVA_OPTIONS, LOCAL_MASTER, parallelism, prepare_start
from cbx.spark_spelling import spell_local_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def session(state: Path, master: str | None = None, given: Mapping[str, str] = MappingProxyType({})) -> SparkSession:
    """The running session, or a new one.

    Spark's log goes to ``spark.log`` in the state folder. What matters to the user is raised as an exception.

    Args:
        state: The state folder, for Spark's log, its scratch files and its warehouse.
        master: A Spark master; None for all the cores of this machine.
        given: Settings of Spark from the command line and the project, which `check_given_settings` accepts.

    Raises:
        CannotRunError: If Java is missing, Spark does not start, or it runs with other settings of its start.
    """
    running = SparkSession.getActiveSession()
    if running is not None and running.sparkContext._jsc is not None:  # noqa: SLF001 - Hadoop and the gateway have no Python face
        _configure(running, given)
        return running
    return _start(state.resolve(), master, given)


def make_active(running: SparkSession) -> None:
    """Make a session the active one of this thread."""
    java: Any = running._jvm  # noqa: SLF001 - Python has no method for it
    sessions = getattr(java, "org.apache.spark.sql.classic.SparkSession")
    sessions.setActiveSession(running._jsparkSession)  # noqa: SLF001 - as above


def _remember_names(running: SparkSession) -> None:
    """Look up once what Python asks Java for whenever it makes a column.

    Before Java answers that a name is a package or an imported class, it looks for a class of that name in 300
    archives, once for each package of the imports; and it copies the list of a class's methods to find one of them.
    """
    java: Any = running._jvm  # noqa: SLF001 - Python has no method for it
    if "org" in vars(java):
        return
    for name, methods in _CLASSES.items():
        setattr(java, name, getattr(java, name))
        for method in methods:
            setattr(getattr(java, name), method, getattr(getattr(java, name), method))
    for path in _PATHS:
        parent = java
        for part in path.split("."):
            setattr(parent, part, getattr(parent, part))
            parent = getattr(parent, part)


_CLASSES = {
    "functions": ("col", "lit"),
    "PythonRDD": (),
    "PythonSQLUtils": (),
    "PythonUtils": ("toSeq",),
    "SerDeUtil": (),
    "SimplePythonFunction": (),
    "org.apache.spark.sql.Observation": (),
    "org.apache.spark.sql.api.python.PythonSQLUtils": (),
    "org.apache.spark.sql.catalyst.trees.PySparkCurrentOrigin": ("clear", "set"),
    "org.apache.spark.sql.classic.SparkSession": ("getActiveSession", "setActiveSession"),
    "org.apache.spark.sql.expressions.Window": (),
    "org.apache.spark.sql.functions": ("col", "expr", "lit", "struct", "when"),
    "org.apache.spark.sql.streaming.Trigger": (),
}
_PATHS = (
    "java.lang.Thread",
    "java.util.TreeMap",
    "org.apache.hadoop.fs.Path",
    "org.apache.spark.sql.catalyst.analysis.UnsupportedOperationChecker",
    "org.apache.spark.sql.catalyst.trees.TreePattern",
    "org.apache.spark.sql.classic",
    "org.apache.spark.sql.streaming.OutputMode",
    "scala.jdk.javaapi.CollectionConverters",
)


def _start(state: Path, master: str | None, given: Mapping[str, str]) -> SparkSession:
    master = master or LOCAL_MASTER
    refuse_connect(master)
    start = prepare_start(state, master, given)
    if is_kubernetes(master):
        check_pod_settings(given, state, start.settings.get(HOST, "") if HOST not in given else "")
    builder = SparkSession.builder.appName("cbx").master(master).config(map={**start.settings})
    with _launch_environment(start.environment), _redirect_standard_error(start.log):
        try:
            connect_started_java(start.settings)
            with leave_out_engine_defaults(start.scratch, master, start.settings):
                started = builder.getOrCreate()
        except Exception as error:  # Java, its gateway and Spark have no error in common; the log has the cause
            reason = f"Spark did not start: {_reason(error, start.log)}"
            raise CannotRunError(reason, hint=f"see {start.log}") from error
    started.sparkContext.setLogLevel("WARN")
    try:
        _configure(started, given)
    except (AnalysisException, IllegalArgumentException) as error:
        started.stop()
        raise CannotRunError(f"Spark does not take its settings: {first_line(error)}") from error
    if not is_local(master):
        atexit.register(_stop, started)  # its driver deletes the pods of executors, and may end with this process
        _check_cluster(started, master, state, start.log)
    forget_sources(started.sparkContext)
    return started


def _check_cluster(started: SparkSession, master: str, state: Path, log: Path) -> None:
    try:
        check_cluster(started, master, state, log)
    except CannotRunError:
        _stop(started)
        raise
    except (Py4JError, OSError) as error:  # Java ends if the cluster has refused or lost too many executors
        _stop(started)
        raise CannotRunError(f"Spark has ended: {_reason(error, log)}", hint=f"see {log}") from error


def _stop(started: SparkSession) -> None:
    with contextlib.suppress(Exception):  # Java may have ended
        started.stop()


_CHECKPOINT_FILES = "org.apache.spark.sql.execution.streaming.checkpointing.FileSystemBasedCheckpointFileManager"
"""Renames files itself. The default starts a process, ``readlink``, eight times for each file that it writes."""

_DESCRIPTIONS = "simple"
"""How Spark describes each query to its web page, which is off. The default took a fifteenth of a small update."""

_SETTINGS = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.debug.maxToStringFields": "100000",
    "spark.sql.caseSensitive": "false",
    "spark.sql.ui.explainMode": _DESCRIPTIONS,
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.streaming.checkpointFileManagerClass": _CHECKPOINT_FILES,
    "spark.sql.streaming.stopTimeout": "60000",
    "spark.sql.streaming.minBatchesToRetain": "5",
    "spark.sql.streaming.numRecentProgressUpdates": str(PROGRESS_LIMIT),
    "spark.sql.execution.arrow.pyspark.enabled": "false",
}


_LOUD = ("SQLQueryContextLogger", "DataFrameQueryContextLogger")
"""Loggers that print every exception of Spark with its Java stack, even if it is caught."""


def _configure(running: SparkSession, given: Mapping[str, str]) -> None:
    """Set the options that can be set on a running session, which other code may have started."""
    for name, value in _SETTINGS.items():
        running.conf.set(name, value)
    _apply_given(running, given)
    _remember_names(running)
    for name in _LOUD:
        PySparkLogger.getLogger(name).setLevel(logging.CRITICAL + 1)


_applied: set[str] = set()
"""The given settings that were set on the session of this process."""


def _apply_given(running: SparkSession, given: Mapping[str, str]) -> None:
    """Set what is given on a session, which may have been started with other settings.

    Raises:
        CannotRunError: For a value that Spark refuses, and for a setting of its start that it was not started with.
    """
    defaults = parallelism(running.sparkContext.master or "", {})
    for name in _applied - given.keys():
        if name in defaults:
            running.conf.set(name, defaults[name])
        else:
            running.conf.unset(name)
        _applied.remove(name)
    for name, value in given.items():
        if is_changeable(running, name, value):
            running.conf.set(name, value)
            _applied.add(name)
        elif name != JAVA_OPTIONS and running.conf.get(name, None) != value:
            now = running.conf.get(name, None)
            state = "without it" if now is None else f"with `{now}`"
            reason = f"Spark reads `{name}` only when it starts, and runs {state}"
            raise CannotRunError(reason, hint="start cbx again")


@contextlib.contextmanager
def _launch_environment(wanted: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables while the context lasts: those for starting Java, and the Python of tasks."""
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _redirect_standard_error(log: Path) -> Iterator[None]:
    """Send the standard error of processes that start meanwhile to a file; Java keeps the descriptor."""
    sys.stderr.flush()
    saved = os.dup(2)
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o644)
    os.dup2(file, 2)
    os.close(file)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(saved, 2)
        os.close(saved)


def _reason(error: Exception, log: Path) -> str:
    """Why Spark did not start: what its exception says, or what Java has written if it has ended."""
    text = first_line(error)
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines()]
    killed = next((line for line in lines if _KILLED in line), None)
    pods = pod_failure(lines)
    if killed is not None:
        text = f"the cluster has ended the application: {killed.partition(_KILLED)[2]}"
    elif pods is not None:
        text = pods
    elif isinstance(error, Py4JJavaError):
        text = str(error.java_exception.toString()).splitlines()[0]
    elif "JAVA_GATEWAY_EXITED" in text:
        ended = "Java ended before it was ready"
        text = next((line for line in reversed(lines) if line and not line.startswith("at ")), ended)
    return _JAVA_CLASS.sub("", text)


_KILLED = "Application has been killed. Reason: "
_JAVA_CLASS = re.compile(r'^(?:Exception in thread "[^"]*" )?[\w.$]+(?:Exception|Error): ')


@contextlib.contextmanager
def in_working_folder(spark: SparkSession, folder: Path) -> Iterator[None]:
    """Resolve relative paths in Spark and Python against a folder while the context lasts.

    Hadoop's cached local file system, which Spark uses, has its own working directory.
    """
    before = Path.cwd()
    _set_working_folder(spark, folder)
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
        _set_working_folder(spark, before)


def _set_working_folder(spark: SparkSession, folder: Path) -> None:
    context: Any = spark.sparkContext
    hadoop = context._jsc.hadoopConfiguration()  # noqa: SLF001 - Hadoop has no Python face
    path = context._jvm.org.apache.hadoop.fs.Path(spell_local_path(folder.resolve()))  # noqa: SLF001 - as above
    path.getFileSystem(hadoop).setWorkingDirectory(path)
