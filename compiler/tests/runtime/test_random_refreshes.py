"""Random views over random rows, refreshed from what is new and recomputed: the same rows and results of expectations.

``CBX_REFRESHES`` asks for more than the one pipeline of every day.
"""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from pathlib import Path

import pytest

from compiler.tests.runtime.pipelines import Pipeline
from compiler.tests.runtime.random_views import random_rows, random_views
from compiler.tests.runtime.test_refresh_decisions import decisions

SEED = 20261130
PIPELINES = int(os.environ.get("CBX_REFRESHES", "1"))
FIRST = int(os.environ.get("CBX_FIRST_REFRESH", "0"))
VIEWS, UPDATES = 10, 3
_ALWAYS = 1 << 60


def land(pipeline: Pipeline, rng: random.Random, number: int) -> None:
    """New rows for some of the tables; now and then the table that does not grow changes."""
    for folder, odds in (("orders", 0.8), ("visits", 0.5), ("cities", 0.1)):
        if number == 0 or rng.random() < odds:
            rows = random_rows(rng, rng.randint(1, 6))
            pipeline.land(f"{folder}/{number}.json", "".join(json.dumps(row) + "\n" for row in rows))


@pytest.mark.needs_spark("incremental refreshes")
def test_random_views_are_refreshed_as_if_they_were_recomputed(pipeline: Pipeline, tmp_path: Path) -> None:
    """The decision may be anything; the rows may not."""
    techniques: Counter[str] = Counter()
    for number in range(FIRST, FIRST + PIPELINES):
        rng = random.Random(SEED + number)
        notebook = random_views(rng, VIEWS)
        incremental = Pipeline(pipeline.folder / f"incremental_{number}")
        recomputed = Pipeline(tmp_path / f"recomputed_{number}", smallest_incremental=_ALWAYS)
        for each in (incremental, recomputed):
            each.notebook(notebook)
        land(incremental, rng, 0)
        (recomputed.folder / "landing").symlink_to(incremental.folder / "landing")
        incremental.succeed()
        for update in range(1, UPDATES + 1):
            land(incremental, rng, update)
            ours, theirs = incremental.succeed(), recomputed.succeed()
            techniques.update(technique for technique, _ in decisions(incremental).values())
            for name in (f"view_{place}" for place in range(VIEWS)):
                case = f"pipeline {number}, update {update}, {name}, {decisions(incremental)[name]}\n{notebook}"
                assert incremental.rows(name) == recomputed.rows(name), case
                assert ours[name].expectations == theirs[name].expectations, case
                assert ours[name].rows_dropped == theirs[name].rows_dropped, case

    assert techniques["APPEND_ONLY"]
    assert techniques["GROUP_AGGREGATE"]
    assert techniques["GENERIC_AGGREGATE"]
