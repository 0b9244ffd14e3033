"""``cbx compile``: compiles the models to ``target/``."""

from __future__ import annotations

import time
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cbx.cli.options import NoTraceOption, ProjectOption
from cbx.cli.places import print_waiting, project_folder
from cbx.processes.garbage_collection import pause_garbage_collection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cbx.diagnostics.diagnostic import Diagnostic
    from cbx.incremental.build import Build


class DiagnosticFormat(str, Enum):
    """The format of diagnostics."""

    text = "text"
    json = "json"
    github = "github"


EnvOption = Annotated[str, typer.Option("--env", metavar="NAME", help="The environment to compile for.")]
FormatOption = Annotated[DiagnosticFormat, typer.Option("--format", help="The format of diagnostics.")]


def compile_command(
    project: ProjectOption = None,
    env: EnvOption = "local",
    output_format: FormatOption = DiagnosticFormat.text,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Also show infos.")] = False,
    no_analysis: Annotated[
        bool, typer.Option("--no-analysis", help="Do not infer columns and keys from model code.")
    ] = False,
    no_trace: NoTraceOption = False,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with 1 if target/ is out of date.")
    ] = False,
) -> None:
    """Check the project and write its notebooks and bundle to target/. Nothing is written if there are errors."""
    from cbx.cli.display.summary import out_of_date_hint, summary_lines
    from cbx.cli.display.terminal_text import print_wrapped
    from cbx.incremental.build import build
    from cbx.incremental.options import Options

    started = time.perf_counter()
    root = project_folder(project)
    options = Options(env, with_analysis=not no_analysis, with_trace=not no_trace)
    with pause_garbage_collection():
        built = build(root, options, check=check, waiting=print_waiting)
    diagnostics = built.diagnostics
    if check and built.changes is not None:
        without = "--no-analysis" if no_analysis else "--no-trace" if no_trace else None
        diagnostics = (*diagnostics, *built.changes.as_diagnostics(out_of_date_hint(diagnostics, without)))
    show_build(built, diagnostics, root, output_format, with_infos=verbose)
    if built.summary and built.changes and built.could_write and output_format is not DiagnosticFormat.json:
        seconds = time.perf_counter() - started
        for line in summary_lines(built.summary, diagnostics, built.changes, seconds, check=check):
            print_wrapped(line, "    ")
    raise typer.Exit(_status(_has_no_project(diagnostics), built.could_write, diagnostics))


def show_build(
    built: Build, diagnostics: Sequence[Diagnostic], root: Path, output_format: DiagnosticFormat, *, with_infos: bool
) -> None:
    """Print diagnostics of a build, with the lines of the texts that were compiled.

    Args:
        built: The build.
        diagnostics: Its diagnostics, and others to show with them.
        root: The project's folder.
        output_format: The format; only text shows lines.
        with_infos: Whether text shows diagnostics of severity info, as the other formats do.
    """
    from cbx.cli.display.diagnostics import is_shown, show_diagnostics

    is_text = output_format is DiagnosticFormat.text
    shown = [diagnostic for diagnostic in diagnostics if is_shown(diagnostic, with_infos=with_infos)] if is_text else []
    sources = built.texts(root, shown)
    outcome = "Nothing was written." if built.could_write else "Some files were not written."
    show_diagnostics(diagnostics, sources, built.model_count, output_format.value, outcome, with_infos=with_infos)


def _has_no_project(diagnostics: tuple[object, ...]) -> bool:
    from cbx.diagnostics import codes
    from cbx.diagnostics.diagnostic import Diagnostic

    return any(
        isinstance(diagnostic, Diagnostic) and diagnostic.code is codes.PROJECT_NOT_FOUND for diagnostic in diagnostics
    )


def _status(has_no_project: bool, could_write: bool, diagnostics: tuple[object, ...]) -> int:
    from cbx.diagnostics.codes import Severity
    from cbx.diagnostics.diagnostic import Diagnostic

    if has_no_project or not could_write:
        return 2
    return int(
        any(isinstance(diagnostic, Diagnostic) and diagnostic.severity is Severity.ERROR for diagnostic in diagnostics)
    )
