"""What the rules ask about a model as a manifest describes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Model = Mapping[str, Any]

RESET_ALLOWED = "pipelines.reset.allowed"
TYPE_WIDENING = "delta.enableTypeWidening"

_STREAMING = ("streaming_table", "auto_cdc")


def is_streaming(model: Model) -> bool:
    """Whether the model's table keeps the rows it once took in, so that a change reaches new rows only."""
    return model["kind"] in _STREAMING


def is_table(model: Model) -> bool:
    """Whether the model has a table of its own."""
    return bool(model["kind"] != "view")


def forbids_full_refresh(model: Model) -> bool:
    """Whether the table's properties say that it is never to be emptied."""
    return str(model.get("properties", {}).get(RESET_ALLOWED, "true")).lower() == "false"


def widens_types(model: Model) -> bool:
    """Whether the table's properties let a column take a wider type."""
    return str(model.get("properties", {}).get(TYPE_WIDENING, "false")).lower() == "true"


def streamed_inputs(model: Model) -> list[Model]:
    """The inputs of which only new rows are read."""
    return [source for source in model["inputs"] if source["mode"] == "stream"]


def streams_from_outside(model: Model) -> bool:
    """Whether it takes in files or foreign tables, which may no longer hold what they once held."""
    return any("model" not in source for source in streamed_inputs(model))


def source_name(source: Model) -> str:
    """An input in words."""
    return str(source.get("model") or source.get("table") or f"{source.get('format', 'files')} in {source.get('path')}")


def fill_variables(text: str, settings: Mapping[str, Any], project: str) -> str:
    """A path or table of a manifest with the values that a pipeline's configuration gives its variables."""
    for key, value in settings.get("configuration", {}).items():
        text = text.replace(f"${{{key.removeprefix(f'{project}.')}}}", str(value))
    return text
