"""`target/` is written whole, only when nothing is wrong, and never left."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import sys
from pathlib import Path

import pytest
from literate import lay_out

from cbx.compiler import compile_project
from cbx.stages.plan import Artifact
from cbx.target.write import compare_target, finish_interrupted_change, write_target

MODEL = """from cbx import materialized_view, source


@materialized_view()
def {name}(rows=source("a.b")):
    return rows
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    lay_out({f"models/gold/{name}.py": MODEL.format(name=name) for name in ("first", "second")}, tmp_path)
    write_target(tmp_path, compile_project(tmp_path).artifacts)
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
    write_target(project, compilation.artifacts) if compilation.succeeded else None

    assert (compilation.succeeded, snapshot(project / "target")) == (False, before)


def test_unchanged_files_are_not_touched(project: Path) -> None:
    """A file whose bytes are right keeps its time."""
    before = snapshot(project / "target")
    changes, _ = write_target(project, compile_project(project).artifacts)

    assert (changes.written, changes.removed, snapshot(project / "target")) == ((), (), before)


def test_files_of_removed_models_go(project: Path) -> None:
    """A model that is gone takes its notebook along; files that are not ours stay."""
    (project / "models/gold/first.py").unlink()
    (project / "target/NOTES.md").write_text("mine")
    write_target(project, compile_project(project).artifacts)

    assert sorted(snapshot(project / "target")) == [
        "NOTES.md",
        "databricks.yml",
        "manifest.json",
        "notebooks/gold/second.py",
    ]


def tree(folder: Path) -> dict[str, bytes]:
    return {path: content for path, (content, _) in snapshot(folder).items()}


forking = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


def killed_at(step: int, root: Path, artifacts: tuple[Artifact, ...]) -> bool:
    """Whether writing was killed right before its so manieth touch of the file system."""
    child = os.fork()
    if child == 0:
        left = step

        def die_in_time(event: str, _: object) -> None:
            nonlocal left
            left -= event in {"open", "os.rename", "os.remove", "os.rmdir", "os.mkdir"}
            if left == 0:
                os._exit(9)

        sys.addaudithook(die_in_time)
        write_target(root, artifacts)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


@forking
@pytest.mark.slow
@pytest.mark.parametrize("is_there", [True, False], ids=["changed", "new"])
def test_target_is_the_old_one_or_the_new_one_wherever_writing_is_killed(
    project: Path, tmp_path: Path, *, is_there: bool
) -> None:
    """What is left half done is brought to its end by the next compilation, also by one that finds errors."""
    target, pristine = project / "target", tmp_path / "pristine"
    if not is_there:
        shutil.rmtree(target)
        target.mkdir()
    old = tree(target)
    (project / "models/gold/first.py").unlink()
    lay_out({f"models/gold/{name}.py": MODEL.format(name=name) for name in ("third", "fourth")}, project)
    artifacts = compile_project(project).artifacts
    shutil.copytree(target, pristine)
    found, step = [], 1
    while killed_at(step, project, artifacts):
        finish_interrupted_change(project)
        found.append(tree(target))
        shutil.rmtree(target)
        shutil.copytree(pristine, target)
        step += 1
    write_target(project, artifacts)
    new = tree(target)

    assert [content for content in found if content not in (old, new)] == []
    assert (found[0], found[-1], new == old) == (old, new, False)


def test_a_folder_that_came_in_between_takes_the_files_of_the_decided_one(project: Path) -> None:
    """A new folder is moved as one, unless somebody has made it before the change came to its end."""
    before = tree(project / "target")
    staged = project / "target/.writing/x/gold"
    staged.mkdir(parents=True)
    (staged / "third.py").write_text("decided")
    (project / "target/.writing/list.json").write_text(json.dumps({"files": {"x": "notebooks"}, "removed": []}))
    finish_interrupted_change(project)

    assert tree(project / "target") == {**before, "notebooks/gold/third.py": b"decided"}
    assert not (project / "target/.writing").exists()


def test_a_list_of_somebody_else_leads_nowhere(project: Path, tmp_path: Path) -> None:
    """What stands in `target/` is the repository's: a list there moves and removes nothing outside."""
    before = tree(project / "target")
    (tmp_path / "precious.py").write_text("mine")
    for files, removed in (
        ({"x": "../precious.py"}, []),
        ({}, ["notebooks/../../precious.py"]),
        ([1], 2),
        ({"../": "y"}, []),
    ):
        (project / "target/.writing").mkdir()
        (project / "target/.writing/x").write_text("theirs")
        (project / "target/.writing/list.json").write_text(json.dumps({"files": files, "removed": removed}))
        finish_interrupted_change(project)

    assert (tree(project / "target"), (tmp_path / "precious.py").read_text()) == (before, "mine")


def test_a_file_where_a_folder_should_be_changes_nothing(project: Path) -> None:
    """What cannot be done is found out before anything is."""
    shutil.rmtree(project / "target/notebooks")
    (project / "target/notebooks").write_text("a file")
    (project / "target/manifest.json").write_text("old")
    before = tree(project / "target")
    _, problems = write_target(project, compile_project(project).artifacts)

    assert ([problem.code.id for problem in problems], tree(project / "target")) == (["CBX003"], before)


@forking
def test_a_full_disk_changes_nothing(project: Path) -> None:
    """The new files are all written before the first old one goes."""
    before = tree(project / "target")
    lay_out({f"models/gold/m{number}.py": MODEL.format(name=f"m{number}") for number in range(9)}, project)
    artifacts = compile_project(project).artifacts
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
        _, problems = write_target(project, artifacts)
        os._exit(len(problems))
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    assert (status, tree(project / "target")) == (1, before)


def test_a_link_in_target_is_not_followed(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A folder of `target/` that is a link out of it stops the writing."""
    outside = tmp_path_factory.mktemp("outside")
    for path in (project / "target/notebooks/gold").iterdir():
        path.unlink()
    (project / "target/notebooks/gold").rmdir()
    (project / "target/notebooks/gold").symlink_to(outside, target_is_directory=True)
    _, problems = write_target(project, compile_project(project).artifacts)

    assert ([problem.code.id for problem in problems], list(outside.iterdir())) == (["CBX003"], [])


def test_a_folder_in_the_place_of_a_file_is_reported(project: Path) -> None:
    """What cannot be replaced is a diagnostic that names it."""
    (project / "target/manifest.json").unlink()
    (project / "target/manifest.json").mkdir()
    _, problems = write_target(project, compile_project(project).artifacts)

    assert [(problem.code.id, problem.span.path) for problem in problems] == [("CBX003", "target/manifest.json")]


def test_check_names_what_is_out_of_date(project: Path) -> None:
    """A comparison lists what would be written and what would be removed, and touches nothing."""
    (project / "target/notebooks/gold/first.py").write_text("changed")
    (project / "target/notebooks/gold/old.py").write_text("left over")
    before = snapshot(project / "target")
    changes = compare_target(project, compile_project(project).artifacts)

    assert (changes.written, changes.removed) == (("notebooks/gold/first.py",), ("notebooks/gold/old.py",))
    assert snapshot(project / "target") == before


def test_output_paths_stay_in_target(tmp_path: Path) -> None:
    """No name of a model or a layer makes a path that leads elsewhere."""
    names = ["..", "a-b", "a b", "a.b", "\u202eabc", "con.txt", "'", "-"]
    models = {f"models/gold/{name}.sql": "{{ view() }} SELECT 1 AS x" for name in names}
    lay_out({**models, "models/../outside.sql": "{{ view() }} SELECT 1 AS x"}, tmp_path)
    compilation = compile_project(tmp_path)
    codes = {diagnostic.code.id for diagnostic in compilation.diagnostics}
    inside = [
        path
        for path in (os.path.normpath(artifact.path) for artifact in compilation.artifacts)
        if path.startswith("..")
    ]

    assert (codes, inside) == ({"CBX106"}, [])
