"""Compares the settings of pipelines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from cbx.changes.change_plan import Difference

_TABLES = frozenset({"configuration", "tags", "environment", "event_log", "owners"})
_CODE = frozenset({"notebook", "glob", "file"})


def setting_differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    """The settings that differ between two deployments."""
    old, new = flatten_settings(before), flatten_settings(after)
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name):
            detail = f"{setting_text(old.get(name))} -> {setting_text(new.get(name))}"
            if name == "catalog":
                reason = "all tables are created again in the other catalog, and dropped in this one"
                yield Difference(name, detail, "recreate", reason, is_destructive=True)
            else:
                yield Difference(name, detail)


def flatten_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings in one level.

    Example:
        ``{"clusters": [{"num_workers": 2}]}`` becomes ``{"clusters.default.num_workers": 2}``. Notebooks are not among
        the libraries, because they follow from the models.
    """
    return {key: value for name, setting in settings.items() for key, value in _flatten(name, setting)}


def _flatten(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if name in _TABLES and isinstance(value, Mapping):
        yield from ((f"{name}.{key}", item) for key, item in value.items())
    elif name == "clusters":
        for cluster in value:
            label = cluster.get("label", "default")
            yield from ((f"{name}.{label}.{key}", item) for key, item in cluster.items() if key != "label")
    elif name == "libraries":
        declared = [library for library in value if not _CODE & set(library)]
        yield from [(name, declared)] if declared else []
    else:
        yield name, value


def setting_text(value: Any) -> str:
    """A value as a plan shows it."""
    if value is None:
        return "none"
    return value if isinstance(value, str) else json.dumps(value)
