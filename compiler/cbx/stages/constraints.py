"""Which constraints a table can have."""

from __future__ import annotations

from cbx.stages.resolved_model import ResolvedModel


def has_primary_key(model: ResolvedModel) -> bool:
    """Whether a table can have its key as PRIMARY KEY: one row per key, and no part of the key NULL."""
    if model.columns is None or not model.key or (model.cdc is not None and model.cdc.scd_type != 1):
        return False
    required = {column.name.lower() for column in model.columns if column.not_null}
    return all(name.lower() in required for name in model.key)
