"""A state folder that is moved or copied, alone or with its project: streams continue where they were."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cbx.runtime.log.events import NoteAdded
from cbx.runtime.update import moved_state
from compiler.tests.runtime.pipelines import Pipeline

NOTEBOOK = """
    import dlt

    @dlt.table
    def orders():
        files = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
        return files.option("cloudFiles.schemaHints", "id INT, seq INT").load(spark.conf.get("landing"))

    @dlt.table
    def kept():
        return spark.readStream.table("orders").select("id", "seq")

    dlt.create_streaming_table("current")
    dlt.create_auto_cdc_flow(target="current", source="kept", keys=["id"], sequence_by="seq")

    @dlt.table
    def messages():
        rows = spark.readStream.format("kafka").option("subscribe", "clicks").load()
        return rows.selectExpr("CAST(value AS STRING) AS text")

    dlt.create_sink("files", "json", {"path": "out"})

    @dlt.append_flow(target="files")
    def into_files():
        return spark.readStream.table("kept")
"""
NOTHING = {"orders": 0, "kept": 0, "current": 0, "messages": 0, "files": 0}


def update(pipeline: Pipeline, landing: str = "landing/orders") -> dict[str, int]:
    """An update: how many rows each dataset has read."""
    results = pipeline.succeed(configuration={"landing": landing}, streams={"clicks": "landing/clicks"})
    return {name: result.rows_read for name, result in results.items()}


def notes(pipeline: Pipeline) -> list[str]:
    return [event.text for event in pipeline.events if isinstance(event, NoteAdded) and "moved" in event.text]


def fill(pipeline: Pipeline, folder: str) -> Pipeline:
    """A pipeline in a folder, after its first update."""
    pipeline = replace(pipeline, folder=pipeline.folder / folder)
    pipeline.notebook(NOTEBOOK)
    pipeline.land("orders/day 1.json", '{"id": 1, "seq": 1}\n{"id": 2, "seq": 1}\n')
    pipeline.land("clicks/1.txt", "first\n")

    assert update(pipeline) == {"orders": 2, "kept": 2, "current": 2, "messages": 1, "files": 2}
    return pipeline


def land_more(pipeline: Pipeline) -> None:
    pipeline.land("orders/day 2.json", '{"id": 1, "seq": 2}\n')
    pipeline.land("clicks/2.txt", "second\n")


@pytest.mark.parametrize("way", ["moved", "copied"])
def test_a_moved_project_reads_what_is_new(pipeline: Pipeline, tmp_path: Path, way: str) -> None:
    """Relative paths are the same in both places, whatever characters these have; copies of files have other times."""
    before = fill(pipeline, "a b/é%20#")
    after = replace(pipeline, folder=tmp_path / "elsewhere/c d", events=[])
    if way == "moved":
        after.folder.parent.mkdir()
        before.folder.rename(after.folder)
    else:
        shutil.copytree(before.folder, after.folder, copy_function=shutil.copyfile)

    assert update(after) == NOTHING
    assert notes(after) == [
        f"the state folder was moved here from {before.state}; streams continue where they were",
    ]
    land_more(after)
    assert update(after) == {"orders": 1, "kept": 1, "current": 1, "messages": 1, "files": 1}
    assert notes(after) == []
    assert after.rows("current") == [(1, 2), (2, 1)]
    assert sorted(after.rows("messages")) == [("first",), ("second",)]
    assert len([line for file in after.folder.glob("out/[!._]*") for line in file.read_text().splitlines()]) == 3


def test_a_moved_state_folder_reads_what_is_new(pipeline: Pipeline, tmp_path: Path) -> None:
    """Alone, the landing files are where they were; so with an absolute path, although the project has moved, too."""
    before = fill(pipeline, "a")
    landing = str(before.folder / "landing/orders")
    assert update(before, landing)["orders"] == 0
    after = replace(pipeline, folder=tmp_path / "other", events=[])
    shutil.copytree(before.folder / ".cbx", after.state)
    shutil.copytree(before.folder / "notebooks", after.folder / "notebooks")
    (after.folder / "landing").mkdir()
    (after.folder / "landing/clicks").symlink_to(before.folder / "landing/clicks")

    assert update(after, landing) == {**NOTHING, "messages": 0}
    land_more(before)
    assert update(after, landing) == {"orders": 1, "kept": 1, "current": 1, "messages": 1, "files": 1}


def test_another_project_with_the_same_state_folder_reads_its_own_files(tmp_path: Path) -> None:
    """The state folder has not moved, so its files are others than those that were read."""
    state = tmp_path / "state"
    state.mkdir()
    moved_state.follow_move(state, tmp_path / "a")
    batch = state / "checkpoints/default/t/1/t/sources/0/0"
    batch.parent.mkdir(parents=True)
    batch.write_text('v1\n{"path":"file:///a/landing/1.json"}')

    assert moved_state.follow_move(state, tmp_path / "b") is None
    assert batch.read_text() == 'v1\n{"path":"file:///a/landing/1.json"}'


@pytest.mark.parametrize("moment", range(8))
def test_a_killed_translation_is_continued(tmp_path: Path, moment: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The new place is inside the old one, so a second translation of the same path would make another one of it."""
    old, new = tmp_path / "p", tmp_path / "p/q"
    batch = Path(".cbx/checkpoints/default/t/1/t/sources/0/0")
    entries = [{"path": f"file://{old}/landing/1.json"}, {"path": f"file://{old}/.cbx/tables/default/s/v1/1/x.parquet"}]
    (old / batch).parent.mkdir(parents=True)
    (old / batch).write_text("\n".join(["v1", *map(json.dumps, entries)]))
    moved_state.follow_move(old / ".cbx", old)
    new.mkdir()
    (old / ".cbx").rename(new / ".cbx")
    left = [moment]

    def kill(function: Any) -> Any:
        def change(*arguments: Any, **named: Any) -> Any:
            left[0] -= 1
            if left[0] < 0:
                raise KeyboardInterrupt
            return function(*arguments, **named)

        return change

    with monkeypatch.context() as patched:
        for name in ("rename", "replace", "write_text"):
            patched.setattr(Path, name, kill(getattr(Path, name)))
        patched.setattr(shutil, "rmtree", kill(shutil.rmtree))
        with pytest.raises(KeyboardInterrupt):
            moved_state.follow_move(new / ".cbx", new)
    moved_state.follow_move(new / ".cbx", new)
    paths = [json.loads(line)["path"] for line in (new / batch).read_text().splitlines()[1:]]

    assert paths == [
        f"file://{old}/landing/1.json",
        f"file://{new}/landing/1.json",
        f"file://{new}/.cbx/tables/default/s/v1/1/x.parquet",
    ]
    assert sorted(path.name for path in (new / ".cbx").iterdir()) == ["checkpoints", "place.json"]
