"""Keeps what ``cbx run`` makes of a compilation, so that an unchanged project is not compiled again for new files."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cbx.files.checked_json import read_checked, write_checked
from cbx.installation import hash_of_installation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cbx.cli.local_run.run_options import RunOptions
    from cbx.cli.local_run.run_sources import RunSources
    from cbx.diagnostics.diagnostic import Diagnostic
    from cbx.runtime.errors import QueryLine

SOURCES_FILE: Final = "run.json"


def store_sources(sources: RunSources, options: RunOptions, state: Path) -> None:
    """Store the sources of a run in its state folder, unless the command line has values, which may be secret."""
    if sources.origin is None or options.variables or options.conf:
        return
    tables, streams = sources.stand_ins or ({}, {})
    document = {
        "installation": hash_of_installation(),
        "origin": sources.origin,
        "paths": [str(path) for path in sources.paths],
        "configuration": sources.configuration,
        "folder": str(sources.folder),
        "checks": sorted(sources.checks),
        "tables": dict(tables),
        "streams": dict(streams),
        "engine": sources.engine,
        "spark_settings": dict(sources.spark_settings),
    }
    with suppress(OSError):
        write_checked(state / SOURCES_FILE, document)


def read_sources(origin: str, options: RunOptions, root: Path, digests: Mapping[str, str]) -> RunSources | None:
    """The stored sources of a run; None if there are none, or if they are those of another run.

    Args:
        origin: As in ``RunRequest``.
        options: The options of the command.
        root: The project's folder.
        digests: Hashes of the files that were compiled, by path.
    """
    from cbx.cli.local_run.run_sources import RunSources
    from cbx.runtime.results import StandInPaths

    try:
        stored: dict[str, Any] = read_checked(options.state_folder(root) / SOURCES_FILE)
        if (stored["installation"], stored["origin"]) != (hash_of_installation(), origin):
            return None
        return RunSources(
            paths=tuple(map(Path, stored["paths"])),
            configuration=stored["configuration"],
            folder=Path(stored["folder"]),
            checks=frozenset(stored["checks"]),
            trace_back=partial(_trace_back, root=root, options=options, digests=digests),
            stand_ins=StandInPaths(stored["tables"], stored["streams"]),
            engine=stored["engine"],
            spark_settings=stored["spark_settings"],
            origin=origin,
        )
    except (OSError, ValueError, KeyError):
        return None


def _trace_back(
    diagnostic: Diagnostic,
    query_line: QueryLine | None,
    root: Path,
    options: RunOptions,
    digests: Mapping[str, str],
) -> Diagnostic:
    """Move a diagnostic to its model, for which the project is compiled; it stays if the project has changed since."""
    from cbx.cli.local_run.trace_to_model import trace_to_model
    from cbx.compiler import compile_project
    from cbx.incremental.stamps import digest
    from cbx.target.layout import TARGET

    compilation = compile_project(root, options.environment, with_trace=options.with_trace)
    if {path: digest(text.encode()) for path, text in compilation.sources.items()} != digests:
        return diagnostic
    return trace_to_model(diagnostic, query_line, compilation, root / TARGET)
