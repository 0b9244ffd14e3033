"""The pages about selectors and graphs say what is so."""

from __future__ import annotations

import json
import re
import shlex

import pytest

from cbx.cli.graph import EXTENSIONS, GraphFormat
from cbx.graph.read_manifest import read_manifest
from cbx.graph.selector_methods import _METHODS, _PARTS
from cbx.graph.selectors import select
from compiler.tests.command import list_commands
from compiler.tests.graph.pages import ROOT, cbx_graph, compile_circuit_box

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

    assert {f"state:{state}" for state in expected} == {row[0] for row in rows(SELECTORS, "State")}


GRAPH = (ROOT / "compiler/docs/graph.md").read_text(encoding="utf-8")


def read_example(fence: str) -> tuple[list[str], str]:
    """The block below a fence, and the arguments of the command that the text after it names."""
    block, _, after = GRAPH.split(f"\n```{fence}\n", 1)[1].partition("```\n")
    named = re.search(r"`cbx graph ([^`]+)`", after)
    assert named is not None
    return shlex.split(named[1]), block


@pytest.mark.parametrize("fence", ["text tree", "mermaid"])
def test_an_example_draws_what_the_page_shows(fence: str) -> None:
    """A page must not show yesterday's output."""
    arguments, expected = read_example(fence)

    assert expected == cbx_graph(compile_circuit_box(), *arguments)


def test_every_option_of_graph_is_on_the_page() -> None:
    """No more and no fewer than `cbx graph --help` names."""
    command = list_commands()["graph"]
    expected = {option for param in command.params for option in param.opts if option.startswith("--")}

    assert expected == {row[0].split()[0] for row in rows(GRAPH, "Options")}


def test_every_format_is_on_the_page_with_its_endings() -> None:
    """And no format that there is not."""
    table = [row for row in rows(GRAPH, "Formats") if row[0] in {member.value for member in GraphFormat}]
    actual = {(suffix, row[0]) for row in table for suffix in row[1:] if suffix.startswith(".")}

    assert {(ending, drawn_as.value) for ending, drawn_as in EXTENSIONS.items()} == actual
    assert [row[0] for row in table] == [member.value for member in GraphFormat]


def test_every_field_of_json_is_on_the_page() -> None:
    """In the order in which they stand in the document."""
    graph = json.loads(cbx_graph(compile_circuit_box(), "--format", "json", "--columns"))
    expected = [*graph, *graph["nodes"][0]]

    assert expected == [row[0] for row in rows(GRAPH, "JSON")]
