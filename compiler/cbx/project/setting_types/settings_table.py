"""The type of all tables of ``project.toml``, and the types of texts in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints

from cbx.spark_spelling import value_text


class SettingsTable(BaseModel):
    """A table of ``project.toml``: values of other types and unknown settings are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)


Word = Annotated[str, StringConstraints(min_length=1, strict=True)]


def flatten_names(names: Any) -> Any:
    """Let a name with dots be written without quotes, which TOML reads as nested tables."""
    return dict(_flatten(names)) if isinstance(names, dict) else names


def _flatten(names: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    waiting = [*reversed(names.items())]
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [(f"{name}.{inner}", item) for inner, item in reversed(value.items())]
        else:
            yield name, value


def _as_texts(values: Any) -> Any:
    flat = flatten_names(values)
    if not isinstance(flat, dict):
        return flat
    return {name: value_text(value) if isinstance(value, bool | int | float) else value for name, value in flat.items()}


Texts = Annotated[dict[Word, str], BeforeValidator(_as_texts)]
"""A table of texts, such as a configuration of Spark; numbers, true and false become texts."""
