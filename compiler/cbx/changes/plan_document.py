"""A change plan as a JSON document; docs/deploying.md describes its fields."""

from __future__ import annotations

from typing import Any

from cbx.changes.change_plan import ChangePlan, Difference, ModelChange

SCHEMA_VERSION = 1


def as_document(plan: ChangePlan, project: str, environment: str) -> dict[str, Any]:
    """The plan as plain values for JSON.

    Args:
        plan: The plan.
        project: The project's name.
        environment: The environment's name.
    """
    return {
        "schema_version": SCHEMA_VERSION,
        "project": project,
        "environment": environment,
        "first_deployment": plan.is_first,
        "up_to_date": plan.is_empty,
        "destructive": plan.is_destructive,
        "models": [_model(change) for change in plan.models],
        "settings": [_difference(difference) for difference in plan.settings],
        "checks": [_difference(difference) for difference in plan.checks],
        "project_settings": [_difference(difference) for difference in plan.project],
        "full_refresh": list(plan.full_refresh),
        "summary": counts(plan),
    }


def counts(plan: ChangePlan) -> dict[str, int]:
    """The number of models for each action, and how many need more than an incremental refresh."""
    actions = [change.action for change in plan.models]
    return {
        "added": actions.count("add"),
        "changed": actions.count("change"),
        "removed": actions.count("remove"),
        "refreshed": actions.count("refresh"),
        "full_refresh": len(plan.full_refresh),
        "recreate": sum(change.refresh == "recreate" for change in plan.models),
        "destructive": len({name for name, _ in plan.destructive}),
    }


def _model(change: ModelChange) -> dict[str, Any]:
    return {
        "model": change.model,
        "kind": change.kind,
        "action": change.action,
        "refresh": change.refresh,
        "destructive": change.is_destructive,
        "differences": [_difference(difference) for difference in change.differences],
    }


def _difference(difference: Difference) -> dict[str, Any]:
    return {
        "aspect": difference.aspect,
        "detail": difference.detail,
        "refresh": difference.refresh,
        "reason": difference.reason,
        "destructive": difference.is_destructive,
    }
