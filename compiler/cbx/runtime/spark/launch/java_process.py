"""Starts Java before Spark needs it, while libraries and notebooks are loaded.

PySpark starts Java itself, and waits for it. Here Java is started in the same way, and PySpark is told where it
listens.
"""

from __future__ import annotations

import atexit
import os
import shlex
import signal
import struct
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from cbx.runtime.errors import CannotRunError
from cbx.runtime.spark.launch.driver_address import is_local
from cbx.runtime.spark.launch.start_settings import LOCAL_MASTER, SparkStart, prepare_start

if TYPE_CHECKING:
    from collections.abc import Mapping

_PAUSE = 0.02


class _StartedJava(NamedTuple):
    """A process of Java.

    Attributes:
        process: The process, which ends when this one does.
        folder: A temporary folder, in which it writes a file that says where it listens.
        settings: The settings with which it was started.
    """

    process: subprocess.Popen[bytes]
    folder: tempfile.TemporaryDirectory[str]
    settings: Mapping[str, str]

    @property
    def connection(self) -> Path:
        """The file that says where it listens."""
        return Path(self.folder.name) / "connection"


_started: list[_StartedJava] = []
"""The process that Spark has not connected to yet."""


def start_java(state: Path, master: str | None, given: Mapping[str, str]) -> None:
    """Start Java for Spark, without waiting for it.

    It is not started if Spark has been loaded and may run already, on a cluster, or if something is missing: then Spark
    starts it later, or says what is missing.

    Args:
        state: The state folder, which is locked.
        master: A Spark master; None for this machine.
        given: Settings of the user.
    """
    if "pyspark" in sys.modules or os.name != "posix" or not is_local(master or LOCAL_MASTER):
        return
    with suppress(CannotRunError, ImportError, OSError):
        _started.append(_launch(prepare_start(state.resolve(), master or LOCAL_MASTER, given)))
        atexit.register(_end_unused)


def _end_unused() -> None:
    """End a process that Spark has not connected to: without its temporary folder, it would run for ever."""
    while _started:
        java = _started.pop()
        java.process.kill()
        java.process.wait()


def _launch(start: SparkStart) -> _StartedJava:
    folder = tempfile.TemporaryDirectory()
    program = Path(start.environment["SPARK_HOME"]) / "bin" / "spark-submit"
    settings = [word for name, value in start.settings.items() for word in ("--conf", f"{name}={value}")]
    environment = {
        **os.environ,
        **start.environment,
        "SPARK_CONNECT_MODE": "0",
        "_PYSPARK_DRIVER_CONN_INFO_PATH": str(Path(folder.name) / "connection"),
    }
    start.log.write_bytes(b"")
    with start.log.open("ab") as log:
        process = subprocess.Popen(
            [str(program), *settings, *_submit_arguments()],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment,
            preexec_fn=_ignore_interrupts,  # noqa: PLW1509 - no other thread runs yet
        )
    return _StartedJava(process, folder, start.settings)


def _submit_arguments() -> list[str]:
    return shlex.split(os.environ.get("PYSPARK_SUBMIT_ARGS", "pyspark-shell"))


def _ignore_interrupts() -> None:
    """Ctrl-C is for Python, which ends Java."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def connect_started_java(settings: Mapping[str, str]) -> None:
    """Connect PySpark to the process of `start_java`; if there is none that is ready, PySpark will start one.

    Args:
        settings: The settings with which Spark is started.
    """
    if not _started:
        return
    java = _started.pop()
    with java.folder:
        if java.settings != settings or not _is_ready(java):
            java.process.kill()
            java.process.wait()
            return
        _connect(java)


def _is_ready(java: _StartedJava) -> bool:
    """Wait until Java listens; false if it has ended."""
    while not java.connection.is_file():
        if java.process.poll() is not None:
            return False
        time.sleep(_PAUSE)
    return True


def _connect(java: _StartedJava) -> None:
    from pyspark import SparkContext

    content = java.connection.read_bytes()
    (port, length), secret = struct.unpack_from(">ii", content), content[8:]
    wanted = {"PYSPARK_GATEWAY_PORT": str(port), "PYSPARK_GATEWAY_SECRET": secret[:length].decode("utf-8")}
    os.environ.update(wanted)
    try:
        SparkContext._ensure_initialized()  # noqa: SLF001 - connects to Java alone
    finally:
        for name in wanted:
            del os.environ[name]
    gateway: Any = SparkContext._gateway  # noqa: SLF001 - as above
    gateway.proc = java.process
