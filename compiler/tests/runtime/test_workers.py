"""Threads that make each thing once."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence

import pytest

from cbx.runtime.errors import RunError
from cbx.runtime.update.workers import DatasetWorkers
from compiler.tests.runtime.pipelines import Pipeline, problems

pytestmark = [
    pytest.mark.spark,
    pytest.mark.needs_spark("tables that are refreshed at the same time"),
    pytest.mark.usefixtures("pipeline"),
]


def make_all(needs: Mapping[str, Sequence[str]], size: int, pause: Callable[[], float]) -> dict[str, str]:
    """What a crew makes of things that need others, each with the reason if it failed."""
    crew = DatasetWorkers(tuple(needs), size, lambda: None)
    outcome: dict[str, str] = {}

    def make(key: str, needed_by: Sequence[str] = ()) -> None:
        crew.run_once(key, lambda: work(key), needed_by)

    def work(key: str) -> None:
        assert key not in outcome
        outcome[key] = "made"
        try:
            with crew.calling_user_code():
                time.sleep(pause())
                for other in needs[key]:
                    make(other, (key,))
        except RunError as error:
            outcome[key] = error.diagnostic.message.partition("cycle: ")[2]

    crew.work(tuple(needs), make)
    return outcome


@pytest.mark.parametrize("size", [1, 4])
def test_each_is_made_once_whoever_needs_it(size: int) -> None:
    """What is needed first is made first, by the thread that needs it."""
    needs = {"a": "dc", "b": "d", "c": "d", "d": "", "e": "a"}

    assert make_all(needs, size, lambda: 0) == dict.fromkeys("abcde", "made")


@pytest.mark.parametrize("seed", range(20))
def test_the_dataset_that_closes_a_cycle_fails(seed: int) -> None:
    """Which one that is depends on the order of definition, not on which thread was faster."""
    chance = random.Random(seed)
    needs = {"a": "b", "b": "c", "c": "a", "d": "b", "e": ""}

    assert make_all(needs, 4, lambda: chance.random() / 100)["c"] == "a -> b -> c -> a"


def test_datasets_that_do_not_need_each_other_are_made_at_the_same_time(pipeline: Pipeline) -> None:
    """Two sinks that wait for each other both come to their end."""
    pipeline.notebook("""
        import threading
        import dlt

        meeting = threading.Barrier(2)

        for name in ("one", "two"):
            @dlt.table(name=f"rows_{name}")
            def table():
                return spark.readStream.schema("id INT").json("landing/rows")

            @dlt.foreach_batch_sink(name=name)
            def handle(rows, number):
                meeting.wait(60)

            @dlt.append_flow(target=name, name=f"to_{name}")
            def flow(name=name):
                return spark.readStream.table(f"rows_{name}")
    """)
    pipeline.land("rows/1.json", '{"id": 1}\n{"id": 2}\n')

    assert {name: result.rows_written for name, result in pipeline.succeed().items()} == dict.fromkeys(
        ("rows_one", "rows_two", "one", "two"), 2
    )


def test_a_function_that_leaves_ends_the_update(pipeline: Pipeline) -> None:
    """``sys.exit`` in a dataset's function is what it is anywhere else."""
    pipeline.notebook("""
        import sys
        import dlt

        @dlt.table
        def a():
            return spark.range(1)

        @dlt.table
        def b():
            sys.exit(3)

        @dlt.table
        def c():
            return spark.read.table("b")
    """)
    with pytest.raises(SystemExit):
        pipeline.run()


def test_the_user_s_functions_are_called_one_at_a_time() -> None:
    """Whatever they share, no two of them are in it at once; one that waits for a table lets others in."""
    crew = DatasetWorkers(("a", "b", "c", "d"), 4, lambda: None)
    inside: list[int] = []
    most: list[int] = []

    def make(key: str) -> None:
        def work() -> None:
            with crew.calling_user_code():
                inside.append(1)
                most.append(len(inside))
                time.sleep(0.01)
                inside.pop()

        crew.run_once(key, work)

    crew.work(("a", "b", "c", "d"), make)

    assert max(most) == 1


def test_a_sink_that_is_a_function_gets_each_micro_batch(pipeline: Pipeline) -> None:
    """What it raises is the sink's failure, at its line, and the next update hands it the same rows again."""
    pipeline.notebook("""
        import os
        import dlt

        @dlt.table
        def rows():
            return spark.readStream.schema("id INT").json("landing/rows")

        @dlt.foreach_batch_sink(name="outside")
        def handle(rows, number):
            if not os.path.exists("ready"):
                raise ValueError("not yet")
            rows.toPandas().to_json(f"{number}.json", orient="records")

        @dlt.append_flow(target="outside")
        def flow():
            return spark.readStream.table("rows")
    """)
    pipeline.land("rows/1.json", '{"id": 1}\n{"id": 2}\n')
    first = pipeline.run()
    (pipeline.folder / "ready").touch()
    second = pipeline.succeed()

    assert [(str(problem.span).rpartition("/")[2], problem.message) for problem in problems(first)] == [
        ("notebook.py:11:9", "ValueError: not yet")
    ]
    assert (second["outside"].rows_written, (pipeline.folder / "0.json").read_text()) == (2, '[{"id":1},{"id":2}]')
