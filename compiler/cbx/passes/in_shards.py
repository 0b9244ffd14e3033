"""Lets several processes do what concerns each model alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cbx.diagnostics.diagnostic import Diagnostic, Report
from cbx.processes.forked_workers import MANY, in_copies
from cbx.processes.garbage_collection import let_go_of_trees
from cbx.stages.declared import Prepared
from cbx.stages.resolved import Resolved, ResolvedModel

_TOGETHER = 25
"""Models that a process takes at a time."""

Shard = tuple[tuple[ResolvedModel, ...], tuple[Diagnostic, ...]]


def in_shards(*passes: Callable[[Any, Report], Any]) -> Callable[[Prepared, Report], Resolved]:
    """Passes from `Prepared` to `Resolved` as one; many models are divided among several processes."""

    def resolved(prepared: Prepared, report: Report) -> Resolved:
        for run_pass in passes:
            prepared = run_pass(prepared, report)
        return prepared  # type: ignore[return-value] # what the last pass returns

    def divided(prepared: Prepared, report: Report) -> Resolved:
        files = prepared.model_files
        if len(files) < MANY:
            return resolved(prepared, report)

        def shard(number: int) -> Shard:
            own = Report()
            some = files[number * _TOGETHER : (number + 1) * _TOGETHER]
            models = resolved(prepared._replace(model_files=some), own).models
            let_go_of_trees()
            return models, own.sorted()

        models: list[ResolvedModel] = []
        for some, diagnostics in in_copies(shard, -(-len(files) // _TOGETHER)):
            models += some
            report.extend(diagnostics)
        return Resolved(prepared.project, tuple(models), prepared.known_ids)

    return divided
