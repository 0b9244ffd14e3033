"""Shows the coverage of tests, and what no test exercises."""

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
    selected: tuple[str, ...] | None,
    fail_under: float | None,
) -> bool:
    """Print what no test exercises as warnings, and the coverage.

    Args:
        root: The project's folder.
        env: The environment.
        compiled: The compiled project.
        exercised: What the tests exercised.
        selected: The models to report; None for all.
        fail_under: The required percentage; None if there is no requirement.

    Returns:
        Whether the coverage is as high as required.
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
    models = {
        name: model
        for name, model in compiled.models.items()
        if model.kind != "seed" and (selected is None or name in selected)
    }
    coverage = measure_coverage(models, exercised)
    diagnostics = list(list_untested(plan, models, exercised))
    is_enough = fail_under is None or coverage.percent >= fail_under
    if not is_enough:
        reason = f"tests exercise {coverage.percent:.0f} % of the project; {fail_under:g} % are required"
        diagnostics.append(Diagnostic(codes.COVERAGE_TOO_LOW, reason, hint="write tests for the warnings above"))
    sys.stdout.flush()
    show_diagnostics(diagnostics, compilation.sources, len(models), "text", "Coverage is too low.")
    print(coverage)
    return is_enough
