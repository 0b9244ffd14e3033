"""The Spark session of the commands that run in the process of the tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from compiler.tests.foreign.terminal import Desk


@pytest.fixture
def desk(spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:  # noqa: ARG001 - commands find it
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path)
