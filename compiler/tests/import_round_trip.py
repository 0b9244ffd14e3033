"""Runs a pipeline and the project that `cbx import` makes of it, and compares all tables row by row.

    python -m compiler.tests.import_round_trip FOLDER...

Each folder is a pipeline. The files and tables that it reads are made up, for two updates; both runs read the same.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from cbx.importing.import_pipeline import ImportRequest, ImportResult, import_pipeline
from compiler.tests.foreign.terminal import Answer, cbx_here

UPDATES = (1, 2)
PROJECT = "imported"
_HEADLINE = re.compile(r"error\[(CBX\d+)\] [\w-]+: \S+(?: \[(\w+))?")
_TIME = re.compile(r"20\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?")


@dataclass(slots=True)
class RoundTrip:
    """The result of a comparison.

    Attributes:
        result: The import.
        compared: The tables that were compared, with their numbers of rows after the last update.
        differences: What differs, in words.
        failures: What a run said that failed, if the other one did not fail in the same way.
        failures_of_both: What both said, where the pipeline itself fails on the data.
    """

    result: ImportResult
    compared: dict[str, int] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    failures_of_both: list[str] = field(default_factory=list)

    @property
    def is_equal(self) -> bool:
        """Whether both ran, and at least one table was compared without a difference."""
        return bool(self.compared) and not self.differences and not self.failures


def compare_with_import(
    pipeline: Sequence[Path],
    work: Path,
    deliver: Callable[[int], None],
    variables: Mapping[str, str],
    stand_ins: Sequence[Path] = (),
    options: Sequence[str] = (),
) -> RoundTrip:
    """Import a pipeline, run both in two updates, and compare the tables after each.

    Args:
        pipeline: The notebooks, files and folders.
        work: The folder in which relative paths begin; the project and the tables are written below it.
        deliver: Lands the files of an update.
        variables: The configuration of the pipeline.
        stand_ins: Notebooks that make the tables outside of the pipeline, for both runs.
        options: Further options of both runs.
    """
    started = time.time()
    with _working_in(work):
        trip = RoundTrip(import_pipeline(ImportRequest(tuple(pipeline), PROJECT, variables)))
        _write_project(trip.result, Path(PROJECT))
        compiled = cbx_here("compile", "--project", PROJECT)
        if compiled.status:
            trip.failures.append(compiled.problems)
            return trip
        given = [*options, *(word for name, value in variables.items() for word in ("--var", f"{name}={value}"))]
        ours = [*given, *_project_variables(trip.result)]
        parts = [path for path in (f"{PROJECT}/target/notebooks", f"{PROJECT}/left") if _has_sources(Path(path))]
        others = [str(path) for path in stand_ins]
        for update in UPDATES:
            deliver(update)
            before = cbx_here("run", *map(str, pipeline), *others, "--state", "before", *given)
            after = cbx_here("run", *parts, *others, "--state", "after", *ours)
            _note_failures(trip, update, before, after)
            _compare_tables(trip, update, started)
    return trip


def _write_project(result: ImportResult, folder: Path) -> None:
    for path, text in result.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")


def _has_sources(folder: Path) -> bool:
    return any(folder.rglob("*.py")) or any(folder.rglob("*.sql"))


@contextmanager
def _working_in(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def _project_variables(result: ImportResult) -> list[str]:
    """The options that set the variables of the project."""
    section = result.files["project.toml"].partition("[vars]\n")[2].partition("\n\n")[0]
    pairs = [line.partition(" = ") for line in section.splitlines()]
    return [option for name, _, value in pairs for option in ("--var", f"{PROJECT}.{name}={json.loads(value)}")]


def _note_failures(trip: RoundTrip, update: int, before: Answer, after: Answer) -> None:
    """Note failed runs; a failure of both is one of the pipeline itself."""
    reasons = [_HEADLINE.findall(answer.problems) for answer in (before, after)]
    if before.status and after.status and reasons[0] and sorted(reasons[0]) == sorted(reasons[1]):
        trip.failures_of_both.append(f"update {update}: both failed:\n{before.problems}")
        return
    for who, answer in (("the pipeline", before), ("the import", after)):
        if answer.status:
            trip.failures.append(f"update {update}: {who} failed:\n{answer.problems or answer.errors[-2000:]}")


def _compare_tables(trip: RoundTrip, update: int, started: float) -> None:
    names = {model.name: model.table for model in trip.result.report.models if model.kind not in {"view", "flow"}}
    names |= {item.what: item.what for item in trip.result.report.left}
    for old, new in names.items():
        before, after = read_rows("before", old, started), read_rows("after", new, started)
        if before is None and after is None:
            continue
        trip.compared[old] = len(before or ())
        if before != after:
            trip.differences.append(f"update {update}: {old}: {_first_difference(before, after)}")


def read_rows(state: str, table: str, started: float) -> list[str] | None:
    """The rows of a table as sorted JSON; None if there is no such table.

    Times since the start of the runs are all the same, since no two runs are at the same time.
    """
    answer = cbx_here("show", table.replace("LIVE.", ""), "--state", state, "--format", "json", "--limit", "0")
    if answer.status:
        return None
    rows = [json.dumps(json.loads(line), sort_keys=True) for line in answer.output.splitlines()]
    return sorted(_TIME.sub(lambda match: _now_or_time(match[0], started), row) for row in rows)


def _now_or_time(text: str, started: float) -> str:
    moment = datetime.fromisoformat(text[:19].replace(" ", "T") + "+00:00").timestamp()
    return "now" if started - 2 <= moment <= time.time() + 2 else text


def _first_difference(before: list[str] | None, after: list[str] | None) -> str:
    if before is None or after is None:
        return f"the table is missing {'before' if before is None else 'after'}"
    lost, new = [row for row in before if row not in after], [row for row in after if row not in before]
    shown = f"{len(before)} rows before, {len(after)} after"
    return f"{shown}; before only: {lost[:1]}; after only: {new[:1]}"


def main(folders: Sequence[str]) -> int:
    """Compare pipelines with made-up data, and print the results."""
    unequal = 0
    with tempfile.TemporaryDirectory() as scratch:  # Spark, of which there is one, keeps files in the first folder
        for number, folder in enumerate(folders):
            trip = compare_folder(Path(folder), Path(scratch) / str(number))
            unequal += not trip.is_equal
            print(describe(folder, trip), flush=True)
    return int(unequal > 0)


def compare_folder(folder: Path, work: Path) -> RoundTrip:
    """Compare a pipeline with its import on made-up data, in a new working folder."""
    from compiler.tests.made_up_data import make_up_data

    shutil.copytree(folder, work / "pipeline", ignore=shutil.ignore_patterns("__pycache__", ".*"))
    data = make_up_data(work / "pipeline", work)
    return compare_with_import([Path("pipeline")], work, data.deliver, data.variables, data.stand_ins, data.options)


def describe(folder: str, trip: RoundTrip) -> str:
    """The result of a comparison, in lines."""
    report = trip.result.report
    lines = [f"{folder}: {'equal' if trip.is_equal else 'NOT EQUAL'}"]
    lines.append(
        f"  {len(report.models)} models, {len(report.left)} left, {len(trip.compared)} tables compared, "
        f"{sum(trip.compared.values())} rows"
    )
    details: list[Any] = [*(f"left {item.place} {item.what}: {item.reason}" for item in report.left)]
    details += trip.differences + trip.failures + trip.failures_of_both
    return "\n".join([*lines, *(f"  {line}" for detail in details for line in str(detail).splitlines())])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
