"""Follows the README word by word in an empty folder, with this checkout as the published package."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Mapping
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

sys.path.insert(0, str(Path(__file__).parent / "deploy"))

from literate import read_blocks
from workspace import Workspace

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
BLOCKS = {block.body.split("\n")[0]: block.body for block in read_blocks(ROOT / "README.md") if block.info == "shell"}
FIRST = BLOCKS["pip install 'circuit-box[sail]'"]
DEPLOY = BLOCKS["pip install 'circuit-box[deploy]'"]


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a new environment, in which the wheel of this checkout can be installed without a network."""
    folder = tmp_path_factory.mktemp("newcomer")
    (wheel,) = WheelBuilder(str(ROOT)).build(directory=str(folder / "wheels"), versions=["standard"])
    venv.create(folder / "env", symlinks=True)
    packages = sysconfig.get_path("purelib", vars={"base": str(folder / "env"), "platbase": str(folder / "env")})
    libraries = [path for path in sys.path if path.endswith("site-packages")]
    (Path(packages) / "libraries.pth").write_text("\n".join(libraries), encoding="utf-8")
    pip = folder / "env" / "bin" / "pip"
    pip.write_text(
        f"#!/bin/sh\n# The published package is the wheel of this checkout; its libraries are there already.\n"
        f'"{sys.executable}" -m pip --python "{folder / "env" / "bin" / "python"}" install -q --no-deps "{wheel}"\n',
        encoding="utf-8",
    )
    pip.chmod(0o755)
    return folder


def follow(
    folder: Path, commands: str, credentials: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Type the lines into a shell; the first that fails ends it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "DATABRICKS"))}
    environment = {
        **kept,
        "PATH": f"{folder / 'env' / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        **(credentials or {}),
    }
    command = ["bash", "-e", "-c", commands]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_first_lines_write_a_project_whose_tests_pass(newcomer: Path) -> None:
    """They are all that a newcomer types."""
    done = follow(newcomer, FIRST)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 passed" in done.stdout


@pytest.mark.parametrize("advice", ["cbx run", "cbx show gold.daily_revenue"])
def test_what_the_text_goes_on_with_is_in_it(advice: str) -> None:
    """The next test types it."""
    assert f"`{advice}`" in " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())


def test_the_project_of_the_first_lines_runs(newcomer: Path) -> None:
    """This is what the README says next."""
    done = follow(newcomer, "cd shop\ncbx run\ncbx show gold.daily_revenue")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "2026-01-01        2     24.75" in done.stdout


def test_without_a_workspace_planning_ends_with_the_way_to_log_in(newcomer: Path) -> None:
    """A newcomer has none yet."""
    done = follow(newcomer, f"cd shop\n{DEPLOY}")

    assert done.returncode == 2
    assert done.stderr.startswith("error[CBX601] no-credentials:")
    assert "databricks auth login" in done.stderr


def test_the_project_of_the_first_lines_is_deployed(newcomer: Path) -> None:
    """Into a workspace that is a server of the tests."""
    with Workspace() as workspace:
        workspace.api.updates.states = ("QUEUED", "COMPLETED")
        done = follow(newcomer, f"cd shop\n{DEPLOY}", workspace.environment)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "is complete." in done.stderr
