"""Targets of AUTO CDC that are divided into buckets have the rows and counts of those that are not.

``CBX_BUCKETS`` asks for more than the one random pipeline of every day.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from compiler.tests.runtime.pipelines import Pipeline

SEED = 20261130
PIPELINES = int(os.environ.get("CBX_BUCKETS", "1"))
FIRST = int(os.environ.get("CBX_FIRST_BUCKETS", "0"))
UPDATES = 3 if PIPELINES == 1 else 4
SMALL, ENDLESS = 4_000, 1 << 40
TARGETS = ("current", "emptied", "history", "pairs", "copies")

NOTEBOOK = """
    import dlt

    COLUMNS = "id BIGINT, name STRING, price DECIMAL(9, 2), day DATE, amount INT, seq INT, op STRING"

    @dlt.table
    def landed():
        return spark.readStream.schema(COLUMNS).json("landing/changes")

    @dlt.view
    def changes():
        return spark.readStream.table("landed")

    @dlt.view
    def even():
        return spark.readStream.table("landed").where("id % 2 = 0").drop("day")

    def create(target, source, keys, scd_type, **options):
        dlt.create_streaming_table(target)
        for number, each in enumerate(source):
            dlt.create_auto_cdc_flow(
                target=target, source=each, keys=keys, sequence_by="seq", stored_as_scd_type=scd_type,
                name=f"{target}_{number}", **options,
            )

    create("current", ["changes"], ["id"], 1, apply_as_deletes="op = 'D'")
    create("emptied", ["changes"], ["day", "id"], 1, apply_as_deletes="op = 'D'", apply_as_truncates="op = 'T'")
    create("history", ["changes"], ["id"], 2, apply_as_deletes="op = 'D'", @tracked@)
    create("pairs", ["changes", "even"], ["name", "price"], 2, except_column_list=["op"])

    @dlt.view
    def newest():
        return spark.sql("SELECT id, max(seq) AS seq, max(amount) AS amount FROM landed WHERE op = 'U' GROUP BY id")

    dlt.create_streaming_table("copies")
    dlt.create_auto_cdc_from_snapshot_flow("copies", "newest", keys=["id"], stored_as_scd_type=1)
"""


def notebook(tracked: Iterable[str]) -> str:
    return NOTEBOOK.replace("@tracked@", f"track_history_column_list={[*tracked]!r}")


def random_changes(rng: random.Random, count: int, *, has_truncate: bool) -> list[dict[str, Any]]:
    """Changes of few keys, in any order of their sequences, so that many are late and some are equal."""
    changes = [
        {
            "id": rng.randrange(900),
            "name": rng.choice(["", "Ulm", "Zürich", "x" * rng.randrange(9)]),
            "price": f"{rng.randrange(-3, 4)}.{rng.randrange(3)}0",
            "day": f"20{rng.randrange(10, 30)}-0{rng.randrange(1, 4)}-01",
            "amount": rng.choice([None, 1, 2, 3]),
            "seq": rng.randrange(60),
            "op": "D" if rng.random() < 0.2 else "U",
        }
        for _ in range(count)
    ]
    if has_truncate:
        changes.append({**changes[0], "seq": rng.randrange(40), "op": "T"})
    return changes


def files(pipeline: Pipeline, table: str) -> set[int]:
    """The files of a table's rows, whatever their names."""
    return {file.stat().st_ino for file in pipeline.state.glob(f"tables/*/{table}/v*/*.parquet")}


def check_against_undivided(divided: Pipeline, whole: Pipeline, case: str) -> None:
    ours, theirs = divided.succeed(), whole.succeed()
    for table in TARGETS:
        assert divided.rows(table) == whole.rows(table), f"{case}, {table}"
        counts = [
            (result.rows_read, result.rows_written, result.rows_deleted) for result in (ours[table], theirs[table])
        ]
        assert counts[0] == counts[1], f"{case}, {table}"
        assert len(files(whole, table)) <= 2


@pytest.mark.usefixtures("sail_process")
@pytest.mark.slow
def test_buckets_change_neither_rows_nor_counts(pipeline: Pipeline, tmp_path: Path) -> None:
    """Late changes, ties, deletes, truncates, snapshots, two flows into one target, and other arguments of a flow."""
    for number in range(FIRST, FIRST + PIPELINES):
        rng = random.Random(SEED + number)
        divided = Pipeline(pipeline.folder / f"divided_{number}", engine=pipeline.engine, bucket_size=SMALL)
        whole = Pipeline(tmp_path / f"whole_{number}", engine="sail", bucket_size=ENDLESS)
        (divided.folder / "landing").mkdir(parents=True)
        whole.folder.mkdir()
        (whole.folder / "landing").symlink_to(divided.folder / "landing")
        kept = 0
        for update in range(UPDATES):
            count = 4_000 if update == 0 else rng.choice([1, 2, 5])
            changes = random_changes(rng, count, has_truncate=update == UPDATES - 2)
            divided.land(f"changes/{update}.json", "".join(json.dumps(change) + "\n" for change in changes))
            for each in (divided, whole):
                each.notebook(notebook(["amount", "name"] if update < UPDATES - 1 else ["amount"]))
            before = files(divided, "history")
            check_against_undivided(divided, whole, f"pipeline {number}, update {update}")
            kept += len(before & files(divided, "history"))

        assert len(files(divided, "history")) > 2
        assert kept


@pytest.mark.usefixtures("sail_process")
@pytest.mark.needs_spark("both engines take turns")
def test_engines_continue_each_others_buckets(pipeline: Pipeline, tmp_path: Path) -> None:
    """They compute the same bucket of a key, and divide a state that an earlier version of cbx wrote whole."""
    divided = pipeline
    whole = Pipeline(tmp_path / "whole", engine="sail", bucket_size=ENDLESS)
    whole.folder.mkdir()
    (divided.folder / "landing").mkdir()
    (whole.folder / "landing").symlink_to(divided.folder / "landing")
    rng = random.Random(SEED)
    for each in (divided, whole):
        each.notebook(notebook(["amount"]))
    for update, (engine, bucket_size) in enumerate([("spark", ENDLESS), ("sail", SMALL), ("spark", SMALL)]):
        divided.engine, divided.bucket_size = engine, bucket_size
        changes = random_changes(rng, 4_000 if update == 0 else 3, has_truncate=False)
        divided.land(f"changes/{update}.json", "".join(json.dumps(change) + "\n" for change in changes))
        before = {table: files(divided, table) for table in TARGETS}
        check_against_undivided(divided, whole, f"update {update} on {engine}")
        if update == 0:
            for columns in divided.state.glob("tables/*/*/_state-*/_columns.json"):
                columns.unlink()
        if update > 1:
            assert all(before[table] & files(divided, table) for table in ("history", "pairs"))


FEED = """
    import dlt

    @dlt.table
    def landed():
        return spark.readStream.schema("id BIGINT, amount INT, seq INT").json("landing/changes")

    dlt.create_streaming_table("current")
    dlt.create_auto_cdc_flow(target="current", source="landed", keys=["id"], sequence_by="seq", stored_as_scd_type=1)

    @dlt.table
    def feed():
        changes = spark.readStream.option("readChangeFeed", "true").table("current")
        return changes.select("id", "amount", "_change_type", "_commit_version")
"""


@pytest.mark.needs_spark("a change feed")
def test_a_change_feed_has_the_changes_of_divided_tables(pipeline: Pipeline) -> None:
    """Only the buckets that an update has written are compared, which are all that may have changes."""
    pipeline.bucket_size = 1_000
    pipeline.notebook(FEED)
    rows = [{"id": number, "amount": 1, "seq": 1} for number in range(3_000)]
    pipeline.land("changes/0.json", "".join(json.dumps(row) + "\n" for row in rows))
    pipeline.succeed()
    first = files(pipeline, "current")
    pipeline.land("changes/1.json", '{"id": 7, "amount": 2, "seq": 2}\n{"id": 9000, "amount": 3, "seq": 2}\n')
    pipeline.succeed()

    changes = [row[:3] for row in pipeline.rows("feed") if row[3] > 1]

    assert len(first & files(pipeline, "current")) >= len(first) - 2 > 1
    assert sorted(changes) == [(7, 1, "update_preimage"), (7, 2, "update_postimage"), (9000, 3, "insert")]
