"""Writes the results of the models in each test to a file, so that two engines can be compared."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cbx.testing.results.result import Result

_TEST = "PYTEST_CURRENT_TEST"


class Recording:
    """A file with one line per result: the test, the model, the columns with their types, the rows and the counts."""

    now = "2026-01-31 12:00:00"
    """The value of ``now`` in tests that do not set it, so that two runs have the same time."""

    def __init__(self, file: Path) -> None:
        self._file = file
        file.write_text("", encoding="utf-8")

    def add(self, result: Result) -> None:
        """Add a result."""
        line: dict[str, Any] = {
            "test": os.environ.get(_TEST, "").partition(" ")[0],
            "model": result.name,
            "columns": [[field.name, field.dataType.simpleString()] for field in result.schema],
            "rows": sorted(repr(row) for row in result.rows()),
            "dropped": result.dropped,
            "warned": result.warned,
        }
        with self._file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(line) + "\n")
