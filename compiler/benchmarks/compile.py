"""Measures compilations of projects of several sizes: wall time, CPU time and peak memory, in fresh processes.

Usage: ``python compiler/benchmarks/compile.py [SIZE ...]``; the sizes are numbers of models, default 100 and 1000.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from projects import write_project

RUNS = 3


class Figure(NamedTuple):
    """What one run cost."""

    wall: float
    cpu: float
    memory: float


def main() -> None:
    """Print a table of medians."""
    sizes = [int(argument) for argument in sys.argv[1:]] or [100, 1000]
    print(f"{'models':>8}  {'what':<18}{'wall s':>9}{'cpu s':>9}{'peak MB':>9}   median of {RUNS} runs")
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            write_project(root, size)
            _print(size, "cold", [_measured(root, ["compile"], _remove_target) for _ in range(RUNS)])
            _print(size, "nothing changed", [_measured(root, ["compile"]) for _ in range(RUNS)])
            _print(size, "one file changed", [_measured(root, ["compile"], _touch) for _ in range(RUNS)])
            _print(size, "--check", [_measured(root, ["compile", "--check"]) for _ in range(RUNS)])
    _print(0, "--version", [_measured(Path.cwd(), ["--version"]) for _ in range(RUNS)])
    _print(0, "--help", [_measured(Path.cwd(), ["--help"]) for _ in range(RUNS)])


def _print(size: int, what: str, figures: list[Figure]) -> None:
    wall, cpu, memory = (statistics.median(one[place] for one in figures) for place in range(3))
    print(f"{size or '':>8}  {what:<18}{wall:>9.2f}{cpu:>9.2f}{memory:>9.0f}")


def _measured(root: Path, arguments: list[str], before: Callable[[Path], object] = lambda _: None) -> Figure:
    before(root)
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "cbx", *arguments], cwd=root, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"cbx {' '.join(arguments)} failed in {root}")
    return Figure(time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def _remove_target(root: Path) -> None:
    subprocess.run(["rm", "-rf", str(root / "target"), str(root / ".cbx")], check=True)


def _touch(root: Path) -> None:
    path = root / "models" / "gold" / "t0.sql"
    text = path.read_text()
    path.write_text(text.replace("'void'", "'empty'") if "'void'" in text else text.replace("'empty'", "'void'"))


if __name__ == "__main__":
    main()
