"""The pipeline of a test, which runs on both engines unless the test, or an argument, has the mark ``needs_spark``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from compiler.tests.runtime.landing import Loader
from compiler.tests.runtime.pipelines import Pipeline
from compiler.tests.runtime.sail_server import stop


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "pipeline" in metafunc.fixturenames:
        on_spark = pytest.param("spark", marks=pytest.mark.spark)
        metafunc.parametrize("pipeline", [on_spark, "sail"], indirect=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items[:] = [item for item in items if not (_is_on_sail(item) and item.get_closest_marker("needs_spark"))]


def _is_on_sail(item: pytest.Item) -> bool:
    return isinstance(item, pytest.Function) and _arguments(item).get("pipeline") == "sail"


def _arguments(item: pytest.Function) -> Mapping[str, object]:
    return item.callspec.params if hasattr(item, "callspec") else {}


@pytest.fixture(scope="session")
def sail_process() -> Iterator[None]:
    """The process that runs updates on Sail ends with the tests."""
    yield
    stop()


@pytest.fixture
def pipeline(request: pytest.FixtureRequest, tmp_path: Path) -> Pipeline:
    request.getfixturevalue("spark" if request.param == "spark" else "sail_process")
    return Pipeline(tmp_path, engine=request.param)


@pytest.fixture
def loader(spark: SparkSession, tmp_path: Path) -> Loader:
    return Loader(spark, tmp_path)


@pytest.fixture
def working_folder(spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:  # noqa: ARG001 - runs find it
    """An empty folder, in which commands run on the Spark session of all tests."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
