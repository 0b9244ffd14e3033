"""The pipeline of a test, which runs on both engines unless the test is marked with ``needs_spark`` and a reason."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from compiler.tests.runtime.landing import Loader
from compiler.tests.runtime.pipelines import Pipeline
from compiler.tests.runtime.sail_server import stop


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "pipeline" in metafunc.fixturenames:
        needs_spark = metafunc.definition.get_closest_marker("needs_spark") is not None
        on_spark = pytest.param("spark", marks=pytest.mark.spark)
        metafunc.parametrize("pipeline", [on_spark] if needs_spark else [on_spark, "sail"], indirect=True)


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
