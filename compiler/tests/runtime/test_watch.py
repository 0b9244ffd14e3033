"""Waiting for changes misses none, whenever they come and whether or not the file system has events."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from cbx.cli.local_run.watch import Look, Watcher, watched_paths
from cbx.runtime.update.file_signatures import signature

SOON = 30.0
COMPLETE = "{}\n" * 5


@pytest.fixture(params=["events", "no events"])
def watcher(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Watcher:
    if request.param == "no events":
        monkeypatch.setitem(sys.modules, "watchfiles", None)
    for folder in ("models", "landing", "target", "state"):
        (tmp_path / folder).mkdir()
    (tmp_path / "models" / "a.sql").write_text("SELECT 1")
    (tmp_path / "project.toml").write_text("[project]")
    return Watcher(watched_paths((), tmp_path), tmp_path, {"landing"}, pause=0.05, settling=0.05)


def has_ended(wait: Callable[[], None], seconds: float) -> bool:
    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    thread.join(seconds)
    return not thread.is_alive()


@pytest.mark.parametrize(
    "name", ["landing/1.json", "landing/deep/er/1.json", "models/a.sql", "models/b.py", "project.toml"]
)
def test_what_changes_during_an_update_is_seen_after_it(watcher: Watcher, tmp_path: Path, name: str) -> None:
    """The update looked at the files before they changed."""
    before, read = watcher.look(), {"landing": signature("landing", tmp_path)}
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text("SELECT 2")

    assert has_ended(lambda: watcher.wait(before, read), SOON)


@pytest.mark.parametrize("name", ["landing/1.json", "macros/m.sql", "models/a.sql"])
def test_what_changes_after_an_update_is_seen(watcher: Watcher, tmp_path: Path, name: str) -> None:
    """Also below a folder that was not there when the waiting began."""
    before = watcher.look()
    timer = threading.Timer(0.2, write, (tmp_path / name,))
    timer.start()

    assert has_ended(lambda: watcher.wait(before, {}), SOON)


def write(path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text("SELECT 2")


def test_what_an_update_has_read_and_what_it_writes_is_no_change(watcher: Watcher, tmp_path: Path) -> None:
    """A file that landed before its folder was read, and everything beside sources and landing folders."""
    before = watcher.look()
    (tmp_path / "landing" / "1.json").write_text("{}")
    read = {"landing": signature("landing", tmp_path)}
    for name in ("target/a.py", "state/events.jsonl", "run.log", "models/.a.sql.swp"):
        (tmp_path / name).write_text("new")

    assert not has_ended(lambda: watcher.wait(before, read), 0.6)


def test_a_landing_folder_that_is_first_known_after_an_update_is_watched(watcher: Watcher, tmp_path: Path) -> None:
    """It may be outside the project, and a glob."""
    before = watcher.look()
    read = {"elsewhere/*/in": signature("elsewhere/*/in", tmp_path)}
    (tmp_path / "elsewhere" / "x" / "in").mkdir(parents=True)
    (tmp_path / "elsewhere" / "x" / "in" / "1.json").write_text("{}")

    assert has_ended(lambda: watcher.wait(before, read), SOON)


def test_a_file_that_is_being_written_is_waited_for(watcher: Watcher, tmp_path: Path) -> None:
    """The next update does not read half of it."""
    path = tmp_path / "landing" / "1.json"

    class WatcherOfGrowth(Watcher):
        """Finds one line more at each of its first looks."""

        def look(self) -> Look:
            lines = path.read_text() if path.exists() else ""
            if len(lines) < len(COMPLETE):
                path.write_text(lines + "{}\n")
            return super().look()

    growing = WatcherOfGrowth(watcher.sources, watcher.folder, watcher.landings, watcher.pause, watcher.settling)
    growing.wait(watcher.look(), {})

    assert path.read_text() == COMPLETE


def test_the_manifest_of_another_project_is_watched(watcher: Watcher, tmp_path: Path) -> None:
    """Its tables and columns are read when the project is compiled; it may not be there yet."""
    settings = '[project]\nname = "shop"\n\n[dependencies.crm]\nmanifest = "crm/target/manifest.json"\n'
    (tmp_path / "project.toml").write_text(settings)
    watcher.sources = watched_paths((), tmp_path)
    before = watcher.look()
    manifest = tmp_path / "crm" / "target" / "manifest.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text("{}")

    assert has_ended(lambda: watcher.wait(before, {}), SOON)
