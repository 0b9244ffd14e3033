"""What the tests of deploying share."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from databricks.sdk.clock import RealClock

sys.path.insert(0, str(Path(__file__).parent))

from literate import lay_out
from projects import FIRST, FastClock
from workspace import Workspace


@pytest.fixture
def fast_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK never really waits: commands have its clock, and so has each request for the configuration of a host."""
    clock = FastClock()
    monkeypatch.setattr(RealClock, "time", lambda _: clock.time())
    monkeypatch.setattr(RealClock, "sleep", lambda _, seconds: clock.sleep(seconds))


@pytest.fixture
def workspace(
    fast_clock: None,  # noqa: ARG001 - the SDK finds it
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Iterator[Workspace]:
    """A workspace, and an environment with the credentials for it and for nothing else."""
    with Workspace() as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("HOME", str(tmp_path))
        yield running


@pytest.fixture
def project(fast_clock: None, tmp_path: Path) -> Path:  # noqa: ARG001 - commands find it
    """A project in a folder, for commands that never really wait."""
    folder = tmp_path / "shop"
    settings = FIRST["project.toml"] + "\n[compile]\ntrace = false\n"
    lay_out({**FIRST, "project.toml": settings}, folder)
    return folder
