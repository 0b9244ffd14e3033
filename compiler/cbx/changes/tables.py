"""Properties of a model in a manifest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cbx.project.dataset_names import WITHOUT_TABLE

Model = Mapping[str, Any]

RESET_ALLOWED = "pipelines.reset.allowed"
TYPE_WIDENING = "delta.enableTypeWidening"

_RECOMPUTED = ("materialized_view", "seed")
"""The kinds that are materialized views of the platform."""
_STREAMING = ("streaming_table", "auto_cdc", "auto_cdc_from_snapshot")


def is_streaming(model: Model) -> bool:
    """Whether the model's table keeps its rows, so that a change affects new rows only."""
    return model["kind"] in _STREAMING


def is_recomputed(model: Model) -> bool:
    """Whether the model's table is a materialized view of the platform."""
    return model["kind"] in _RECOMPUTED


def is_table(model: Model) -> bool:
    """Whether the model has a table."""
    return model["kind"] not in WITHOUT_TABLE


def is_flow(model: Model) -> bool:
    """Whether the model is a further flow into the table of another model."""
    return bool(model["kind"] == "flow")


def is_sink(model: Model) -> bool:
    """Whether the rows of the model leave the pipeline."""
    return bool(model["kind"] == "sink")


def columns_without_null(model: Model) -> set[str]:
    """The columns in which the model's table refuses NULL; it does with the schema of a primary key or of masks."""
    required = {column["name"] for column in model["columns"] if column["not_null"]}
    names = {name.lower() for name in required}
    is_history = (model["cdc"] or {}).get("scd_type") == 2
    has_key = bool(model["key"]) and names.issuperset(map(str.lower, model["key"]))
    has_primary_key = has_key and not is_history and is_table(model) and not model.get("private")
    is_masked = any("mask" in column for column in model["columns"])
    return required if (has_primary_key and model.get("has_schema", True)) or is_masked else set()


def forbids_full_refresh(model: Model) -> bool:
    """Whether the table's properties prevent a full refresh."""
    return str(model.get("properties", {}).get(RESET_ALLOWED, "true")).lower() == "false"


def widens_types(model: Model) -> bool:
    """Whether the table's properties allow type widening."""
    return str(model.get("properties", {}).get(TYPE_WIDENING, "false")).lower() == "true"


def streamed_inputs(model: Model) -> list[Model]:
    """The inputs that are read as streams."""
    return [source for source in model["inputs"] if source["mode"] == "stream"]


def loses_history(model: Model) -> bool:
    """Whether the model's table has versions of rows that its input, a snapshot of now, no longer has."""
    is_history = model["kind"] == "auto_cdc_from_snapshot" and model["cdc"]["scd_type"] == 2
    return is_history and not any("version" in source for source in model["inputs"])


def old_snapshots(model: Model) -> list[Model]:
    """The inputs from which the model has its history, and which may no longer have all snapshots."""
    is_history = (model["cdc"] or {}).get("scd_type") == 2
    return [source for source in model["inputs"] if is_history and "version" in source]


def source_name(source: Model) -> str:
    """The name of an input, such as ``json in /landing/orders`` or ``kafka:orders``."""
    name = next((source[word] for word in ("model", "table", "name", "function") if word in source), None)
    return str(name or f"{source.get('format', 'files')} in {source.get('path')}")


def fill_variables(text: str, settings: Mapping[str, Any], project: str) -> str:
    """Fill the variables in a path or table of a manifest with their values in a pipeline's configuration."""
    for key, value in settings.get("configuration", {}).items():
        text = text.replace(f"${{{key.removeprefix(f'{project}.')}}}", str(value))
    return text
