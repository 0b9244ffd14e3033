"""The pipeline of a test, on the Spark session of all tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from compiler.tests.runtime.landing import Loader
from compiler.tests.runtime.pipelines import Pipeline


@pytest.fixture
def pipeline(spark: SparkSession, tmp_path: Path) -> Pipeline:  # noqa: ARG001 - updates find it
    return Pipeline(tmp_path)


@pytest.fixture
def loader(spark: SparkSession, tmp_path: Path) -> Loader:
    return Loader(spark, tmp_path)


@pytest.fixture
def working_folder(spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:  # noqa: ARG001 - runs find it
    """An empty folder, in which commands run on the Spark session of all tests."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
