"""The pipeline of a test, on the one Spark session of all the tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from cbx.runtime.spark.session import session as make_session
from compiler.tests.runtime.landing import Loader
from compiler.tests.runtime.pipelines import Pipeline


@pytest.fixture
def pipeline(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    make_session(tmp_path_factory.getbasetemp() / "spark", "local[2]")
    return Pipeline(tmp_path)


@pytest.fixture
def session(tmp_path_factory: pytest.TempPathFactory) -> SparkSession:
    return make_session(tmp_path_factory.getbasetemp() / "spark", "local[2]")


@pytest.fixture
def loader(session: SparkSession, tmp_path: Path) -> Loader:
    return Loader(session, tmp_path)
