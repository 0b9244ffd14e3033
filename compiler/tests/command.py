"""The command `cbx`, in this process or in a fork of one that has its libraries loaded."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import typer
from typer.testing import CliRunner, Result

from cbx.cli.commands import application

_SERVER = Path(__file__).with_name("command_server.py")
_CHANGES_OUTPUT = frozenset({"CI", "BUILD_NUMBER", "PYTEST_ADDOPTS", "FORCE_COLOR", "PY_COLORS"})


def invoke_cbx(*arguments: str | Path) -> Result:
    """Run the command in this process, with no other command loaded; an exception that it raises is raised here."""
    texts = [str(argument) for argument in arguments]
    return CliRunner().invoke(application(texts), texts, catch_exceptions=False)


@cache
def list_commands() -> dict[str, Any]:
    """The commands of `cbx` by name, each with its parameters."""
    return typer.main.get_command(application()).commands  # type: ignore[attr-defined, no-any-return] # a group


def run_cbx(
    folder: Path,
    *arguments: str | Path,
    environment: Mapping[str, str] | None = None,
    through: Sequence[str] = (),
) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does, without the second that its imports take.

    Tests of what a command imports, or of what happens when its process is killed, start a process themselves.

    Args:
        folder: The working folder.
        arguments: The arguments of `cbx`.
        environment: Variables to add to those of the tests.
        through: A command that starts the process, such as `setpriv`.
    """
    kept = {name: value for name, value in os.environ.items() if name not in _CHANGES_OUTPUT}
    texts = [str(argument) for argument in arguments]
    with TemporaryDirectory() as scratch:
        files = [Path(scratch) / name for name in ("output", "errors")]
        request = [texts, str(folder), {**kept, **(environment or {})}, *map(str, files)]
        server = _start_server(tuple(through))
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(json.dumps(request) + "\n")
        server.stdin.flush()
        status = int(server.stdout.readline())
        return subprocess.CompletedProcess(["cbx", *texts], status, *(file.read_text("utf-8") for file in files))


@cache
def _start_server(through: tuple[str, ...]) -> subprocess.Popen[str]:
    command = [*through, sys.executable, str(_SERVER)]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")
    atexit.register(_stop_server, server)
    return server


def _stop_server(server: subprocess.Popen[str]) -> None:
    server.kill()
    server.communicate()
