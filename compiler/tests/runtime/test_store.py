"""What is committed is the table, and nothing else is."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest

from cbx.runtime.errors import CannotRunError
from cbx.runtime.names import DatasetName
from cbx.runtime.tables.show_table import first_rows
from cbx.runtime.tables.store import POINTER, TableFolder, TableState, recover, tables
from compiler.tests.runtime.faults import Fault, striking

SCHEMA = json.dumps({"type": "struct", "fields": [{"name": "n", "type": "long", "nullable": True, "metadata": {}}]})


def update(folder: TableFolder, value: int) -> None:
    """One update of a streaming table: a row, and a checkpoint that names it."""
    table = folder.read_state()
    number = folder.begin(table)
    pending = folder.pending_folder(number) / "flow.000000"
    pending.mkdir(parents=True)
    pq.write_table(pa.table({"n": [value]}), pending / "part-0.parquet")
    progress = folder.progress(number) / "flow"
    progress.mkdir(parents=True, exist_ok=True)
    (progress / str(value)).write_text("")
    folder.commit(TableState("t", "streaming", "v1", number, 1, SCHEMA, progress=number))
    folder.tidy()


def content(folder: TableFolder) -> tuple[list[int], list[int]]:
    """The rows, and those that the checkpoint calls read."""
    table = folder.read_state()
    if table is None:
        return [], []
    rows = first_rows(folder.state, "t", 0).column("n").to_pylist()
    read = folder.progress(table.progress) / "flow"
    return rows, sorted(int(entry.name) for entry in read.iterdir())


@pytest.mark.parametrize("is_final", [True, False])
def test_rows_and_checkpoint_change_together(tmp_path: Path, *, is_final: bool) -> None:
    """Whichever change to the state folder fails, the table is as before the update or as after it."""
    moment, has_ended = 0, False
    while not has_ended:
        moment += 1
        folder = TableFolder(tmp_path / str(moment), DatasetName.parse("t"))
        update(folder, 1)
        fault = Fault(folder.state, moment, is_final)
        try:
            with striking(fault):
                update(folder, 2)
        except OSError:
            pass
        has_ended = fault.count < moment
        there = content(folder)
        recover(folder.state)
        again = content(folder)
        on_disk = sorted(pq.read_table(file)["n"][0].as_py() for file in (folder.path / "v1").rglob("*.parquet"))

        assert there in (([1], [1]), ([1, 2], [1, 2]))
        assert again == there
        assert on_disk == again[0]
    assert moment > 8


def test_what_another_version_wrote_is_refused(tmp_path: Path) -> None:
    """It is not read as if its checkpoints meant the same; a full refresh, which does not read it, replaces it."""
    folder = TableFolder(tmp_path, DatasetName.parse("t"))
    update(folder, 1)
    pointer = folder.path / POINTER
    pointer.write_text(json.dumps({**json.loads(pointer.read_text()), "format": 1}))
    recover(tmp_path)

    with pytest.raises(CannotRunError, match="`t` was written by another version of cbx"):
        folder.read_state()
    assert folder.begin(None) == 2


def test_a_corrupt_table_is_named(tmp_path: Path) -> None:
    """A power cut can leave a file of zeros; that is no table without rows."""
    folder = TableFolder(tmp_path, DatasetName.parse("t"))
    update(folder, 1)
    (folder.path / POINTER).write_bytes(b"\0\0\0")

    for look in (folder.read_state, lambda: tables(tmp_path), lambda: first_rows(tmp_path, "t", 0)):
        with pytest.raises(CannotRunError, match=r"table\.json is corrupt"):
            look()
