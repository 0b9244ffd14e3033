"""However many processes share the work, and whatever becomes of them, the compilation says and writes the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from compiler.benchmarks.projects import write_project

COMPILED = """
import os, pickle, shutil, signal, sys
from pathlib import Path
from cbx.processes import forked_workers
from cbx.target import atomic_change
from cbx.compiler import compile_project
from cbx.target.write import write_target
import cbx.emit.artifacts as artifacts, cbx.passes.read_models as read_models
processes, fate = int(sys.argv[2]), sys.argv[3]
forked_workers._process_count = lambda: processes
read_models.MANY_MODELS = artifacts.MANY_MODELS = 1
read_models._TOGETHER = artifacts._TOGETHER = atomic_change._TOGETHER = 7
here, dumps, left = os.getpid(), pickle.dumps, 2
def dumped(*given):
    global left
    left -= os.getpid() != here
    if fate == "killed" and not left:
        os.kill(os.getpid(), signal.SIGKILL)
    if fate == "fails" and not left:
        raise MemoryError
    return dumps(*given)
forked_workers.pickle.dumps = dumped
loads, received = pickle.loads, []
def loaded(content):
    received.append(1)
    return loads(content)
forked_workers.pickle.loads = loaded
def refused(*_, **__):
    raise OSError(28, "No space left on device")
if fate == "no file":
    forked_workers.tempfile.TemporaryFile = refused
if fate == "no process":
    os.fork = refused
compilation = compile_project(Path(sys.argv[1]), with_trace=False)
for one in (*compilation.artifacts, *compilation.diagnostics):
    print(repr(one))
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


def compiled(root: Path, processes: int, fate: str = "well") -> str:
    """What is said and would be written; in a process of its own, since Spark's threads may run in this one."""
    command = [sys.executable, "-c", COMPILED, str(root), str(processes), fate]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture(params=["right", "wrong"])
def project(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Forty models; where they are wrong, a macro and every third model is."""
    write_project(tmp_path, 40)
    if request.param == "wrong":
        (tmp_path / "macros" / "broken.sql").write_text("{% macro broken(x) %}{{ unknown }}{% endmacro %}")
        for number, path in enumerate(sorted((tmp_path / "models").rglob("t*.*"))):
            if number % 3 == 0:
                path.write_text(path.read_text().replace('"id IS NOT NULL"', '"{{ brokn() }}", nothing'))
            elif number % 7 == 0:
                path.write_text(path.read_text()[:-40] + "((")
    return tmp_path


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere one process does all")
@pytest.mark.parametrize(
    ("processes", "fate"),
    [(2, "well"), (3, "well"), (2, "killed"), (3, "fails"), (3, "no file"), (2, "no process")],
)
def test_several_processes_come_to_the_same(project: Path, processes: int, fate: str) -> None:
    """What a process that is lost had taken is done by the one that started it."""
    alone = compiled(project, 1)

    assert alone
    assert compiled(project, processes, fate) == alone
