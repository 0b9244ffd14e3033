"""The tests of Circuit Box find mistakes: a sample of what `make mutants` tries."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).parent / "mutants.py"
EVERY = 16


def test_the_tests_of_circuit_box_find_mistakes() -> None:
    """Each in a model or macro of its own, on Sail, in one process."""
    command = [sys.executable, str(SCRIPT), "--every", str(EVERY)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    counts = [int(number) for number in re.findall(r"(\d+) (?:mutants|refused|alive)", done.stdout.splitlines()[-1])]

    assert done.returncode == 0, done.stdout + done.stderr
    assert sum(counts) >= 7
    assert counts[2] == 0
