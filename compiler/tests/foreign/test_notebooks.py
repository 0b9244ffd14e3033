"""Pipelines that know nothing of this compiler, in the styles that people write them in."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from compiler.tests.foreign.tables import actual_table, expected_tables
from compiler.tests.foreign.terminal import Answer, cbx_here, events

NOTEBOOKS = Path(__file__).parent / "notebooks"
STYLES = sorted(path.parent.name for path in NOTEBOOKS.glob("*/expected.md"))
UPDATES = (1, 2)


class Shop:
    """A folder with all the notebooks, what has landed so far, and what two updates made of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tables: dict[str, dict[tuple[str, int], str]] = {style: {} for style in STYLES}
        self.answers: list[Answer] = []
        self.flows: list[dict[str, Any]] = []

    def deliver(self, style: str, update: int) -> None:
        """Put the files of a day into the landing folder; a file of the same name is replaced."""
        shutil.copytree(
            NOTEBOOKS / style / "landing" / str(update), self.folder / "landing" / style, dirs_exist_ok=True
        )

    def update(self, number: int) -> None:
        """Run all the notebooks, and look at the tables."""
        arguments = ("--state", "state", "--var", "payments.landing=landing/mixed", "--master", "local[2]")
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder)
            answer = cbx_here("run", "notebooks", *arguments)
        self.answers.append(answer)
        state = self.folder / "state"
        self.flows += [row for row in events(state) if "flow_progress" in row["details"]]
        for style in STYLES:
            for name, update in expected_tables(NOTEBOOKS / style / "expected.md"):
                if update == number:
                    self.tables[style][name, update] = actual_table(self.folder, state, name)


@pytest.fixture(scope="module")
def shop(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Shop:  # noqa: ARG001 - runs find it
    """Two days: files land, everything is run, more files land, everything is run again."""
    shop = Shop(tmp_path_factory.mktemp("shop"))
    ignored = shutil.ignore_patterns("landing", "expected.md", "ruff.toml", "__pycache__")
    shutil.copytree(NOTEBOOKS, shop.folder / "notebooks", ignore=ignored)
    for update in UPDATES:
        for style in STYLES:
            shop.deliver(style, update)
        shop.update(update)
    return shop


@pytest.mark.parametrize("style", STYLES)
def test_a_style_gives_the_tables_that_one_expects(shop: Shop, style: str) -> None:
    """What stands in `expected.md` was written by hand from the landing files."""
    expected = expected_tables(NOTEBOOKS / style / "expected.md")
    actual = {place: shop.tables[style].get(place) for place in expected}

    assert expected == actual


def test_all_of_them_run_without_an_error(shop: Shop) -> None:
    """What is said is about words that change nothing here: `%pip`, and how files are laid out."""
    lines = (line for answer in shop.answers for line in answer.errors.splitlines())
    notes = [line for line in lines if ": " in line and not line.startswith("Refreshed ")]
    about_options = {note for note in notes if note.startswith("note: the option ")}
    reasons = {
        note.partition(".py:")[2].partition(": ")[2].partition(":")[0] for note in notes if note not in about_options
    }

    assert all(" has no effect " in note for note in about_options)
    assert ([answer.status for answer in shop.answers], reasons) == (
        [0, 0],
        {
            "%pip is not run locally",
            "CLUSTER BY has no effect locally",
            "cluster_by= has no effect locally",
            "cluster_by_auto= has no effect locally",
            "partition_cols= has no effect locally",
        },
    )


def test_no_row_is_unaccounted_for(shop: Shop) -> None:
    """Every rule saw every row, and every row was written or dropped; what did not run keeps its last counts."""
    differences = []
    for row in shop.flows:
        table, progress = row["origin"]["dataset_name"], row["details"]["flow_progress"]
        quality = progress.get("data_quality", {}) if not progress.get("unchanged") else {}
        for rule in quality.get("expectations", ()):
            if rule["dataset"] == table:
                seen = rule["passed_records"] + rule["failed_records"]
                difference = seen - progress["metrics"]["num_output_rows"] - quality.get("dropped_records", 0)
                differences.append((table, rule["name"], difference))

    assert {difference for _, _, difference in differences} == {0}, differences
