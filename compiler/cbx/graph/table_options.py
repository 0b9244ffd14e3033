"""How a table is stored, refreshed and shown, and the tags of its columns, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_LABELS = {
    "cluster_by_auto": "Clustering",
    "partition_cols": "Partitioned by",
    "refresh_policy": "Refresh policy",
    "row_filter": "Row filter",
    "spark_conf": "Spark settings",
    "private": "Published",
    "table_tags": "Table tags",
}
_FIXED_TEXTS = {"cluster_by_auto": "automatic", "private": "no"}

TABLE_OPTIONS = tuple(_LABELS)
"""The options that the manifest has only where they are declared."""


def table_options(entry: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """The options of a model in the manifest, each as a label and a text; empty for most models."""
    return (
        *((label, _FIXED_TEXTS.get(name, _text(entry[name]))) for name, label in _LABELS.items() if entry.get(name)),
        *_column_options(entry["columns"]),
    )


def _column_options(columns: list[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    masks = {column["name"]: column["mask"] for column in columns if "mask" in column}
    if masks:
        yield "Masks", _text(masks)
    tags = [f"{column['name']}: {_text(column['tags'])}" for column in columns if "tags" in column]
    if tags:
        yield "Column tags", "; ".join(tags)


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} = {item}" if item else str(name) for name, item in value.items())
    return ", ".join(value) if isinstance(value, list) else str(value)
