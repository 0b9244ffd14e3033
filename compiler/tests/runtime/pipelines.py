"""A small pipeline to write notebooks for, land files in and run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any

from cbx.runtime import DatasetResult, RunRequest, RunResult, run_update
from cbx.runtime.log.events import Event, diagnostic_text
from cbx.runtime.results import EngineName, StandInPaths
from cbx.runtime.tables.show_table import first_rows
from compiler.tests.accounting import find_discrepancies, sizes
from compiler.tests.runtime.sail_server import run_on_sail


@dataclass
class Pipeline:
    """A folder with notebooks, a landing folder and the state of its runs."""

    folder: Path
    events: list[Event] = field(default_factory=list)
    engine: EngineName = "spark"
    smallest_incremental: int = 0
    most_files: int = 32
    bucket_size: int = 512 * 1024

    @property
    def state(self) -> Path:
        return self.folder / ".cbx"

    def notebook(self, text: str, name: str = "notebook.py") -> Path:
        path = self.folder / "notebooks" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
        return path

    def land(self, name: str, text: str) -> Path:
        path = self.folder / "landing" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
        return path

    def run(
        self,
        select: frozenset[str] | None = None,
        configuration: Mapping[str, str] | None = None,
        *,
        full_refresh: bool = False,
        dry_run: bool = False,
        tables: Mapping[str, str] | None = None,
        streams: Mapping[str, str] | None = None,
    ) -> RunResult:
        request = RunRequest(
            (self.folder / "notebooks",),
            self.state,
            configuration or {},
            self.folder,
            select=select,
            full_refresh=full_refresh,
            master="local[2]" if self.engine == "spark" else None,
            dry_run=dry_run,
            stand_ins=StandInPaths(tables or {}, streams or {}),
            engine=self.engine,
            smallest_incremental=self.smallest_incremental,
            most_files=self.most_files,
            bucket_size=self.bucket_size,
        )
        self.events.clear()
        before = sizes(self.state)
        result = self.update(request)
        assert find_discrepancies(result.datasets, before, sizes(self.state), full_refresh=full_refresh) == []
        return result

    def update(self, request: RunRequest) -> RunResult:
        """Run an update: on Spark in this process, on Sail in another one."""
        if self.engine == "spark":
            return run_update(request, self.events.append)
        found = run_on_sail(request)
        self.events += found.events
        if found.error is not None:
            raise found.error
        assert found.result is not None, f"Sail does not run it: {found.refusal}"
        return found.result

    def succeed(self, **arguments: Any) -> dict[str, DatasetResult]:
        result = self.run(**arguments)
        assert result.is_success, [diagnostic_text(problem) for problem in problems(result)]
        return {dataset.name: dataset for dataset in result.datasets}

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        """A table's rows, ordered by its columns from left to right."""
        return [tuple(row.values()) for row in first_rows(self.state, table, 0).to_pylist()]

    def columns(self, table: str) -> list[str]:
        return list(first_rows(self.state, table, 0).column_names)


def problems(result: RunResult) -> list[Any]:
    """Everything that went wrong, as values."""
    return [*result.diagnostics, *(dataset.diagnostic for dataset in result.datasets if dataset.diagnostic)]
