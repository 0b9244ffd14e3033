"""However many processes share the work, and whatever becomes of them, the compilation says and writes the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cbx.processes.forked_workers import MANY_MODELS
from compiler.benchmarks.projects import write_project

pytestmark = pytest.mark.slow

COMPILE = """
import os, pickle, shutil, signal, sys, tempfile
from pathlib import Path
from cbx.compiler import compile_project
from cbx.target.write import write_target
processes, fate = int(sys.argv[2]), sys.argv[3]
os.sched_getaffinity = lambda _: set(range(processes))
here, dumps, left = os.getpid(), pickle.dumps, 2
def dump(*arguments):
    global left
    left -= os.getpid() != here
    if fate == "killed" and not left:
        os.kill(os.getpid(), signal.SIGKILL)
    if fate == "fails" and not left:
        raise MemoryError
    return dumps(*arguments)
pickle.dumps = dump
loads, received = pickle.loads, []
def load(content):
    received.append(1)
    return loads(content)
pickle.loads = load
def refuse(*_, **__):
    raise OSError(28, "No space left on device")
if fate == "no file":
    tempfile.TemporaryFile = refuse
if fate == "no process":
    os.fork = refuse
compilation = compile_project(Path(sys.argv[1]), with_analysis=False)
for result in (*compilation.artifacts, *compilation.diagnostics):
    print(repr(result))
target = Path(sys.argv[1], "target")
print(write_target(target.parent, compilation.artifacts))
for file in sorted(target.rglob("*.*")):
    print(file, file.read_bytes())
shutil.rmtree(target, ignore_errors=True)
assert bool(received) == (processes > 1 and not fate.startswith("no "))
try:
    os.waitpid(-1, 0)
except ChildProcessError:
    sys.exit()
sys.exit("a fork is left")
"""


def compile_in(root: Path, processes: int, fate: str = "well") -> str:
    """What is said and would be written; in a process of its own, since Spark's threads may run in this one."""
    command = [sys.executable, "-c", COMPILE, str(root), str(processes), fate]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture(params=["right", "wrong"], scope="module")
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Models enough to divide, and what one process makes of them; if wrong, a macro and some models are."""
    root = tmp_path_factory.mktemp(request.param)
    write_project(root, MANY_MODELS + 5)
    if request.param == "wrong":
        (root / "macros" / "broken.sql").write_text("{% macro broken(x) %}{{ unknown }}{% endmacro %}")
        for number, path in enumerate(sorted((root / "models").rglob("t*.*"))):
            if number % 30 == 0:
                path.write_text(path.read_text().replace('"id IS NOT NULL"', '"{{ brokn() }}", nothing'))
            elif number % 70 == 1:
                path.write_text(path.read_text()[:-40] + "((")
    return root, compile_in(root, 1)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere one process does all")
@pytest.mark.parametrize(
    ("processes", "fate"),
    [(2, "well"), (3, "killed"), (2, "fails"), (2, "no file"), (2, "no process")],
)
def test_several_processes_come_to_the_same(project: tuple[Path, str], processes: int, fate: str) -> None:
    """What a lost process had taken is done by the one that started it."""
    root, alone = project

    assert alone
    assert compile_in(root, processes, fate) == alone


WRITE = """
import os, sys
from pathlib import Path
from cbx.stages.plan import Artifact
from cbx.target.write import write_target
processes, root = int(sys.argv[2]), Path(sys.argv[1])
os.sched_getaffinity = lambda _: set(range(processes))
here, fork, forks = os.getpid(), os.fork, []
def note_fork():
    forks.append(1)
    return fork()
os.fork = note_fork
names = [f"notebooks/gold/t{number}.py" for number in range(2002)]
artifacts = tuple(Artifact(name, f"# {name}\\n") for name in sorted(names))
changes, problems = write_target(root, artifacts)
print(len(changes.written), problems, all((root / "target" / name).read_text() == text for name, text in artifacts))
assert bool(forks) == (processes > 1)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere one process does all")
@pytest.mark.parametrize("processes", [1, 2])
def test_several_processes_write_the_same_files(tmp_path: Path, processes: int) -> None:
    """More files than one process writes at a time."""
    command = [sys.executable, "-c", WRITE, str(tmp_path), str(processes)]

    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == "2002 () True\n"
