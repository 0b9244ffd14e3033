"""Sinks and tables of snapshots through `run_model`: nothing is sent, and each batch is a snapshot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cbx.testing import ModelFailed, assert_rows
from cbx.testing.fixtures import Models

ALERTS = """{{ sink(format="kafka", options={"kafka.bootstrap.servers": "b:1", "topic": "alerts"}) }}
SELECT CAST(id AS STRING) AS value FROM {{ stream_source("raw.orders") }} WHERE amount > 10
"""
OUTBOX = """from cbx import sink, stream_source


def send(rows, number):
    raise AssertionError("a test sends nothing")


@sink(foreach_batch="send")
def it(orders=stream_source("raw.orders")):
    return orders.where("amount > 10").select("id")
"""
FIRST = """
    id BIGINT | name | seen BIGINT
    1         | Ann  | 1
    2         | Bob  | 1
"""
SECOND = """
    id BIGINT | name    | seen BIGINT
    1         | Ann Lee | 2
    3         | Eve     | 2
"""


def snapshot_model(source: str, **arguments: Any) -> str:
    given = ", ".join(f"{name}={value!r}" for name, value in arguments.items())
    return f'{{{{ auto_cdc_from_snapshot(key="id", {given}) }}}}\nSELECT id, name, seen FROM {{{{ {source} }}}}\n'


FOLDER = 'snapshots("/landing/merchants", format="csv", columns={"id": "BIGINT", "name": "STRING", "seen": "BIGINT"})'
HISTORY = """
    id | name    | seen | __START_AT | __END_AT
    1  | Ann     | 1    | 2026-01-01 | 2026-01-02
    1  | Ann Lee | 2    | 2026-01-02 | NULL
    2  | Bob     | 1    | 2026-01-01 | 2026-01-02
    3  | Eve     | 2    | 2026-01-02 | NULL
"""


@pytest.mark.spark
@pytest.mark.parametrize("text", [ALERTS, OUTBOX], ids=["kafka", "function"])
def test_the_rows_that_a_sink_sends(run_text: Any, text: str) -> None:
    """They are returned, and not sent."""
    result = run_text(text, {"raw.orders": [{"id": 1, "amount": 5}, {"id": 2, "amount": 20}]})

    assert [tuple(map(str, row)) for row in result.rows()] == [("2",)]


@pytest.mark.spark
def test_each_batch_is_a_snapshot_of_a_folder(run_text: Any) -> None:
    """Its version is a day."""
    result = run_text(snapshot_model(FOLDER, scd_type=2), {"merchants": [FIRST, SECOND]})

    assert_rows(result, HISTORY)


@pytest.mark.spark
def test_each_batch_is_a_snapshot_of_a_table(run_text: Any) -> None:
    """What the last one has not is deleted."""
    result = run_text(snapshot_model('source("raw.merchants")'), {"raw.merchants": [FIRST, SECOND]})

    assert_rows(result, [{"id": 1, "name": "Ann Lee", "seen": 2}, {"id": 3, "name": "Eve", "seen": 2}])


@pytest.mark.spark
def test_a_column_without_history(run_text: Any) -> None:
    """Its changes make no new version."""
    source, model = 'source("raw.merchants")', {"scd_type": 2, "track_history": {"except": ["seen"]}}
    later = "id BIGINT | name | seen BIGINT\n1 | Ann | 2\n"
    result = run_text(snapshot_model(source, **model), {"raw.merchants": [FIRST, later]})

    assert sorted(result.rows("id", "name", "seen")) == [(1, "Ann", 2), (2, "Bob", 1)]


@pytest.mark.spark
def test_a_key_that_is_twice_in_a_snapshot_fails(run_text: Any) -> None:
    """As it fails an update."""
    with pytest.raises(ModelFailed, match="id"):
        run_text(
            snapshot_model('source("raw.merchants")'), {"raw.merchants": "id | name | seen\n1 | A | 1\n1 | B | 1\n"}
        )


@pytest.mark.spark
def test_kinds_of_changes_are_counted(models: Callable[[dict[str, str]], Models]) -> None:
    """A row that differs is an update, one that is missing a delete; no change is late."""
    project = models({"models/silver/it.sql": snapshot_model('source("raw.merchants")')})
    project.run_model("silver.it", {"raw.merchants": [FIRST, SECOND]})

    assert project._exercised.parts == {("silver.it",), ("silver.it", "update"), ("silver.it", "delete")}
