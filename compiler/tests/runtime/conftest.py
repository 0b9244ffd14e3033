"""The pipeline of a test, on the one Spark session of all the tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from cbx.runtime.session import session
from compiler.tests.runtime.pipelines import Pipeline


@pytest.fixture
def pipeline(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    session(tmp_path_factory.getbasetemp() / "spark", "local[2]")
    return Pipeline(tmp_path)
