"""Holds the counts of an update against each other and against the tables.

What must be true of every table of every test: each rule saw every row, and each row that it saw was written or
dropped; what was written is in the table, and a table that failed is as it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq  # type: ignore[import-untyped]

from cbx.runtime import DatasetResult
from cbx.runtime.tables.store import tables

Sizes = Mapping[str, int]


def sizes(state: Path) -> Sizes:
    """How many rows each table of a state folder has, by its key."""
    found = {}
    for key, folder in tables(state).items():
        table = folder.read_state()
        assert table is not None
        files = folder.rows(table.version).rglob("[!_.]*.parquet")
        found[key] = sum(pq.read_metadata(file).num_rows for file in files)
    return found


def find_discrepancies(
    results: Iterable[DatasetResult], before: Sizes, after: Sizes, *, full_refresh: bool
) -> list[str]:
    """What does not add up in the results of one update.

    Args:
        results: What the update says that it did.
        before: The sizes of the tables before it.
        after: Their sizes after it.
        full_refresh: Whether it started over.
    """
    wrong = []
    for result in results:
        size = after.get(result.name.lower(), 0)
        # A table may refuse to start over.
        grown = {size - before.get(result.name.lower(), 0)} | ({size} if full_refresh else set())
        sentences = (*_of_rules(result, size), *_of_rows(result, size, grown))
        wrong += [f"{result.name}: {sentence}" for sentence in sentences]
    return wrong


def _is_incremental(result: DatasetResult) -> bool:
    return result.refresh is not None and result.refresh.is_incremental


def _of_rules(result: DatasetResult, size: int) -> Iterator[str]:
    """A table's rules see what is written or dropped; those of a view that feeds it what arrives or is dropped.

    Those of a table that did not change saw rows of an earlier update; after an incremental refresh they tell of all.
    """
    written = size if _is_incremental(result) else result.rows_written
    if result.status in ("unchanged", "skipped"):
        return
    feeding = result.inputs if result.kind.startswith("scd") and len(result.inputs) == 1 else ()
    for rule in result.expectations:
        seen = rule.passed + rule.failed
        if rule.dataset == result.name and seen != written + result.rows_dropped:
            yield f"the rule {rule.name}: {seen} rows, {written} written, {result.rows_dropped} dropped"
        if rule.dataset in feeding and seen != result.rows_read + result.rows_dropped:
            yield f"the rule {rule.name}: {seen} rows, {result.rows_read} read, {result.rows_dropped} dropped"


def _of_rows(result: DatasetResult, size: int, grown: set[int]) -> Iterator[str]:
    if result.status in ("failed", "skipped", "unchanged") and 0 not in grown:
        yield f"{result.status}, and it has grown by {grown}"
    if result.status == "completed" and result.kind == "streaming" and result.rows_written not in grown:
        yield f"{result.rows_written} rows were written, and it has grown by {grown}"
    if result.status != "completed" or result.kind != "batch":
        return
    if not _is_incremental(result):
        if result.rows_written != size:
            yield f"{result.rows_written} rows were written, and it has {size}"
    elif result.rows_written - result.rows_deleted not in grown:
        yield f"{result.rows_written} rows were written for {result.rows_deleted} others, and it has grown by {grown}"


def unaccounted_in_log(log: Path) -> list[str]:
    """What does not add up in any update of a log of events, which does not say how many changes a CDC target took."""
    wrong = []
    for line in log.read_text(encoding="utf-8").splitlines():
        row = _parse_line(line)
        progress = row.get("details", {}).get("flow_progress", {})
        if "data_quality" in progress:
            wrong += [f"{log}: {row['origin']['dataset_name']}: {sentence}" for sentence in _of_progress(row, progress)]
    return wrong


def _of_progress(row: Mapping[str, Any], progress: Mapping[str, Any]) -> Iterator[str]:
    metrics, quality = progress["metrics"], progress["data_quality"]
    if progress.get("unchanged") or progress.get("incremental"):
        return
    for rule in quality["expectations"]:
        seen = rule["passed_records"] + rule["failed_records"]
        written, dropped = metrics.get("num_output_rows"), quality["dropped_records"]
        if rule["dataset"] == row["origin"]["dataset_name"] and seen != written + dropped:
            yield f"the rule {rule['name']} saw {seen} rows, {written} were written and {dropped} dropped"


def _parse_line(line: str) -> dict[str, Any]:
    """A line of the log; a kill leaves half of one."""
    try:
        found: dict[str, Any] = json.loads(line)
    except json.JSONDecodeError:
        return {}
    return found
