"""Reads the files of models; many are divided among several processes."""

from __future__ import annotations

from cbx.diagnostics.diagnostic import Diagnostic, Report
from cbx.passes.declare import declare
from cbx.passes.parse import parse
from cbx.passes.read_macros import Macros
from cbx.passes.resolve import resolve
from cbx.processes.forked_workers import MANY_MODELS, run_in_forks
from cbx.processes.garbage_collection import collect_trees
from cbx.stages.declared import Discovered
from cbx.stages.resolved import Resolved, ResolvedModel

_TOGETHER = 25
"""Models that a process takes at a time."""


def read_models(discovered: Discovered, macros: Macros, report: Report) -> Resolved:
    """From the texts of models to resolved models, by the passes `parse`, `declare` and `resolve`.

    Before: the text of ``models/silver/orders.sql``. After: a `ResolvedModel` with rendered texts. What these passes
    do concerns each model alone, so that several processes can share it.
    """
    files = discovered.model_files
    if len(files) < MANY_MODELS:
        return _read(discovered, macros, report)

    def read_shard(number: int) -> tuple[tuple[ResolvedModel, ...], tuple[Diagnostic, ...]]:
        shard = files[number * _TOGETHER : (number + 1) * _TOGETHER]
        shard_report = Report()
        resolved = _read(discovered._replace(model_files=shard), macros, shard_report)
        collect_trees()
        return resolved.models, shard_report.sorted_diagnostics()

    models: list[ResolvedModel] = []
    for shard_models, diagnostics in run_in_forks(read_shard, -(-len(files) // _TOGETHER)):
        models += shard_models
        report.extend(diagnostics)
    return Resolved(discovered.project, tuple(models), discovered.known_ids)


def _read(discovered: Discovered, macros: Macros, report: Report) -> Resolved:
    parsed = parse(discovered, macros, report)
    declared = declare(parsed, report)
    return resolve(declared, macros, report)
