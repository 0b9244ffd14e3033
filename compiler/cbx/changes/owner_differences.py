"""Compares the owners of tables in Unity Catalog, which a deployment sets without an update."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cbx.changes.change_plan import Deployed, Difference
from cbx.changes.tables import Model, is_table


def table_owner(model: Model, settings: Mapping[str, Any]) -> str | None:
    """The principal that the environment names for the owner of a table; None if nothing is set in Unity Catalog."""
    owners: Mapping[str, str] = settings.get("owners", {})
    is_published = is_table(model) and not model.get("private")
    return owners.get(model.get("owner") or "") if is_published else None


def compare_owners(name: str, before: Deployed | None, after: Deployed) -> Iterator[Difference]:
    """The owner of a model, and its owner in Unity Catalog, as deployed and as compiled."""
    if before is None:
        return
    old, new = before.manifest["models"][name], after.manifest["models"][name]
    principals = table_owner(old, before.settings), table_owner(new, after.settings)
    labels = old.get("owner", new["owner"]), new["owner"]
    if principals[0] != principals[1]:
        yield Difference("owner", _change_text(*principals), "none", _reason(*principals))
    elif labels[0] != labels[1]:
        yield Difference("owner", _change_text(*labels), "none")


def _change_text(old: str | None, new: str | None) -> str:
    return f"{old or 'none'} -> {new or 'none'}"


def _reason(old: str | None, new: str | None) -> str:
    if new is None:
        return f"nothing is changed back: `{old}` stays the owner in Unity Catalog"
    return "`cbx deploy` changes the owner in Unity Catalog"
