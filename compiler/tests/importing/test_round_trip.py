"""Pipelines of people who know nothing of this compiler, and what they are imported as, give the same tables."""

from __future__ import annotations

import shutil
from pathlib import Path

from pyspark.sql import SparkSession

from compiler.tests.foreign.test_notebooks import NOTEBOOKS, STYLES
from compiler.tests.import_round_trip import compare_with_import


def test_all_styles_give_the_same_tables(spark: SparkSession, tmp_path: Path) -> None:  # noqa: ARG001 - runs find it
    """All are one pipeline, which is imported as one project: two updates on the same files, row by row."""
    ignored = shutil.ignore_patterns("landing", "expected.md", "ruff.toml", "__pycache__")
    shutil.copytree(NOTEBOOKS, tmp_path / "notebooks", ignore=ignored)

    def deliver(update: int) -> None:
        for style in STYLES:
            landing = NOTEBOOKS / style / "landing" / str(update)
            shutil.copytree(landing, tmp_path / "landing" / style, dirs_exist_ok=True)

    trip = compare_with_import([Path("notebooks")], tmp_path, deliver, {"payments.landing": "landing/mixed"})
    left = {item.what for item in trip.result.report.left}

    assert (trip.failures, trip.differences) == ([], [])
    assert len(trip.compared) > 50
    assert len(left) < 25
