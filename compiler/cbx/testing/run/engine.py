"""The engine that runs the models: Sail, which starts in a second without Java, or Spark, the reference.

A process has one engine, started when the first test needs it. Both engines use UTC and ANSI mode, as Databricks does.
"""

from __future__ import annotations

import gc
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cbx.testing.errors import ModelTestError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ENGINES = ("sail", "spark")

_SPARK_SETTINGS = {"spark.sql.shuffle.partitions": "1", "spark.sql.adaptive.enabled": "false"}
"""Tables of a few rows need neither several partitions nor adaptive query plans."""


@dataclass
class RunningEngine:
    """A running engine.

    Attributes:
        name: ``sail`` or ``spark``.
        spark: Its session.
        server: Sail's server in this process; it stops when there is no reference to it.
    """

    name: str
    spark: SparkSession
    server: object = None
    _configuration: Mapping[str, str] = field(default_factory=dict)

    def configure(self, configuration: Mapping[str, str]) -> None:
        """Replace the settings of the session by others; settings that stay are not set again."""
        if configuration == self._configuration:
            return
        for name in self._configuration.keys() - configuration.keys():
            self.spark.conf.unset(name)
        for name, value in configuration.items():
            self.spark.conf.set(name, value)
        self._configuration = dict(configuration)


_running: dict[str, RunningEngine] = {}


def start_engine(name: str, state: Path, spark_settings: Mapping[str, str]) -> RunningEngine:
    """The engine, started if it is not running.

    Args:
        name: ``sail`` or ``spark``.
        state: A folder for Spark's log and scratch files.
        spark_settings: Settings of Spark.

    Raises:
        ModelTestError: If it is not installed, or the other one is running in this process.
    """
    for running in _running.values():
        if running.name != name:
            reason = f"{name} cannot start because {running.name} is already running in this process"
            raise ModelTestError(reason, "run the tests of the two engines one after the other")
        return running
    _running[name] = _start_sail() if name == "sail" else RunningEngine(name, _start_spark(state, spark_settings))
    gc.freeze()  # objects of the engine stay, so the garbage collector need not look at them
    return _running[name]


def _start_sail() -> RunningEngine:
    try:
        from cbx.runtime.sail.session import start_sail

        sail = start_sail()
    except ImportError as error:
        raise _not_installed("Sail", error) from None
    return RunningEngine("sail", sail.spark, sail.server)


def _start_spark(state: Path, given: Mapping[str, str]) -> Any:
    try:
        from pyspark.sql import SparkSession

        from cbx.runtime.errors import CannotRunError
        from cbx.runtime.spark.launch.given_settings import check_given_settings
        from cbx.runtime.spark.session import session
    except ImportError as error:
        raise _not_installed("Spark", error) from None
    try:
        is_new = SparkSession.getActiveSession() is None
        check_given_settings(given)
        spark = session(state, "local[2]", given)
        for key, value in {**_SPARK_SETTINGS, **given}.items() if is_new else ():
            if spark.conf.isModifiable(key):
                spark.conf.set(key, value)
    except CannotRunError as error:
        raise ModelTestError(error.diagnostic.message, error.diagnostic.hint) from None
    return spark


def _not_installed(engine: str, error: ImportError) -> ModelTestError:
    hint = "pip install 'circuit-box[test]'"
    return ModelTestError(f"{engine} is not installed: {error}", hint)
