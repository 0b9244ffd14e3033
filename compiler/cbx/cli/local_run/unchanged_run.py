"""Reports a run that has nothing to do, without compiling the project and without an engine.

If no file of the project has changed since the last update, its compilation is recorded; if the options of the command
are the same, too, so are the notebooks, their configuration and everything else that an update is made of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cbx.cli.places import project_folder
from cbx.incremental.options import Options

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from cbx.cli.local_run.run_options import RunOptions
    from cbx.incremental.build import Build
    from cbx.runtime.results import RunResult
    from cbx.runtime.update.run_update import RecalledUpdate


def report_unchanged_run(options: RunOptions, console: Console) -> RunResult | None:
    """Report an update that has nothing to do; None if it may have, or the project has to be compiled.

    Args:
        options: The options of the command.
        console: Where to print.
    """
    is_whole = not (options.selection.include or options.selection.exclude)
    if not is_whole or options.full_refresh or options.dry_run:
        return None
    from cbx.incremental.build import build_unchanged
    from cbx.runtime.errors import CannotRunError
    from cbx.runtime.update.run_update import recall_update

    root = project_folder(options.project)
    state = options.state_folder(root)
    built = build_unchanged(root, Options(options.environment, with_trace=options.with_trace))
    if built is None or not state.is_dir():
        return None
    try:
        with recall_update(state, options.origin(root, built.digests)) as recalled:
            return None if recalled is None else _report(recalled, built, root, state, console)
    except CannotRunError:
        return None  # the update itself explains why


def _report(recalled: RecalledUpdate, built: Build, root: Path, state: Path, console: Console) -> RunResult:
    from cbx.cli.compile import DiagnosticFormat, show_build
    from cbx.cli.display.run import show_result
    from cbx.cli.display.run_progress import RunDisplay

    show_build(built, built.diagnostics, root, DiagnosticFormat.text, with_infos=False)
    with RunDisplay(console) as display:
        result = recalled.report(display)
    show_result(console, result, f"{state}/", recalled.update.checks, root.resolve())
    return result
