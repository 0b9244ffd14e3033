"""Turns the plan into the text of files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

from cbx.emit.bundle import emit_bundle
from cbx.emit.manifest import emit_manifest, lay_out_check, lay_out_model
from cbx.emit.notebooks.checks import emit_key_check, emit_measure_check, emit_relationship_check
from cbx.emit.notebooks.data_tests import emit_data_test
from cbx.emit.notebooks.notebook import emit_notebook
from cbx.processes.forked_workers import MANY_MODELS, map_in_forks
from cbx.stages.plan import Artifact, DataTestCheck, Emitted, KeyCheck, MeasureCheck, ModelPlan, Plan, RelationshipCheck
from cbx.stages.resolved import Relationship

_TOGETHER = 100
"""Notebooks that a process takes at a time."""

Source = Plan | ModelPlan | KeyCheck | RelationshipCheck | MeasureCheck | DataTestCheck
"""What becomes a file; the plan itself becomes the bundle."""


class _File(NamedTuple):
    """A file, its SHA-256, and its entry in the manifest."""

    artifact: Artifact
    digest: str
    entry: str = ""


def emit_artifacts(plan: Plan, *, only_models: bool = False) -> Emitted:
    """From the plan to files: notebooks, checks, the bundle and the manifest.

    Before: the plan of ``silver.orders``. After: ``notebooks/silver/orders.py``, the check of its key, and their
    entries in the bundle and the manifest. With ``only_models`` only the notebooks, and a manifest of them.
    """
    sources: list[Source] = [*plan.models]
    if not only_models:
        sources = [plan, *plan.models, *plan.checks]
    related = plan.relationships_by_model

    def emit_file(source: Source) -> _File:
        return _emit_file(source, plan, related)

    files = map_in_forks(emit_file, sources, _TOGETHER if len(plan.models) >= MANY_MODELS else max(1, len(sources)))
    entries = [file.entry for file in files if file.entry]
    of_models, of_checks = entries[: len(plan.models)], entries[len(plan.models) :]
    manifest = _as_file(emit_manifest(plan, of_models, of_checks, {file.artifact.path: file.digest for file in files}))
    ordered = sorted([manifest, *files], key=lambda file: file.artifact.path)
    hashes = {file.artifact.path: file.digest for file in ordered}
    return Emitted(tuple(file.artifact for file in ordered), hashes)


def _emit_file(source: Source, plan: Plan, related: Mapping[str, tuple[Relationship, ...]]) -> _File:
    match source:
        case Plan():
            return _as_file(emit_bundle(source))
        case ModelPlan():
            file = _as_file(emit_notebook(source, plan.project))
            return file._replace(entry=lay_out_model(source, plan, related[source.model.id], file.digest))
        case KeyCheck():
            file = _as_file(emit_key_check(source, plan.project))
        case RelationshipCheck():
            file = _as_file(emit_relationship_check(source, plan.project))
        case MeasureCheck():
            file = _as_file(emit_measure_check(source, plan.project))
        case DataTestCheck():
            file = _as_file(emit_data_test(source, plan.project))
    return file._replace(entry=lay_out_check(source))


def _as_file(artifact: Artifact) -> _File:
    return _File(artifact, hashlib.sha256(artifact.text.encode()).hexdigest())
