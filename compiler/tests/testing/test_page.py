"""Runs every block of the page of testing, in the order in which a reader meets them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from literate import Block, lay_out, read_cases

from compiler.tests.command import run_cbx

pytestmark = pytest.mark.slow

PAGE = Path(__file__).parents[2] / "docs" / "testing.md"


def normal(text: str) -> str:
    """A terminal's text without what differs from one run to the next."""
    return re.sub(r" in \d+\.\d+s", " in 1.00s", text).rstrip() + "\n"


def run_in(folder: Path, command: str) -> str:
    """What a command of cbx prints, standard output first as it is what scripts read."""
    done = run_cbx(folder, *shlex.split(command)[1:], environment={"COLUMNS": "80"})
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str]]:
    """What the page shows of every command, and what the command prints."""
    folder = tmp_path_factory.mktemp("page")
    found = []
    for block in (block for case in read_cases(PAGE) for block in case.blocks):
        kind, _, path = block.info.partition(" ")
        if kind == "console":
            found.append(run_command(block, folder))
        elif path:
            settings = folder / "project.toml"
            lay_out({"project.toml": settings.read_text() if settings.exists() else "", path: block.body}, folder)
    everything = run_in(folder, "cbx test --coverage")
    return [*found, ("every test of the page passes", everything)]


def run_command(block: Block, folder: Path) -> tuple[str, str]:
    command, _, shown = block.body.partition("\n")
    return normal(shown), normal(run_in(folder, command.removeprefix("$ ")))


def test_every_command_prints_what_the_page_shows(outputs: list[tuple[str, str]], pytestconfig: pytest.Config) -> None:
    """A reader who types it sees the same."""
    if pytestconfig.getoption("--bless"):
        text = PAGE.read_text(encoding="utf-8")
        for shown, output in outputs[:-1]:
            text = text.replace(shown, output)
        PAGE.write_text(text, encoding="utf-8")
        return
    expected = [shown for shown, _ in outputs[:-1]]
    actual = [output for _, output in outputs[:-1]]

    assert expected == actual


def test_every_test_of_the_page_passes(outputs: list[tuple[str, str]]) -> None:
    """A reader will paste them."""
    summary = outputs[-1][1]

    assert re.search(r"^\d+ passed in", summary, re.MULTILINE), summary
    assert "coverage: 100 %" in summary, summary
