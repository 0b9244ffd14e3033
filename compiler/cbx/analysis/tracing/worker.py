"""The process that traces models: it reads one request per line and writes one answer per line.

Before the first request it writes ``ready``.

Started by `cbx.analysis.tracing.process` as ``python -m cbx.analysis.tracing.worker SECONDS BYTES``. A model
that reads standard input or prints does not affect the pipes: they are moved before the first model runs.
"""

from __future__ import annotations

import json
import os
import sys
from typing import IO


def main() -> None:
    """Answer requests until there are no more."""
    seconds, memory = float(sys.argv[1]), int(sys.argv[2])
    requests, answers = _take_pipes()

    from cbx.analysis.tracing.execution import trace_function
    from cbx.analysis.tracing.guard import Guard, limit_memory
    from cbx.analysis.tracing.session import TracingSession

    guard = Guard()
    session = TracingSession(guard)
    limit_memory(memory)
    answers.write("ready\n")
    answers.flush()
    for line in requests:
        answer = trace_function(json.loads(line), session, guard, seconds)
        answers.write(json.dumps(answer, separators=(",", ":")) + "\n")
        answers.flush()
    os._exit(0)


def _take_pipes() -> tuple[IO[str], IO[str]]:
    """Move the pipes to other file descriptors and replace them with the null device."""
    requests = os.fdopen(os.dup(0), "r", encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    return requests, answers


if __name__ == "__main__":
    main()
