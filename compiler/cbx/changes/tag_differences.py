"""Compares the tags of tables and columns in Unity Catalog, which a deployment sets without an update."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cbx.changes.change_plan import Difference
from cbx.changes.tables import Model

_SET = "`cbx deploy` sets it"


def compare_tags(before: Model, after: Model) -> Iterator[Difference]:
    """The tags that differ between a model as deployed and as compiled."""
    for name, old, new in _changed_tags(before.get("table_tags", {}), after.get("table_tags", {})):
        yield Difference("table_tags", f"`{name}`: {old} -> {new}", "none", _SET)
    deployed = {column["name"].lower(): column.get("tags", {}) for column in before["columns"]}
    for column in after["columns"]:
        for name, old, new in _changed_tags(deployed.get(column["name"].lower(), {}), column.get("tags", {})):
            yield Difference("columns", f"`{column['name']}`: tag `{name}` {old} -> {new}", "none", _SET)


def _changed_tags(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """The tags that differ, with the texts of their old and new values."""
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name):
            yield name, _tag_text(old.get(name)), _tag_text(new.get(name))


def _tag_text(value: str | None) -> str:
    return "none" if value is None else value or '""'
