"""`target/` is written whole, only when nothing is wrong, and never left."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from literate import lay_out

from cbx.compiler import compile_project
from cbx.write import compare, write

MODEL = """from cbx import materialized_view, source


@materialized_view()
def {name}(rows=source("a.b")):
    return rows
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    lay_out({f"models/gold/{name}.py": MODEL.format(name=name) for name in ("first", "second")}, tmp_path)
    write(tmp_path, compile_project(tmp_path).artifacts)
    return tmp_path


def snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_an_error_leaves_target_as_it_was(project: Path) -> None:
    """One wrong model keeps all files from being written, those of right models too."""
    before = snapshot(project / "target")
    (project / "models/gold/first.py").write_text(MODEL.format(name="first").replace("return rows", "return rows.x"))
    (project / "models/gold/third.py").write_text(MODEL.format(name="thrid"))
    compilation = compile_project(project)
    write(project, compilation.artifacts) if compilation.succeeded else None

    assert (compilation.succeeded, snapshot(project / "target")) == (False, before)


def test_unchanged_files_are_not_touched(project: Path) -> None:
    """A file whose bytes are right keeps its time."""
    before = snapshot(project / "target")
    changes, _ = write(project, compile_project(project).artifacts)

    assert (changes.written, changes.removed, snapshot(project / "target")) == ((), (), before)


def test_files_of_removed_models_go(project: Path) -> None:
    """A model that is gone takes its notebook along; files that are not ours stay."""
    (project / "models/gold/first.py").unlink()
    (project / "target/NOTES.md").write_text("mine")
    write(project, compile_project(project).artifacts)

    assert sorted(snapshot(project / "target")) == [
        "NOTES.md",
        "databricks.yml",
        "manifest.json",
        "notebooks/gold/second.py",
    ]


def test_a_link_in_target_is_not_followed(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A folder of `target/` that is a link out of it stops the writing."""
    outside = tmp_path_factory.mktemp("outside")
    for path in (project / "target/notebooks/gold").iterdir():
        path.unlink()
    (project / "target/notebooks/gold").rmdir()
    (project / "target/notebooks/gold").symlink_to(outside, target_is_directory=True)
    _, problems = write(project, compile_project(project).artifacts)

    assert ([one.code.id for one in problems], list(outside.iterdir())) == (["CBX003"], [])


def test_a_folder_in_the_place_of_a_file_is_reported(project: Path) -> None:
    """What cannot be replaced is a diagnostic that names it."""
    (project / "target/manifest.json").unlink()
    (project / "target/manifest.json").mkdir()
    _, problems = write(project, compile_project(project).artifacts)

    assert [(one.code.id, one.span.path) for one in problems] == [("CBX003", "target/manifest.json")]


def test_check_names_what_is_out_of_date(project: Path) -> None:
    """A comparison lists what would be written and what would be removed, and touches nothing."""
    (project / "target/notebooks/gold/first.py").write_text("changed")
    (project / "target/notebooks/gold/old.py").write_text("left over")
    before = snapshot(project / "target")
    changes = compare(project, compile_project(project).artifacts)

    assert (changes.written, changes.removed) == (("notebooks/gold/first.py",), ("notebooks/gold/old.py",))
    assert snapshot(project / "target") == before


def test_output_paths_stay_in_target(tmp_path: Path) -> None:
    """No name of a model or a layer makes a path that leads elsewhere."""
    names = ["..", "a-b", "a b", "a.b", "\u202eabc", "con.txt", "'", "-"]
    models = {f"models/gold/{name}.sql": "{{ view() }} SELECT 1 AS x" for name in names}
    lay_out({**models, "models/../outside.sql": "{{ view() }} SELECT 1 AS x"}, tmp_path)
    compilation = compile_project(tmp_path)
    codes = {one.code.id for one in compilation.diagnostics}
    inside = [path for path in (os.path.normpath(one.path) for one in compilation.artifacts) if path.startswith("..")]

    assert (codes, inside) == ({"CBX106"}, [])
