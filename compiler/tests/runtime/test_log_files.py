"""The event log: read from its end, and renamed when it is large."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cbx.runtime.log.events import EventLog, NoteAdded
from cbx.runtime.log.last_update import last_update
from cbx.runtime.log.log_files import KEPT, lines_from_end, log_files, start_log_file


def log_update(state: Path, *notes: str) -> None:
    log = EventLog(state, lambda _: None)
    for note in notes:
        log(NoteAdded(note))


def list_messages(state: Path) -> list[str]:
    return [row["message"] for row in last_update(state)]


@pytest.mark.parametrize("text", ["", "a", "a\n", "a\nb", "\n\n", "ä" * 70_000 + "\n" + "b" * 140_000 + "\nc\n"])
def test_lines_from_the_end_are_all_lines(tmp_path: Path, text: str) -> None:
    """Also lines that are longer than what is read at a time, and characters of several bytes."""
    file = tmp_path / "log"
    file.write_text(text, encoding="utf-8")

    assert [*lines_from_end(file)][::-1] == text.split("\n")


def test_only_the_last_update_is_read(tmp_path: Path) -> None:
    """What is before it may be anything."""
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"\xff\n" * 1_000_000)
    log_update(tmp_path, "one")
    log_update(tmp_path, "two", "three")
    reads = [*zip(range(3), lines_from_end(file), strict=False)]

    assert list_messages(tmp_path) == ["two", "three"]
    assert [json.loads(line)["message"] for _, line in reads if line] == ["three", "two"]
    file.unlink()  # no update of this package has written the first lines


def test_a_large_log_is_renamed_between_updates(tmp_path: Path) -> None:
    """The oldest is dropped; the last update is found at every moment, also before the first event of the next one."""
    for number in range(KEPT + 3):
        start_log_file(tmp_path, largest=1)
        assert not number or list_messages(tmp_path) == [f"{number - 1} a", f"{number - 1} b"]
        log_update(tmp_path, f"{number} a", f"{number} b")

    kept = [[json.loads(line)["message"] for line in file.read_text().splitlines()] for file in log_files(tmp_path)]
    assert kept == [[f"{number} a", f"{number} b"] for number in range(KEPT + 2, 1, -1)]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(file.name for file in log_files(tmp_path))


@pytest.mark.parametrize("missing", range(KEPT + 1))
def test_a_kill_while_files_are_renamed_loses_nothing(tmp_path: Path, missing: int) -> None:
    """Files are renamed from the oldest on, so a kill leaves one number without a file."""
    files = log_files(tmp_path)
    for number, file in enumerate(files):
        if number != missing:
            file.write_text(json.dumps({"origin": {"update_id": str(number)}, "message": str(number)}) + "\n")
    before = {file.read_text() for file in files if file.is_file()}
    start_log_file(tmp_path, largest=1)
    after = {file.read_text() for file in files if file.is_file()}

    assert after == before
    assert list_messages(tmp_path) == ["1" if missing == 0 else "0"]


def test_a_small_log_stays(tmp_path: Path) -> None:
    log_update(tmp_path, "one")
    log_update(tmp_path, "two")

    assert [file.name for file in tmp_path.iterdir()] == ["events.jsonl"]
