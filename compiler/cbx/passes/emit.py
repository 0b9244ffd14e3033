"""Turns the plan into the text of files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

from cbx.diagnostics.diagnostic import Report
from cbx.emit.bundle import emit_bundle
from cbx.emit.checks import emit_key_check, emit_relationship_check
from cbx.emit.manifest import emit_manifest, lay_out_check, lay_out_model
from cbx.emit.notebook import emit_notebook
from cbx.processes.forked_workers import MANY, each_in_copies
from cbx.stages.plan import Artifact, KeyCheck, ModelPlan, Plan, RelationshipCheck
from cbx.stages.resolved import Relationship

_TOGETHER = 100
"""Notebooks that a process takes at a time."""

Source = Plan | ModelPlan | KeyCheck | RelationshipCheck
"""What becomes a file; of the plan as a whole, that is the bundle."""


class Emitted(NamedTuple):
    """The plan and the files that it becomes, by path, with the SHA-256 of each."""

    plan: Plan
    artifacts: tuple[Artifact, ...]
    hashes: Mapping[str, str]


class _Made(NamedTuple):
    """A file, its SHA-256, and what the manifest says of what it holds."""

    artifact: Artifact
    digest: str
    entry: str = ""


def emit(plan: Plan, report: Report, *, only_models: bool = False) -> Emitted:
    """From the plan to files: notebooks, checks, the bundle and the manifest.

    Before: the plan of ``silver.orders``. After: ``notebooks/silver/orders.py``, the check of its key, and what the
    bundle and the manifest say of both. With ``only_models`` the notebooks and a manifest of nothing else.
    """
    del report
    sources: list[Source] = [*plan.models]
    if not only_models:
        sources = [plan, *plan.models, *plan.key_checks, *plan.relationship_checks]
    related = plan.relationships_by_model

    def emitted(source: Source) -> _Made:
        return _emitted(source, plan, related)

    made = each_in_copies(emitted, sources, _TOGETHER if len(plan.models) >= MANY else max(1, len(sources)))
    entries = [one.entry for one in made if one.entry]
    of_models, of_checks = entries[: len(plan.models)], entries[len(plan.models) :]
    manifest = _made(emit_manifest(plan, of_models, of_checks, {one.artifact.path: one.digest for one in made}))
    ordered = sorted([manifest, *made], key=lambda one: one.artifact.path)
    hashes = {one.artifact.path: one.digest for one in ordered}
    return Emitted(plan, tuple(one.artifact for one in ordered), hashes)


def _emitted(source: Source, plan: Plan, related: Mapping[str, tuple[Relationship, ...]]) -> _Made:
    match source:
        case Plan():
            return _made(emit_bundle(source))
        case ModelPlan():
            made = _made(emit_notebook(source, plan.project))
            return made._replace(entry=lay_out_model(source, plan, related[source.model.id], made.digest))
        case KeyCheck():
            made = _made(emit_key_check(source, plan.project))
        case RelationshipCheck():
            made = _made(emit_relationship_check(source, plan.project))
    return made._replace(entry=lay_out_check(source))


def _made(artifact: Artifact) -> _Made:
    return _Made(artifact, hashlib.sha256(artifact.text.encode()).hexdigest())
