"""One Spark session for the commands that run in the process of the tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from cbx.runtime.spark.session import session
from compiler.tests.foreign.terminal import Desk


@pytest.fixture
def desk(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """An empty folder to work in."""
    session(tmp_path_factory.getbasetemp() / "spark", "local[2]")
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path)
