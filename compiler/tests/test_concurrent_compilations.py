"""Compilations that run at the same time, or were interrupted, leave one whole output behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from literate import lay_out

from cbx.compiler import compile_project
from cbx.incremental.build import build
from cbx.incremental.options import Options
from cbx.target.atomic_change import lock_target
from cbx.target.layout import TARGET, WRITING
from cbx.target.write import write_target

pytestmark = pytest.mark.slow

OPTIONS = Options("local", with_trace=False)
CBX = (sys.executable, "-m", "cbx", "compile", "--no-trace")
ROUNDS = 12
# A compilation that kills itself, as `kill -9` does, before or after the rename that decides what `target/` holds.
KILLED = """
import os, signal, sys
from cbx import cli
rename, moment = os.rename, sys.argv[1]
def rename_and_die(source, target):
    if str(target).endswith("/.writing"):
        if moment == "after":
            rename(source, target)
        os.kill(os.getpid(), signal.SIGKILL)
    rename(source, target)
os.rename = rename_and_die
sys.argv = ["cbx", "compile", "--no-trace"]
cli.main()
"""
MODEL = "{{{{ view(description='{text}') }}}}\nSELECT 1 AS x\n"


def edit(project: Path, number: int) -> dict[str, bytes]:
    """Give every model another text and the last one another name, and tell what `target/` is to hold."""
    for old in project.glob("models/gold/last*.sql"):
        old.unlink()
    names = [*(f"m{index}" for index in range(40)), f"last{number}"]
    lay_out({f"models/gold/{name}.sql": MODEL.format(text=f"The text {number}.") for name in names}, project)
    artifacts = compile_project(project, with_trace=False).artifacts
    return {artifact.path: artifact.text.encode() for artifact in artifacts}


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def start_compilation(project: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(CBX, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_two_compilations_at_once_end_and_the_next_finds_what_is_out_of_date(tmp_path: Path) -> None:
    """Whichever wrote last: neither what it wrote nor what it remembers hides that the models are newer."""
    project = tmp_path / "project"
    project.mkdir()
    expected = edit(project, 0)
    build(project, OPTIONS)
    for number, moment in enumerate(("", ".staged-*", WRITING), start=1):
        first = start_compilation(project)
        wait_until_there(first, project / TARGET, moment)
        expected = edit(project, number)
        second = start_compilation(project)
        said = [process.communicate(timeout=60)[0] for process in (first, second)]
        left = tree(project / TARGET)

        assert [process for process in (first, second) if process.returncode not in (0, 1)] == [], said
        assert [output for output in said if "Traceback" in output] == []
        assert [path for path in left if path.startswith(".")] == []
        build(project, OPTIONS)
        assert tree(project / TARGET) == expected
        assert subprocess.run((*CBX, "--check"), cwd=project, capture_output=True, check=False).returncode == 0


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_two_that_write_at_once_leave_the_whole_of_one(tmp_path: Path) -> None:
    """What goes by one belongs to the other, so their changes must not mix."""
    outputs, compiled = [], []
    for number in range(2):
        outputs.append(edit(tmp_path, number))
        compiled.append(compile_project(tmp_path, with_trace=False).artifacts)
    found = []
    for _ in range(ROUNDS):
        waiting, go = os.pipe()
        children = []
        for artifacts in compiled:
            child = os.fork()
            if child == 0:
                signal.alarm(60)
                os.close(go)
                os.read(waiting, 1)
                with lock_target(tmp_path, list):
                    _, problems = write_target(tmp_path, artifacts)
                os._exit(len(problems))
            children.append(child)
        os.close(go)
        os.close(waiting)
        statuses = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        found.append((statuses, tree(tmp_path / TARGET) in outputs))

    assert found == [([0, 0], True)] * ROUNDS


def test_check_tells_of_an_interrupted_compilation(tmp_path: Path) -> None:
    """It writes nothing, and the next compilation mends it."""
    edit(tmp_path, 0)
    build(tmp_path, OPTIONS)
    (tmp_path / TARGET / WRITING).mkdir()
    (tmp_path / TARGET / WRITING / "list.json").write_text('{"files": {}, "removed": []}')
    before = tree(tmp_path)
    done = subprocess.run((*CBX, "--check"), cwd=tmp_path, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr

    assert (done.returncode, tree(tmp_path)) == (1, before)
    assert (
        "error[CBX004] out-of-date: `target/` is incomplete: a compilation was interrupted while it wrote\n"
        " --> target/.writing:1:1\n"
        "  = hint: run `cbx compile` to complete it\n"
    ) in said
    assert [diagnostic.code.id for diagnostic in build(tmp_path, OPTIONS).diagnostics] == []
    assert build(tmp_path, OPTIONS, check=True).diagnostics == ()


@pytest.mark.parametrize("moment", ["before", "after"])
def test_check_after_a_kill_writes_nothing_and_says_that_it_is_out_of_date(moment: str, tmp_path: Path) -> None:
    """Before the change was decided, and while the files move."""
    edit(tmp_path, 0)
    build(tmp_path, OPTIONS)
    expected = edit(tmp_path, 1)
    killed = subprocess.run((sys.executable, "-c", KILLED, moment), cwd=tmp_path, check=False)
    before = tree(tmp_path)
    done = subprocess.run((*CBX, "--check"), cwd=tmp_path, capture_output=True, text=True, check=False)

    assert killed.returncode == -signal.SIGKILL
    assert (done.returncode, "error[CBX004]" in done.stderr) == (1, True)
    assert ("is incomplete" in done.stderr) == (moment == "after")
    assert tree(tmp_path) == before
    assert build(tmp_path, OPTIONS).diagnostics == ()
    assert tree(tmp_path / TARGET) == expected


def wait_until_there(running: subprocess.Popen[str], folder: Path, pattern: str) -> None:
    """Wait until something is in a folder that a process writes to, or until the process has ended."""
    while pattern and running.poll() is None and next(folder.glob(pattern), None) is None:
        pass
