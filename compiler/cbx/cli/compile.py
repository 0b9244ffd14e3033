"""``cbx compile``: from models to ``target/``."""

from __future__ import annotations

import time
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from cbx.cli.places import project_folder, say_waiting
from cbx.processes.garbage_collection import pause_garbage_collection


class Format(str, Enum):
    """How diagnostics are shown."""

    text = "text"
    json = "json"
    github = "github"


ProjectOption = Annotated[
    Path | None,
    typer.Option("--project", help="The project's folder; default: the nearest one with a project.toml."),
]
EnvOption = Annotated[str, typer.Option("--env", help="The environment.")]
FormatOption = Annotated[Format, typer.Option("--format", help="How diagnostics are shown.")]


def compile_command(
    project: ProjectOption = None,
    env: EnvOption = "local",
    output_format: FormatOption = Format.text,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show remarks too.")] = False,
    no_analysis: Annotated[
        bool, typer.Option("--no-analysis", help="Leave out what the code of models tells of columns and keys.")
    ] = False,
    no_trace: Annotated[
        bool, typer.Option("--no-trace", help="Leave out what the functions of Python models tell.")
    ] = False,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if target/ is out of date.")] = False,
) -> None:
    """Check the project and write its notebooks, checks, bundle and manifest to target/."""
    from cbx.cli.display.diagnostics import is_shown, show_diagnostics
    from cbx.cli.display.summary import summary_lines, way_out
    from cbx.incremental.build import build
    from cbx.incremental.options import Options

    started = time.perf_counter()
    root = project_folder(project)
    options = Options(env, with_analysis=not no_analysis, with_trace=not no_trace)
    with pause_garbage_collection():
        built = build(root, options, check=check, waiting=say_waiting)
    diagnostics = built.diagnostics
    if check and built.changes is not None:
        without = "--no-analysis" if no_analysis else "--no-trace" if no_trace else None
        diagnostics = (*diagnostics, *built.changes.as_diagnostics(way_out(diagnostics, without)))
    is_text = output_format is Format.text
    shown = [one for one in diagnostics if is_shown(one, with_remarks=verbose)] if is_text else []
    sources = built.texts(root, shown)
    outcome = "Nothing was written." if built.could_write else "Not everything could be written."
    show_diagnostics(diagnostics, sources, built.model_count, output_format.value, outcome, with_remarks=verbose)
    is_done = built.summary is not None and built.changes is not None and built.could_write
    if is_done and built.summary and built.changes and output_format is not Format.json:
        seconds = time.perf_counter() - started
        for line in summary_lines(built.summary, diagnostics, built.changes, seconds, check=check):
            print(line)
    raise typer.Exit(_status(_not_found(diagnostics), built.could_write, diagnostics))


def _not_found(diagnostics: tuple[object, ...]) -> bool:
    from cbx.diagnostics import codes
    from cbx.diagnostics.diagnostic import Diagnostic

    return any(isinstance(one, Diagnostic) and one.code is codes.PROJECT_NOT_FOUND for one in diagnostics)


def _status(not_found: bool, could_write: bool, diagnostics: tuple[object, ...]) -> int:
    from cbx.diagnostics.codes import Severity
    from cbx.diagnostics.diagnostic import Diagnostic

    if not_found or not could_write:
        return 2
    return int(any(isinstance(one, Diagnostic) and one.severity is Severity.ERROR for one in diagnostics))
