"""Follows the tutorial word by word in an empty folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from literate import read_blocks
from walkthrough import bless_page, follow_page

pytestmark = pytest.mark.slow

DOCS = Path(__file__).parents[1] / "docs"


def test_every_step_gives_what_the_page_shows(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    """A newcomer who types it sees the same, without Java."""
    page = DOCS / "tutorial.md"
    steps = follow_page(page, tmp_path)
    if pytestconfig.getoption("--bless"):
        bless_page(page, steps)
        return
    expected = [step.expected for step in steps]
    actual = [step.actual for step in steps]

    assert expected == actual


def test_every_block_is_run() -> None:
    """Each is a file with its path, or commands with their output."""
    kinds = [block.info.partition(" ") for block in read_blocks(DOCS / "tutorial.md")]

    assert [kind for kind, _, path in kinds if kind != "console" and not path] == []
    assert len(kinds) > 20
