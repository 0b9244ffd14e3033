"""Tables as Markdown: the expected ones, and those that a run has made."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from compiler.tests.foreign.terminal import cbx_here, rows

_HEADING = re.compile(r"## (?P<table>.+), update (?P<update>\d)")


def expected_tables(document: Path) -> dict[tuple[str, int], str]:
    """The tables below the headings of a document, by name and update."""
    found: dict[tuple[str, int], list[str]] = {}
    lines: list[str] = []
    for line in document.read_text(encoding="utf-8").splitlines():
        heading = _HEADING.fullmatch(line)
        if heading:
            lines = found.setdefault((heading["table"], int(heading["update"])), [])
        elif line.startswith("|"):
            lines.append(line)
    return {place: "\n".join(table) for place, table in found.items()}


def actual_table(folder: Path, state: Path, name: str) -> str:
    """A table of the state folder, or the files that a glob finds."""
    if "/" in name:
        return _markdown(_rows_of_files(sorted(folder.glob(name))))
    found = rows(state, name)
    return _markdown(found) if found else _heading(_columns(state, name))


def _columns(state: Path, name: str) -> list[str]:
    """The columns of a table without rows, which only a format with a heading shows."""
    return cbx_here("show", name, "--state", str(state), "--format", "csv").output.splitlines()[0].split(",")


def _rows_of_files(files: Sequence[Path]) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    found = []
    for file in files:
        if file.suffix == ".parquet":
            found += pq.read_table(file).to_pylist()
        else:
            found += [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return sorted(found, key=lambda row: json.dumps(row, default=str))


def _markdown(table: Sequence[dict[str, Any]]) -> str:
    lines = ["| " + " | ".join(_cell(value) for value in row.values()) + " |" for row in table]
    return "\n".join([_heading(list(table[0])) if table else "", *lines])


def _heading(columns: Sequence[str]) -> str:
    return f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}"


def _cell(value: Any) -> str:
    if value is None:
        return "NULL"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
