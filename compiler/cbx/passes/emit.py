"""Turns the plan into the text of files."""

from __future__ import annotations

from dataclasses import dataclass

from cbx.diagnostics import Report
from cbx.emit.bundle import emit_bundle
from cbx.emit.checks import emit_key_check, emit_relationship_check
from cbx.emit.manifest import emit_manifest
from cbx.emit.notebook import emit_notebook
from cbx.ir.plan import Artifact, Plan


@dataclass(frozen=True)
class Emitted:
    """The plan and the files that it becomes, by path."""

    plan: Plan
    artifacts: tuple[Artifact, ...]


def emit(plan: Plan, report: Report) -> Emitted:
    """From the plan to files: notebooks, checks, the bundle and the manifest."""
    del report
    artifacts = [
        *(emit_notebook(one, plan.project) for one in plan.models),
        *(emit_key_check(one, plan.project) for one in plan.key_checks),
        *(emit_relationship_check(one, plan.project) for one in plan.relationship_checks),
        emit_bundle(plan),
    ]
    artifacts.append(emit_manifest(plan, artifacts))
    return Emitted(plan, tuple(sorted(artifacts, key=lambda artifact: artifact.path)))
