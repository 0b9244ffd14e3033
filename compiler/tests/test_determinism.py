"""The same project gives the same bytes, wherever, whenever and in whatever order its files are found."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cbx.compiler import compile_project

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PROJECTS = [ROOT, Path(__file__).parent / "golden" / "parcels"]
SHUFFLED = """
import os, random, sys
from pathlib import Path
from cbx.compiler import compile_project
real = os.scandir
class Entries(list):
    def __enter__(self):
        return self
    def __exit__(self, *_):
        pass
def shuffled(path="."):
    entries = Entries(real(path))
    random.Random(int(sys.argv[2])).shuffle(entries)
    return entries
os.scandir = shuffled
for one in compile_project(Path(sys.argv[1])).artifacts:
    print(one.path, one.text)
"""


def copy_project(project: Path, to: Path) -> Path:
    for part in ("models", "macros"):
        shutil.copytree(project / part, to / part)
    shutil.copy(project / "project.toml", to / "project.toml")
    return to


@pytest.mark.parametrize("project", PROJECTS, ids=lambda path: path.name)
def test_folder_order_and_hash_seed_do_not_matter(project: Path, tmp_path: Path) -> None:
    """Another folder, a shuffled file order and another hash seed change nothing."""
    there = copy_project(project, tmp_path / "somewhere" / "else")
    (tmp_path / "somewhere" / "else").mkdir(parents=True, exist_ok=True)
    here = "".join(f"{artifact.path} {artifact.text}\n" for artifact in compile_project(project).artifacts)
    outputs = [
        subprocess.run(
            [sys.executable, "-c", SHUFFLED, str(there), seed],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=tmp_path,
            capture_output=True,
            check=True,
        ).stdout.decode()
        for seed in ("1", "2")
    ]

    assert outputs == [here, here]


def test_compiling_twice_gives_the_same_files() -> None:
    """Nothing of one compilation is left for the next in the same process."""
    first, second = (compile_project(ROOT).artifacts for _ in range(2))

    assert first == second


def test_committed_output_is_up_to_date() -> None:
    """What stands in `target/` is what the models compile to."""
    stale = [
        artifact.path
        for artifact in compile_project(ROOT).artifacts
        if (ROOT / "target" / artifact.path).read_text(encoding="utf-8") != artifact.text
    ]

    assert stale == []


def test_without_the_extra_nothing_is_traced_and_one_remark_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that cannot trace compiles as `--no-trace` does, and says what to install."""
    plain = compile_project(ROOT, with_trace=False)
    monkeypatch.setitem(sys.modules, "pysail", None)
    without = compile_project(ROOT)
    remarks = [
        (str(diagnostic.span), diagnostic.hint) for diagnostic in without.diagnostics if diagnostic.code.id == "CBX313"
    ]

    assert without.artifacts == plain.artifacts
    assert remarks == [("project.toml:1:1", "tracing needs the extra `trace`: pip install 'circuit-box[trace]'")]
