"""Follows models whose ids have changed while their datasets have not: one schema may have the tables of all layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cbx.changes.change_plan import Deployed
from cbx.changes.tables import Model


def renamed_models(old: Mapping[str, Model], new: Mapping[str, Model]) -> dict[str, str]:
    """The new ids of the models that have only another id: the dataset and its rows stay.

    Args:
        old: The models as deployed.
        new: The models as compiled.
    """
    by_dataset = {model["dataset"].lower(): name for name, model in new.items() if name not in old}
    found = {name: by_dataset.get(model["dataset"].lower()) for name, model in old.items() if name not in new}
    return {name: renamed for name, renamed in found.items() if renamed is not None}


def with_new_ids(deployed: Deployed, ids: Mapping[str, str]) -> Deployed:
    """What is deployed, with the new ids of renamed models."""
    if not ids:
        return deployed
    manifest = deployed.manifest
    models = {ids.get(name, name): _with_new_ids(model, ids) for name, model in manifest["models"].items()}
    due = tuple(ids.get(name, name) for name in deployed.due)
    return replace(deployed, manifest={**manifest, "models": models}, due=due)


def _with_new_ids(model: Model, ids: Mapping[str, str]) -> dict[str, Any]:
    """A model that reads, fills and is related to models by their new ids."""
    renamed = {
        **model,
        "inputs": [_replace(source, ids, "model") for source in model["inputs"]],
        "relationships": [_replace(relationship, ids, "parent", "child") for relationship in model["relationships"]],
    }
    return {**renamed, "flow": _replace(model["flow"], ids, "into")} if "flow" in model else renamed


def _replace(entry: Mapping[str, Any], ids: Mapping[str, str], *names: str) -> dict[str, Any]:
    return {name: ids.get(value, value) if name in names else value for name, value in entry.items()}
