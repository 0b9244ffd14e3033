"""Runs `cbx` in forks of this process, which has loaded its libraries.

Reads a request per line: the arguments, the working folder, the environment, and the files for standard output and
standard error. Answers each with the exit status of the fork.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import sys
from importlib import import_module
from pathlib import Path

_LIBRARIES = {
    "compile": ("cbx.incremental.build",),
    "run": ("cbx.incremental.build", "cbx.runtime.update.sail_update"),
    "graph": ("cbx.incremental.build", "cbx.render.html.page", "rich.tree"),
    "test": ("cbx.incremental.build", "cbx.testing.run.run_model", "pysail", "pyspark.sql.connect.session", "pytest"),
}
"""What a command loads when it runs, besides the compiler."""

_PROJECT = Path(__file__).parents[1] / "start"


def main() -> None:
    """Load the command line and the compiler, and become `cbx` in each fork."""
    statuses = [1]
    atexit.register(_exit_at_once, statuses)  # the first to be registered is the last to be called
    from cbx.cli import main
    from cbx.cli.commands import application
    from cbx.compiler import compile_project

    application()
    compile_project(_PROJECT, with_trace=False)
    if _fork_for_each_request():
        try:
            main()
        except SystemExit as ended:
            statuses.append(ended.code if isinstance(ended.code, int) else int(ended.code is not None))
            raise
    statuses.append(0)


def _exit_at_once(statuses: list[int]) -> None:
    """Leave out freeing the libraries one by one, which takes longer than most commands."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(statuses[-1])


def _fork_for_each_request() -> bool:
    """True in a fork; False at the end of the requests."""
    requests, answers = _take_pipes()
    with os.fdopen(requests, encoding="utf-8") as lines:
        for line in lines:
            arguments, *place = json.loads(line)
            for library in _LIBRARIES.get(arguments[0] if arguments else "", ()):
                import_module(library)
            gc.freeze()
            child = os.fork()
            if child == 0:
                os.close(answers)
                _become(arguments, *place)
                return True
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            os.write(answers, f"{status}\n".encode())
    return False


def _take_pipes() -> tuple[int, int]:
    requests, answers = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    return requests, answers


def _become(arguments: list[str], folder: str, environment: dict[str, str], output: str, errors: str) -> None:
    sys.argv = ["cbx", *arguments]
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for standard, path in ((1, output), (2, errors)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), standard)


if __name__ == "__main__":
    main()
