"""The pages about selectors and graphs say what is so."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from cbx.graph_document import read_manifest
from cbx.selector_methods import _METHODS, _PARTS
from cbx.selectors import select

ROOT = Path(__file__).parents[3]
SELECTORS = (ROOT / "compiler/docs/selectors.md").read_text(encoding="utf-8")


def rows(page: str, heading: str) -> list[list[str]]:
    """The names in backquotes of each row of the table below a heading."""
    section = page.split(f"\n## {heading}\n")[1].split("\n## ", maxsplit=1)[0]
    lines = re.findall(r"^\| `.*", section, re.MULTILINE)
    return [re.findall(r"`([^`]+)`", line) for line in lines]


@pytest.mark.parametrize("row", rows(SELECTORS, "Examples"), ids=lambda row: row[0])
def test_an_example_chooses_what_the_page_says(row: list[str]) -> None:
    """In the order in which `cbx list` prints it."""
    circuit_box = read_manifest(json.loads((ROOT / "target/manifest.json").read_text(encoding="utf-8")))
    selector, *expected = row

    assert expected == list(select(circuit_box, [selector]))


def test_every_method_is_on_the_page() -> None:
    """And no method that there is not."""
    expected = {f"{name}:" for name in _METHODS} | {"config.<name>:"}

    assert expected == {row[0] for row in rows(SELECTORS, "Methods")}


def test_every_state_is_on_the_page() -> None:
    """And no state that there is not."""
    expected = {"new", "old", "modified", "unmodified"} | {f"modified.{part}" for part in _PARTS}

    assert {f"state:{one}" for one in expected} == {row[0] for row in rows(SELECTORS, "State")}
