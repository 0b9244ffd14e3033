"""What an update costs in a `cbx run --watch` that waits for changes."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO

from processes import Figure, cpu_below, memory_below

WAITING = "Waiting for changes"


def measure_warm_updates(
    command: Sequence[str], environment: Mapping[str, str], land: Callable[[int], None], updates: int
) -> Iterator[Figure]:
    """Start a command that waits for changes, and land files.

    Args:
        command: The command, with `--watch`.
        environment: Its environment.
        land: Writes a file, given its number.
        updates: How many files land, one after the other.

    Yields:
        The cost of each update: the seconds from the landing of the file until the command waits again.
    """
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        _read_until_waiting(process.stdout)
        for number in range(updates):
            before, started = cpu_below(process.pid), time.perf_counter()
            land(number)
            _read_until_waiting(process.stdout)
            wall = time.perf_counter() - started
            yield Figure(wall, cpu_below(process.pid) - before, memory_below(process.pid))
        process.send_signal(signal.SIGINT)
        process.communicate()


def _read_until_waiting(output: IO[str]) -> None:
    lines = []
    for line in output:
        lines.append(line)
        if WAITING in line:
            return
    sys.exit(f"the command ended:\n{''.join(lines)}")
