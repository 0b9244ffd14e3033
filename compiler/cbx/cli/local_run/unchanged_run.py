"""Runs a project that has not changed: without compiling it, and without an engine if there is nothing to do.

If no file of the project has changed since the last update, its compilation is recorded; if the options of the command
are the same, too, so are the notebooks, their configuration and everything else that an update is made of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cbx.cli.local_run.stored_sources import read_sources
from cbx.cli.places import project_folder
from cbx.incremental.options import Options

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from cbx.cli.local_run.run_options import RunOptions
    from cbx.cli.local_run.run_sources import RunSources
    from cbx.incremental.build import Build
    from cbx.runtime.results import RunResult
    from cbx.runtime.update.run_update import RecalledUpdate


class UnchangedProject(NamedTuple):
    """A project that need not be compiled.

    Attributes:
        result: The update, which was reported; None if it may have something to do.
        sources: The sources of the update; None if the project has to be compiled for them.
    """

    result: RunResult | None = None
    sources: RunSources | None = None


def run_unchanged_project(options: RunOptions, console: Console) -> UnchangedProject:
    """Report an update that has nothing to do; or find the sources of one that may have, if they are stored.

    Args:
        options: The options of the command.
        console: Where to print.
    """
    is_whole = not (options.selection.include or options.selection.exclude)
    if not is_whole or options.full_refresh or options.dry_run:
        return UnchangedProject()
    from cbx.incremental.build import build_unchanged
    from cbx.runtime.errors import CannotRunError
    from cbx.runtime.update.run_update import recall_update

    root = project_folder(options.project)
    state = options.state_folder(root)
    built = build_unchanged(root, Options(options.environment, with_trace=options.with_trace))
    if built is None or not state.is_dir():
        return UnchangedProject()
    origin = options.origin(root, built.digests)
    try:
        with recall_update(state, origin) as recalled:
            if recalled is not None:
                return UnchangedProject(_report(recalled, built, root, state, console))
    except CannotRunError:
        return UnchangedProject()  # the update itself explains why
    sources = read_sources(origin, options, root, built.digests)
    if sources is not None:
        _show_diagnostics(built, root)
    return UnchangedProject(sources=sources)


def _show_diagnostics(built: Build, root: Path) -> None:
    from cbx.cli.compile import DiagnosticFormat, show_build

    show_build(built, built.diagnostics, root, DiagnosticFormat.text, with_infos=False)


def _report(recalled: RecalledUpdate, built: Build, root: Path, state: Path, console: Console) -> RunResult:
    from cbx.cli.display.run import show_result
    from cbx.cli.display.run_progress import RunDisplay

    _show_diagnostics(built, root)
    with RunDisplay(console) as display:
        result = recalled.report(display)
    show_result(console, result, f"{state}/", recalled.update.checks, root.resolve())
    return result
