"""One update at a time for each state folder."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cbx.runtime.errors import CannotRunError
from cbx.runtime.tables.state_lock import lock_state

HOLDER = """
import sys
from pathlib import Path
from cbx.runtime.tables.state_lock import lock_state
with lock_state(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_lock_names_its_holder_and_ends_with_it(tmp_path: Path) -> None:
    """A second run is refused; after a kill the folder is free."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    with holder, holder.stdout:
        holder.stdout.readline()
        with pytest.raises(CannotRunError) as error, lock_state(tmp_path):
            pass
        holder.kill()
    with lock_state(tmp_path):
        owner = (tmp_path / "lock").read_text().strip()

    expected = (f"another run is using {tmp_path} (process {holder.pid})", str(os.getpid()))
    assert expected == (str(error.value), owner)


def test_a_file_system_without_locks_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another run is not to blame for it."""
    fcntl = pytest.importorskip("fcntl")

    def flock(*_: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(CannotRunError) as error, lock_state(tmp_path):
        pass

    assert str(error.value) == f"the file system of the state folder {tmp_path} has no locks: No locks available"
    assert error.value.diagnostic.code.id == "CBX510"
