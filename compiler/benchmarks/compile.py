"""Measures compilations of projects of several sizes: wall time, CPU time and peak memory over all their processes.

Usage: ``python compiler/benchmarks/compile.py [--trace] [--lhp PROGRAM] [SIZE ...]``

The sizes are numbers of models; without any, 100, 1,000 and 10,000. With ``--trace`` Python models are traced too,
which takes minutes at 10,000. With ``--lhp``, or where it is on the PATH, the same layers go through Lakehouse Plumber
as well. Each line is the median of three runs; of one, where a run takes more than half a minute.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from plumber import GENERATE, write_plumber_project
from processes import Figure, measure
from projects import ANALYSIS_OFF, MACRO, ONE_MODEL, TRACE_OFF, write_project, write_settings

RUNS = 3
LONG = 30.0
CBX = (sys.executable, "-m", "cbx")
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""As where cbx is installed: its modules were made bytecode once."""


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=[100, 1000, 10000], metavar="SIZE")
    parser.add_argument("--trace", action="store_true")
    parser.add_argument("--lhp", default=shutil.which("lhp"))
    arguments = parser.parse_args()
    print(f"{'models':>8}  {'what':<34}{'wall s':>9}{'cpu s':>9}{'peak MB':>9}   {os.cpu_count()} cores")
    for size in arguments.sizes:
        with tempfile.TemporaryDirectory() as folder:
            _measure_project(Path(folder) / "cbx", size, with_trace=arguments.trace)
            if arguments.lhp:
                _measure_plumber(Path(folder) / "lhp", size, arguments.lhp)
    for argument in ("--version", "--help"):
        _line(0, f"cbx {argument}", _several((*CBX, argument), Path.cwd()))


def _measure_project(root: Path, size: int, *, with_trace: bool) -> None:
    write_project(root, size)
    modes = {"without analysis": ANALYSIS_OFF, "without tracing": TRACE_OFF, "everything on": ""}
    for mode, setting in modes.items():
        if mode == "everything on" and not with_trace:
            continue
        write_settings(root, setting)
        compiling = (*CBX, "compile")
        _line(size, f"cold, {mode}", _several(compiling, root, _forget))
        _several(compiling, root, runs=1)  # what was written just now is read once more
        _line(size, f"nothing changed, {mode}", _several(compiling, root))
        _line(size, f"one file changed, {mode}", _several(compiling, root, _edit_a_model))
        _line(size, f"a macro changed, {mode}", _several(compiling, root, _edit_the_macro))
        _several(compiling, root, runs=1)
        _line(size, f"--check, {mode}", _several((*compiling, "--check"), root))
        _line(size, f"cbx list, {mode}", _several((*CBX, "list"), root))


def _measure_plumber(root: Path, size: int, program: str) -> None:
    write_plumber_project(root, size)
    command = (program, *GENERATE)
    _line(size, "lhp generate, cold", _several(command, root, _forget_plumber))
    _line(size, "lhp generate, nothing changed", _several(command, root))


def _several(
    command: Sequence[str], root: Path, before: Callable[[Path], object] = lambda _: None, runs: int = RUNS
) -> list[Figure]:
    figures: list[Figure] = []
    for _ in range(runs):
        before(root)
        figures.append(measure(command, root, ENVIRONMENT))
        if figures[-1].wall > LONG:
            break
    return figures


def _line(size: int, what: str, figures: list[Figure]) -> None:
    wall, cpu, memory = (statistics.median(figure[place] for figure in figures) for place in range(3))
    print(f"{size or '':>8}  {what:<34}{wall:>9.2f}{cpu:>9.2f}{memory:>9.0f}", flush=True)


def _forget(root: Path) -> None:
    for folder in ("target", ".cbx"):
        shutil.rmtree(root / folder, ignore_errors=True)


def _forget_plumber(root: Path) -> None:
    for folder in ("generated", ".lhp"):
        shutil.rmtree(root / folder, ignore_errors=True)


def _edit_a_model(root: Path) -> None:
    _swap(root / ONE_MODEL, "'void'", "'empty'")


def _edit_the_macro(root: Path) -> None:
    _swap(root / MACRO, "> 0", ">= 1")


def _swap(path: Path, old: str, other: str) -> None:
    text = path.read_text()
    path.write_text(text.replace(old, other) if old in text else text.replace(other, old))


if __name__ == "__main__":
    main()
