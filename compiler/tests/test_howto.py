"""Follows each how-to page word by word, as a reader does in a project of their own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from walkthrough import bless_page, follow_page

from compiler.tests.command import run_cbx

pytestmark = pytest.mark.slow

sys.path.insert(0, str(Path(__file__).parent / "deploy"))

from workspace import Workspace  # noqa: E402 - a module of the tests of deploying

PAGES = sorted((Path(__file__).parents[1] / "docs" / "howto").glob("*.md"))
PROJECT = """\
[project]
name = "shop"

[run]
engine = "sail"

[vars]
landing = "/Volumes/shop/landing"

[environments.local.vars]
landing = "landing"

[environments.prod]
catalog = "shop"
"""
"""The reader's `project.toml`, where the page has none."""
HOST = "https://shop.cloud.databricks.com"


@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
def test_every_step_gives_what_the_page_shows(page: Path, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    """Files compile, commands print, and tests pass."""
    (tmp_path / "project.toml").write_text(PROJECT, encoding="utf-8")
    with Workspace() as workspace:
        steps = follow_page(page, tmp_path, {**workspace.environment, "HOME": str(tmp_path)}, {workspace.host: HOST})
    if pytestconfig.getoption("--bless"):
        bless_page(page, steps)
        return
    expected = [step.expected for step in steps]
    actual = [step.actual for step in steps]

    assert expected == actual


def test_pages_run_commands() -> None:
    """That nothing differs would else say nothing."""
    assert [page.stem for page in PAGES if "```console" not in page.read_text(encoding="utf-8")] == ["coding-assistant"]


def test_what_assistants_are_shown_compiles_and_passes(tmp_path: Path) -> None:
    """The models and the test in the `AGENTS.md` that `cbx init` writes, and on the page about it."""
    (tmp_path / "project.toml").write_text(PROJECT, encoding="utf-8")
    follow_page(Path(__file__).parents[1] / "start" / "AGENTS.md", tmp_path)
    compiled, tested = run_cbx(tmp_path, "compile"), run_cbx(tmp_path, "test")

    assert compiled.returncode == 0, compiled.stderr
    assert tested.returncode == 0, tested.stdout
    assert "1 passed" in tested.stdout
