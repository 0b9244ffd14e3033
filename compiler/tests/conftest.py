"""What the compiler's tests share."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

from cbx.analysis.tracing.process import keep_worker
from cbx.processes.garbage_collection import LOADED
from compiler.tests.accounting import unaccounted_in_log
from compiler.tests.class_archive import use_class_archive
from compiler.tests.local_files import replace_local_file_system
from compiler.tests.memory_folder import give_back, use_memory

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

sys.path.insert(0, str(Path(__file__).parent))

# Queries in tests are many, small and different: Java compiles code once and quickly, also in `cbx run` of a test. With
# one compiler, the default space is too small for the code of all tests: Java would compile it again and again.
os.environ.setdefault("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:ReservedCodeCacheSize=240m")
use_memory()
_STARTED = TemporaryDirectory()
"""A file for each JVM of Spark that a test, or a process that it starts, has started."""
use_class_archive(Path(_STARTED.name))

_FOR_FEW_ROWS = {
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.shuffle.partitions": "1",
}
"""Spark as it is fastest for ten rows. Runs in processes of their own, as in `test_kill`, have the settings of cbx."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--bless", action="store_true", help="Rewrite the expectations of literate and golden cases.")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that use the Spark session or a browser, before `-m "not spark"` looks at marks.

    The slowest files come first, so that all processes end at about the same time.
    """
    for item in items:
        for name in {"spark", "browser"} & {*getattr(item, "fixturenames", ())}:
            item.add_marker(name)
    names = ("spark", "slow", "browser")
    files = {name: {item.path for item in items if item.get_closest_marker(name)} for name in names}
    items.sort(key=lambda item: [item.path not in files[name] for name in names])


def pytest_collection_finish() -> None:
    """What is loaded and collected lives to the end: no garbage collection looks at it again, and few are needed."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(LOADED)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """The files of tests that have all passed take no memory any longer."""
    is_worker = hasattr(session.config, "workerinput")
    if exitstatus == pytest.ExitCode.OK and not is_worker and session.config.option.basetemp is None:
        give_back(session.config._tmp_path_factory.getbasetemp())  # type: ignore[attr-defined] # pytest has no other name


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> SparkSession:
    """The Spark session of all tests of a process; each test has its tables in a folder of its own."""
    from cbx.runtime.spark.session import session

    started = session(tmp_path_factory.getbasetemp() / "spark", "local[2]")
    replace_local_file_system(started)
    for name, value in _FOR_FEW_ROWS.items():
        started.conf.set(name, value)
    return started


@pytest.fixture(scope="session", autouse=True)
def one_tracing_worker() -> Iterator[None]:
    """The compilations of a process share the worker that traces models, which takes a second to start."""
    with keep_worker():
        yield


@pytest.fixture(autouse=True)
def only_marked_tests_start_spark(request: pytest.FixtureRequest) -> Iterator[None]:
    """`make quick` leaves out the tests with the mark `spark`; no other test may start a JVM, also not in a command."""
    yield
    started = list(Path(_STARTED.name).iterdir())
    for file in started:
        file.unlink()
    assert started == [] or request.node.get_closest_marker("spark")


@pytest.fixture(autouse=True)
def every_row_is_accounted_for(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever updates a test makes in its folder: every rule saw every row, and each was written or dropped."""
    folder: Path | None = request.getfixturevalue("tmp_path") if "tmp_path" in request.fixturenames else None
    yield
    logs = folder.rglob("events.jsonl") if folder is not None else ()
    wrong = [sentence for log in logs for sentence in unaccounted_in_log(log)]
    assert wrong == []
