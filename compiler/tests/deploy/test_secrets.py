"""A token is nowhere to be found: not in what is printed, logged, kept in the workspace or written to the project."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from faults import Fault, Kind
from workspace import Workspace

pytestmark = pytest.mark.slow

LOGGING = "import logging; logging.basicConfig(level=logging.DEBUG); from cbx.cli import main; main()"
"""The command with every logger at work, those of the SDK and of the libraries below it too."""

FAST_CLOCK = """
from databricks.sdk.clock import RealClock
moments = [0.0]
RealClock.time = lambda _: moments[-1]
RealClock.sleep = lambda _, seconds: moments.append(moments[-1] + seconds)
"""
BROKEN_SDK = """
from databricks.sdk.service.pipelines import PipelinesAPI
from cbx.cli import main
PipelinesAPI.list_pipelines = lambda *_, **__: 1 / 0
main()
"""
LOUD = {"CBX_DEBUG": "1", "DATABRICKS_DEBUG_HEADERS": "true", "DATABRICKS_DEBUG_TRUNCATE_BYTES": "10000"}


@pytest.mark.parametrize("fault", ["502", "gone"])
def test_a_token_is_seen_nowhere(fault: Kind, workspace: Workspace, project: Path) -> None:
    """With debugging on, in a deployment that gets over an odd answer, and in one that breaks off."""
    workspace.strike(Fault(fault, 9))
    command = [sys.executable, "-c", FAST_CLOCK + LOGGING, "deploy", "--env", "prod", "--project", str(project)]
    done = subprocess.run(command, env={**os.environ, **LOUD}, capture_output=True, check=False, timeout=120)
    kept = b"".join(stored.content for stored in workspace.api.objects.values())
    written = b"".join(path.read_bytes() for path in project.rglob("*") if path.is_file())
    secret = workspace.token.encode()

    assert (done.returncode == 0) == (fault == "502")
    assert b"/api/2.0/workspace/import" in done.stderr
    assert [secret in text for text in (done.stdout, done.stderr, kept, written)] == [False] * 4


def test_an_error_of_ours_shows_no_token(workspace: Workspace, project: Path) -> None:
    """Not even where cbx itself breaks while it talks to the workspace, with a traceback."""
    command = [sys.executable, "-c", BROKEN_SDK, "deploy", "--env", "prod", "--project", str(project)]
    done = subprocess.run(command, env={**os.environ, **LOUD}, capture_output=True, check=False, timeout=120)

    assert b"ZeroDivisionError" in done.stderr
    assert b"DEBUG:databricks.sdk:GET /api/2.0/preview/scim/v2/Me" in done.stderr
    assert workspace.token.encode() not in done.stdout + done.stderr
