"""Schemas written as texts, as ``from_json`` takes them: DDL, or the JSON that Spark makes of a schema in Python."""

from __future__ import annotations

import json
from typing import Any

from cbx.parse.identifiers import quoted_if_needed
from cbx.parse.types import normal_type


def schema_type(text: str) -> str | None:
    """The type that a schema describes; None for one that is not understood.

    Example:
        ``a INT, b STRING`` and ``STRUCT<a: INT, b: STRING>`` both describe the latter.
    """
    if not text.lstrip().startswith("{"):
        return normal_type(text) or normal_type(f"STRUCT<{text}>")
    try:
        written = _written(json.loads(text))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return normal_type(written) if written else None


def _written(kind: Any) -> str | None:
    """A type of Spark's JSON as DDL; a plain one has its name there."""
    if isinstance(kind, str):
        return kind
    match kind["type"]:
        case "struct":
            fields = [(quoted_if_needed(one["name"]), _written(one["type"])) for one in kind["fields"]]
            collated = any("metadata" in one and one["metadata"] for one in kind["fields"])
            inside = ", ".join(f"{name}: {inner}" for name, inner in fields)
            return None if collated or any(inner is None for _, inner in fields) else f"STRUCT<{inside}>"
        case "array":
            element = _written(kind["elementType"])
            return f"ARRAY<{element}>" if element else None
        case "map":
            key, value = _written(kind["keyType"]), _written(kind["valueType"])
            return f"MAP<{key}, {value}>" if key and value else None
        case _:
            return None
