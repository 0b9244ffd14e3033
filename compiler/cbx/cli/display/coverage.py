"""Shows which parts of a project no test exercises."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cbx.testing.coverage.exercised import Exercised
    from cbx.testing.project.compiled_project import CompiledProject


def show_coverage(
    root: Path,
    env: str,
    compiled: CompiledProject,
    exercised: Exercised,
    wanted: tuple[str, ...] | None,
    fail_under: float | None,
) -> bool:
    """Print what is not exercised, as warnings at its places, and how much is.

    Args:
        root: The project's folder.
        env: The environment.
        compiled: The project.
        exercised: What the tests exercised.
        wanted: The models to look at; None for all.
        fail_under: How many percent there should be.

    Returns:
        Whether there are as many.
    """
    from cbx.cli.display.diagnostics import show_diagnostics
    from cbx.compiler import compile_project
    from cbx.diagnostics import codes
    from cbx.diagnostics.diagnostic import Diagnostic
    from cbx.testing.coverage.report import list_untested, measure_coverage

    compilation = compile_project(root, environment=env)
    plan = compilation.plan
    if plan is None:
        return False
    models = compiled.models if wanted is None else {name: compiled.models[name] for name in wanted}
    found = measure_coverage(models, exercised)
    diagnostics = list(list_untested(plan, models, exercised))
    is_enough = fail_under is None or found.percent >= fail_under
    if not is_enough:
        reason = f"tests exercise {found.percent:.0f} % of the project, and {fail_under:g} % are asked for"
        diagnostics.append(Diagnostic(codes.COVERAGE_TOO_LOW, reason, hint="test what the warnings above name"))
    sys.stdout.flush()
    show_diagnostics(diagnostics, compilation.sources, len(models), "text", "Coverage is too low.")
    print(found)
    return is_enough
