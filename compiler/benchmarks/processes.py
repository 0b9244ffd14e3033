"""What a process costs together with all that it starts: Python, the Java that Spark runs in, its workers.

Linux only: a Java that outlives the Python that started it is inherited and waited for, so that its CPU time counts,
and memory is read from ``/proc``.
"""

from __future__ import annotations

import ctypes
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

_SET_CHILD_SUBREAPER = 36
_PAUSE = 0.05


class Figure(NamedTuple):
    """What one run cost: seconds until it ended, CPU seconds, and the most memory it held at once, in MB."""

    wall: float
    cpu: float
    memory: float


def measure(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Figure:
    """Run a command to its end, and leave if it fails."""
    _inherit_orphans()
    before = _cpu_of_children()
    memory = [0.0]
    started = time.perf_counter()
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        watcher = threading.Thread(target=_watch, args=(process, memory))
        watcher.start()
        _, errors = process.communicate()
        wall = time.perf_counter() - started
        watcher.join()
    _wait_for_orphans()
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{errors}")
    return Figure(wall, _cpu_of_children() - before, memory[0])


def _inherit_orphans() -> None:
    if sys.platform != "linux":
        sys.exit("this benchmark measures on Linux only")
    ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _wait_for_orphans() -> None:
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return


def _cpu_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _watch(process: subprocess.Popen[str], most: list[float]) -> None:
    while process.poll() is None:
        most[0] = max(most[0], memory_below(process.pid))
        time.sleep(_PAUSE)


def memory_below(root: int) -> float:
    """The resident memory of a process and its descendants, in MB."""
    return sum(int(fields[_PAGES]) for fields in _processes_below(root)) * resource.getpagesize() / 2**20


def cpu_below(root: int) -> float:
    """The CPU seconds of a process and its descendants so far, with those of descendants that have ended."""
    ticks = sum(int(field) for fields in _processes_below(root) for field in fields[_TIMES])
    return ticks / os.sysconf("SC_CLK_TCK")


_PARENT, _PAGES, _TIMES = 1, 21, slice(11, 15)
"""Fields of ``/proc/*/stat`` after the name: the last are the times of the process and of its ended children."""


def _processes_below(root: int) -> list[list[str]]:
    """What ``/proc`` has of a process and its descendants."""
    known: dict[int, list[str]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            known[int(entry.name)] = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
    below = {root}
    while grown := {process for process, fields in known.items() if int(fields[_PARENT]) in below} - below:
        below |= grown
    return [known[process] for process in below if process in known]
