"""Lets a project through only if nothing is wrong with it."""

from __future__ import annotations

from cbx.diagnostics.diagnostic import Report
from cbx.stages.resolved import Proven


def gate(proven: Proven, report: Report) -> Proven | None:
    """Stop the compilation if any pass found an error: whatever is written later is right as a whole."""
    return None if report.has_errors else proven
