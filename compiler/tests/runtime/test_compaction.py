"""Small files of a streaming table are put together, and each stream still reads each row once."""

from __future__ import annotations

import itertools
import json
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cbx.runtime.auto_loader.listing import file_uri
from cbx.runtime.names import DatasetName
from cbx.runtime.refresh_rules.query_description import InputFile
from cbx.runtime.sail.checkpoints import ReadFile, read_files, write_files
from cbx.runtime.tables.compaction.compact_table import UpdateFiles, compact_table, find_runs
from cbx.runtime.tables.compaction.replaced_files import list_files_as_written
from cbx.runtime.tables.compaction.stream_progress import last_update_read, updates_left_out
from cbx.runtime.tables.show_table import first_rows
from cbx.runtime.tables.store import TableFolder, TableState, UpdateFolder, recover
from compiler.tests.runtime.faults import Fault, striking
from compiler.tests.runtime.pipelines import Pipeline
from compiler.tests.runtime.test_sail_engine import run_steps

SEED = 20260404
FEW = 6
SCHEMA = json.dumps({"type": "struct", "fields": [{"name": "n", "type": "long", "nullable": True, "metadata": {}}]})


def update(folder: TableFolder, values: list[int], most_files: int = FEW) -> None:
    """One update of a streaming table: a file for each value."""
    table = folder.read_state()
    number = folder.begin(table)
    for value in values:
        pending = folder.pending_folder(number) / f"flow.{value:06d}"
        pending.mkdir(parents=True)
        pq.write_table(pa.table({"n": [value]}), pending / "part-0.parquet")
    after = TableState("t", "streaming", "v1", number, 1, SCHEMA, progress=number)
    if table is not None:
        after = TableState.read({**after.document(), "compacted": table.compacted})
    folder.commit(compact_table(folder, after, most_files))
    folder.tidy()


def read(folder: TableFolder, checkpoint: Path) -> list[int]:
    """The new rows of a stream, which it has read then."""
    table = folder.read_state()
    assert table is not None
    left_out = {entry.name for entry in updates_left_out(checkpoint, folder, table)}
    before = read_files(checkpoint)
    known = {file.uri for file in before}
    rows = folder.rows(table.version)
    new = [
        file
        for file in folder.row_files(table)
        if file_uri(str(file)) not in known and file.relative_to(rows).parts[0] not in left_out
    ]
    write_files(checkpoint, (*before, *(ReadFile(file_uri(str(file)), 0) for file in new)))
    return [value for file in new for value in pq.read_table(file)["n"].to_pylist()]


@pytest.mark.parametrize("seed", range(4))
def test_each_stream_reads_each_row_once(tmp_path: Path, seed: int) -> None:
    """However often it reads, and whenever it starts; and the files stay few."""
    chance = random.Random(SEED + seed)
    folder = TableFolder(tmp_path, DatasetName.parse("t"))
    streams: dict[Path, list[int]] = {}
    numbers = itertools.count()
    most = 0
    for step in range(40):
        update(folder, [next(numbers) for _ in range(chance.randint(1, 4))])
        if step % 8 == 0:
            streams[tmp_path / f"checkpoints/default/reader{step}/1/flow"] = []
        for checkpoint in streams:
            if chance.random() < 0.7:
                streams[checkpoint] += read(folder, checkpoint)
        table = folder.read_state()
        assert table is not None
        most = max(most, len(folder.row_files(table)))
    for checkpoint in streams:
        streams[checkpoint] += read(folder, checkpoint)
    written = [*range(next(numbers))]

    assert first_rows(tmp_path, "t", 0)["n"].to_pylist() == written
    assert {str(checkpoint): sorted(rows) for checkpoint, rows in streams.items()} == {
        str(checkpoint): written for checkpoint in streams
    }
    assert most <= 40


@pytest.mark.parametrize("is_final", [True, False])
def test_a_table_is_whole_wherever_a_compaction_fails(tmp_path: Path, *, is_final: bool) -> None:
    """The table is as before the update or as after it, for those who read it then and for those after the recovery."""
    moment, has_ended = 0, False
    while not has_ended:
        moment += 1
        folder = TableFolder(tmp_path / str(moment), DatasetName.parse("t"))
        checkpoint = folder.state / "checkpoints/default/reader/1/flow"
        for value in range(FEW):
            update(folder, [value])
        seen = read(folder, checkpoint)
        fault = Fault(folder.state, moment, is_final)
        try:
            with striking(fault):
                update(folder, [FEW])
        except OSError:
            pass
        has_ended = fault.count < moment
        shown = first_rows(folder.state, "t", 0)["n"].to_pylist()
        recover(folder.state)
        again = first_rows(folder.state, "t", 0)["n"].to_pylist()
        on_disk = [pq.read_table(file)["n"].to_pylist() for file in (folder.path / "v1").rglob("*.parquet")]
        seen += read(folder, checkpoint)

        assert shown in ([*range(FEW)], [*range(FEW + 1)])
        assert again == shown == seen
        assert sorted(itertools.chain(*on_disk)) == again
    table = folder.read_state()
    assert table is not None
    assert table.compacted == ("000001-000006",)
    assert moment > 12


def test_rows_are_written_a_few_times_only() -> None:
    """Older folders stay until the later ones are about as large; those that a stream has read stay apart."""
    chance = random.Random(SEED)
    updates: list[UpdateFiles] = []
    written = total = 0
    for number in range(1, 1001):
        for run in find_runs(updates, {0, 500}, 8):
            size = sum(update.size for update in run)
            written += size
            place = updates.index(run[0])
            whole = UpdateFolder(run[0].folder.first, run[-1].folder.last)
            updates[place : place + len(run)] = [UpdateFiles(whole, 1, size)]
        size = chance.randint(50_000, 150_000)
        total += size
        updates.append(UpdateFiles(UpdateFolder(number, number), 1, size))

    assert len(updates) <= 30
    assert written <= 6 * total
    assert not [update for update in updates if update.folder.first <= 500 < update.folder.last]


def test_types_that_arrow_may_write_otherwise_stay(tmp_path: Path) -> None:
    folder = TableFolder(tmp_path, DatasetName.parse("t"))
    for value in range(FEW):
        update(folder, [value])
    table = folder.read_state()
    assert table is not None
    variant = TableState.read({**table.document(), "number": 99, "schema": SCHEMA.replace("long", "variant")})

    assert compact_table(folder, variant, FEW) == variant


NOTEBOOK = """
    import dlt

    @dlt.table
    def orders():
        reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
        return reader.option("cloudFiles.schemaHints", "id INT, price DECIMAL(9, 2), at TIMESTAMP").load("landing")

    @dlt.table
    @dlt.expect_or_drop("has_id", "id IS NOT NULL")
    def kept():
        return spark.readStream.table("orders")

    @dlt.view
    def changes():
        return spark.readStream.table("kept")

    dlt.create_streaming_table("current")
    dlt.create_auto_cdc_flow(target="current", source="changes", keys=["id"], sequence_by="at")
"""


def land(number: int) -> dict[str, Any]:
    """A file with one row; some files have a field more than the others."""
    row = {"id": number % 7, "price": f"{number}.50", "at": f"2026-01-01T00:00:{number:02d}Z"}
    return {"land": [f"{number:03d}.json", json.dumps(row | ({"note": "new"} if number % 5 == 0 else {})) + "\n"]}


@pytest.mark.slow
def test_both_engines_read_compacted_tables(pipeline: Pipeline) -> None:
    """Many updates on Sail, of which kills stop some; Spark goes on where Sail has ended, and the other way round."""
    chance = random.Random(SEED)
    pipeline.most_files = FEW
    pipeline.notebook(NOTEBOOK)
    kept = TableFolder(pipeline.state, DatasetName.parse("kept"))
    files = []
    for start, end in ((0, 11), (12, 15)):
        steps: list[dict[str, Any]] = []
        for number in range(start, end):
            is_killed = number in {6, 9, 10}
            steps += [land(number), {"run": {}, **({"moment": chance.randrange(20, 60)} if is_killed else {})}]
        run_steps(pipeline.folder, steps, FEW)
        pipeline.land(*land(end)["land"])
        pipeline.succeed()
        table = kept.read_state()
        assert table is not None
        files.append((table.compacted != (), len(kept.row_files(table))))
        streams = pipeline.state.glob("checkpoints/*/current/*/*/")

        assert [last_update_read(checkpoint, kept, table) for checkpoint in streams] == [table.number]
    prices = sorted(int(price) for price in first_rows(pipeline.state, "kept", 0)["price"].to_pylist())
    newest = [int(price) for price in first_rows(pipeline.state, "current", 0)["price"].to_pylist()]

    assert prices == [*range(16)]
    assert sorted(newest) == [*range(9, 16)]
    assert [is_compacted for is_compacted, _ in files] == [True, True]
    assert max(count for _, count in files) <= FEW + 4


def test_files_are_known_as_they_were_written(tmp_path: Path) -> None:
    """However often they were put together, so that what has read them knows which rows are new."""
    folder = TableFolder(tmp_path, DatasetName.parse("t"))
    written: list[InputFile] = []
    for number in range(40):
        update(folder, [number])
        table = folder.read_state()
        assert table is not None
        rows, files = folder.rows(table.version), folder.row_files(table)
        stamps = [InputFile(str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
        known = list_files_as_written(str(rows), stamps)
        written += [file for file in known if file not in written]

        assert sorted(known) == sorted(written)
        assert len(known) == number + 1

    assert len(files) < FEW * 2
