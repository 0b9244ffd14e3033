"""Random streams in random micro-batches, disturbed between any two, end as if nothing had disturbed them.

A case is a pipeline with one stream of each kind of target. Files land in turns; after each turn comes an update with
a limit drawn anew. Some files are wrong at first and break a rule that must hold, some updates lose the disk in the
middle, for good or for a moment, some select a part, some start over. What is there at the end is computed from the
rows alone.

``CBX_MICRO_BATCH_STREAMS`` says how many streams; ``CBX_MICRO_BATCH_SEED`` draws others. ``test_kill`` really kills.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from cbx.runtime import CannotRunError, RunRequest, run_update
from cbx.runtime.log.events import Event, diagnostic_text
from compiler.tests.runtime.cdc_reference import Change, type_1, type_2
from compiler.tests.runtime.faults import Fault, striking
from compiler.tests.runtime.pipelines import Pipeline, problems

STREAMS = int(os.environ.get("CBX_MICRO_BATCH_STREAMS", "10"))
SEED = int(os.environ.get("CBX_MICRO_BATCH_SEED", "14"))
KINDS = ("appended", "loaded", "current", "history", "snapshots", "several", "files", "calls")
TABLES = ("appended", "odd", "loaded", "current", "history", "snapshots", "several")
FLOWS = ("appended", "odd", "loaded", "current", "history", "snapshots", "even_files", "odd_files", "files", "calls")
"""The streams of a case, each with a checkpoint of its own."""
CASES = -(-STREAMS // len(FLOWS))
TURNS = 3

NOTEBOOK = '''
    import json
    import pathlib

    import dlt
    from pyspark.sql import functions as F

    COLUMNS = "id INT, city STRING, seq INT"
    LIMIT = spark.conf.get("limit")


    def landed(kind):
        reader = spark.readStream.schema(COLUMNS)
        return (reader.option("maxFilesPerTrigger", LIMIT) if LIMIT else reader).json(f"landing/{kind}")


    @dlt.table
    @dlt.expect_or_fail("has_city", "city IS NOT NULL")
    def appended():
        return landed("appended")


    @dlt.table
    @dlt.expect_or_drop("is_odd", "seq % 2 = 1")
    def odd():
        reader = spark.readStream
        return (reader.option("maxFilesPerTrigger", LIMIT) if LIMIT else reader).table("appended")


    @dlt.table
    @dlt.expect_or_fail("has_city", "city IS NOT NULL")
    def loaded():
        reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
        reader = reader.option("cloudFiles.schemaHints", COLUMNS)
        reader = reader.option("cloudFiles.maxFilesPerTrigger", LIMIT) if LIMIT else reader
        return reader.load("landing/loaded").select("id", "city", "seq")


    def checked(kind):
        @dlt.view(name=f"{kind}_rows")
        @dlt.expect_or_fail("has_city", "city IS NOT NULL")
        def rows():
            return landed(kind)


    for kind in ("current", "history", "files", "calls"):
        checked(kind)

    for target, scd_type in (("current", 1), ("history", 2)):
        dlt.create_streaming_table(target)
        dlt.create_auto_cdc_flow(
            target=target, source=f"{target}_rows", keys=["id"], sequence_by="seq", stored_as_scd_type=scd_type,
            apply_as_deletes="city = 'gone'", except_column_list=["seq"],
        )


    def next_snapshot(last):
        version = 0 if last is None else last + 1
        path = pathlib.Path(f"landing/snapshots/{version:03d}.json")
        if not path.exists():
            return None
        rows = spark.read.schema(COLUMNS).json(str(path))
        right = F.when(F.col("city").isNotNull(), F.col("city")).otherwise(F.raise_error(F.lit("no city")))
        return rows.select("id", right.alias("city")), version


    dlt.create_streaming_table("snapshots")
    dlt.create_auto_cdc_from_snapshot_flow("snapshots", next_snapshot, keys=["id"], stored_as_scd_type=2)

    dlt.create_streaming_table("several", expect_all_or_fail={"has_city": "city IS NOT NULL"})


    @dlt.append_flow(target="several")
    def even_files():
        return landed("several/0*")


    @dlt.append_flow(target="several", once=True)
    def backfill():
        return spark.sql("SELECT -1 AS id, 'once' AS city, 0 AS seq")


    @dlt.append_flow(target="several")
    def odd_files():
        return landed("several/1*")


    dlt.create_sink("files", "json", {"path": "out/files"})


    @dlt.append_flow(target="files")
    def into_files():
        return spark.readStream.table("files_rows")


    @dlt.foreach_batch_sink(name="calls")
    def calls(batch, number):
        """Skips what it has seen, as the documentation of foreachBatch advises."""
        target = pathlib.Path(f"out/calls/{number:06d}.json")
        if target.exists():
            return
        rows = [json.dumps(row.asDict()) for row in batch.collect()]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.with_name(f".{target.name}").write_text("\\n".join(rows))
        target.with_name(f".{target.name}").replace(target)


    @dlt.append_flow(target="calls")
    def into_calls():
        return spark.readStream.table("calls_rows")
'''

Row = dict[str, Any]


@dataclass
class Stream:
    """One kind's files in the order in which they land, and what is wrong with some at first."""

    kind: str
    files: list[list[Row]]
    landed: int = 0
    broken: dict[int, int] = field(default_factory=dict)

    def name(self, number: int) -> str:
        folder = f"{number % 2}/" if self.kind == "several" else ""
        return f"{self.kind}/{folder}{number:03d}.json"

    @property
    def rows(self) -> list[Row]:
        return [row for rows in self.files for row in rows]


def draw_stream(rng: random.Random, kind: str) -> Stream:
    """A few files of a few changes; no two have one sequence."""
    count = rng.randint(2, 6)
    sequences = iter(rng.sample(range(100), 30))
    files = []
    for _ in range(count):
        ids = (
            rng.sample(range(5), rng.randint(1, 4))
            if kind == "snapshots"
            else rng.choices(range(4), k=rng.randint(1, 4))
        )
        cities = ["Bari", "Ulm", "Rom"] if kind == "snapshots" else ["Bari", "Ulm", "gone"]
        files.append([{"id": number, "city": rng.choice(cities), "seq": next(sequences)} for number in ids])
    return Stream(kind, files)


def land(pipeline: Pipeline, stream: Stream, number: int, *, is_broken: bool) -> None:
    rows = [dict(row) for row in stream.files[number]]
    if is_broken:
        rows[-1]["city"] = None
    pipeline.land(stream.name(number), "".join(json.dumps(row) + "\n" for row in rows))


def land_more(pipeline: Pipeline, rng: random.Random, stream: Stream, count: int) -> None:
    """Repair what was wrong, and let the next files land, some of them wrong."""
    for number in stream.broken:
        land(pipeline, stream, number, is_broken=False)
    stream.broken.clear()
    for number in range(stream.landed, min(stream.landed + count, len(stream.files))):
        is_broken = rng.random() < 0.25
        land(pipeline, stream, number, is_broken=is_broken)
        if is_broken:
            stream.broken[number] = number
    stream.landed = min(stream.landed + count, len(stream.files))


def update(pipeline: Pipeline, rng: random.Random) -> None:
    """An update that may fail at any of its changes to the state and to the sinks."""
    moment = rng.randint(1, 150) if rng.random() < 0.8 else 100_000
    select, starts_over = None, rng.random() < 0.15
    if starts_over or rng.random() < 0.2:
        select = frozenset(rng.sample(TABLES, 4)) - (frozenset() if starts_over else {"appended"})
    request = RunRequest(
        (pipeline.folder / "notebooks",),
        pipeline.state,
        {"limit": rng.choice(["", "1", "1", "2"])},
        pipeline.folder,
        select=select,
        full_refresh=starts_over,
        master="local[2]",
    )
    with contextlib.suppress(CannotRunError), striking(Fault(pipeline.folder, moment, rng.random() < 0.6)):
        run_update(request, ignore)


def ignore(_: Event) -> None:
    """Nobody looks at the events."""


def finish(pipeline: Pipeline, limit: str) -> None:
    """An undisturbed update; a table whose source was started over without it is started over, as it asks for."""
    result = pipeline.run(configuration={"limit": limit})
    reasons = [diagnostic_text(problem) for problem in problems(result)]
    if reasons:
        assert all("was fully refreshed since" in reason for reason in reasons), reasons
        pipeline.succeed(configuration={"limit": limit}, select=frozenset({"odd"}), full_refresh=True)


def expected_content(stream: Stream) -> Any:
    """What is in a target at the end, from the rows alone."""
    if stream.kind == "snapshots":
        changes = snapshot_changes(stream)
    else:
        changes = [
            Change((row["id"],), row["seq"], {"city": row["city"]}, is_delete=row["city"] == "gone")
            for row in stream.rows
        ]
    if stream.kind == "current":
        return Counter((*key, values["city"]) for key, values in type_1(changes).items())
    if stream.kind in ("history", "snapshots"):
        return Counter((*key, values["city"], start, end) for key, values, start, end in type_2(changes, {"city"}))
    once = [(-1, "once", 0)] if stream.kind == "several" else []
    return Counter([*((row["id"], row["city"], row["seq"]) for row in stream.rows), *once])


def snapshot_changes(stream: Stream) -> list[Change]:
    changes: list[Change] = []
    before: set[int] = set()
    for version, rows in enumerate(stream.files):
        now = {row["id"] for row in rows}
        changes += [Change((row["id"],), version, {"city": row["city"]}) for row in rows]
        changes += [Change((number,), version, {"city": None}, is_delete=True) for number in before - now]
        before = now
    return changes


def actual(pipeline: Pipeline, kind: str) -> Any:
    if kind in ("files", "calls"):
        files = sorted((pipeline.folder / "out" / kind).glob("[!._]*"))
        rows = [json.loads(line) for file in files for line in file.read_text().splitlines()]
        return Counter((row["id"], row["city"], row["seq"]) for row in rows)
    return Counter(pipeline.rows(kind))


@pytest.mark.usefixtures("spark")
@pytest.mark.parametrize("number", range(CASES))
def test_disturbed_streams_end_as_undisturbed_ones(tmp_path: Path, number: int) -> None:
    """Nothing is lost, nothing comes twice, whatever failed on the way and however the retry cuts its micro-batches."""
    rng = random.Random(f"{SEED} {number}")
    pipeline = Pipeline(tmp_path)
    pipeline.notebook(NOTEBOOK)
    streams = [draw_stream(rng, kind) for kind in KINDS]
    for turn in range(TURNS):
        for stream in streams:
            land_more(pipeline, rng, stream, rng.randint(1, 4))
        update(pipeline, rng)
        if turn == 1 and rng.random() < 0.5:
            update(pipeline, rng)
    for stream in streams:
        land_more(pipeline, random.Random(0), stream, 0)
        for rest in range(stream.landed, len(stream.files)):
            land(pipeline, stream, rest, is_broken=False)
    finish(pipeline, rng.choice(["", "1", "2"]))

    odd = Counter((row["id"], row["city"], row["seq"]) for row in streams[0].rows if row["seq"] % 2)
    assert {**{kind: actual(pipeline, kind) for kind in KINDS}, "odd": actual(pipeline, "odd")} == {
        **{stream.kind: expected_content(stream) for stream in streams},
        "odd": odd,
    }
