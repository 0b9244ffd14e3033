"""Which flows fill which tables."""

from __future__ import annotations

from collections.abc import Mapping

from cbx.stages.resolved import ResolvedModel


def flows_by_target(models: Mapping[str, ResolvedModel]) -> dict[str, list[str]]:
    """The flows into each target that has some, besides its own query, sorted by id."""
    flows: dict[str, list[str]] = {}
    for model in models.values():
        if model.flow is not None:
            flows.setdefault(model.flow.model, []).append(model.id)
    return {target: sorted(ids) for target, ids in flows.items()}
