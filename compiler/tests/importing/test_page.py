"""Runs every block of the page about importing, in the order in which a reader meets them."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from literate import Block, read_cases

PAGE = Path(__file__).parents[2] / "docs" / "import.md"


def run_in(folder: Path, command: str) -> str:
    """What a command of cbx prints."""
    done = subprocess.run(
        [sys.executable, "-m", "cbx", *shlex.split(command)[1:]],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "COLUMNS": "100"},
    )
    return re.sub(r" +\d+\.\d+ s$", "", done.stdout + done.stderr, flags=re.MULTILINE)


def do_block(block: Block, folder: Path) -> str:
    """Do what a block shows: write a file of the pipeline, run a command, or read a file of the project."""
    kind, _, path = block.info.partition(" ")
    if kind == "console":
        command = block.body.partition("\n")[0]
        return f"{command}\n{run_in(folder, command.removeprefix('$ '))}"
    if path.startswith("notebooks/"):
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(block.body, encoding="utf-8")
        return block.body
    return (folder / path).read_text(encoding="utf-8")


def test_every_step_gives_what_the_page_shows(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """A reader who follows it sees the same."""
    blocks = [block for case in read_cases(PAGE) for block in case.blocks]
    expected = [block.body for block in blocks]
    actual = [do_block(block, tmp_path) for block in blocks]
    if request.config.getoption("--bless"):
        page = PAGE.read_text(encoding="utf-8")
        for block, text in zip(reversed(blocks), reversed(actual), strict=True):
            page = page[: block.start] + text + page[block.end :]
        PAGE.write_text(page, encoding="utf-8")
        return

    assert expected == actual
