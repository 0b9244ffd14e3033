"""Reads the schema argument of ``from_json``: DDL, or Spark's JSON format."""

from __future__ import annotations

import json
from typing import Any

from cbx.parse.databricks_sql.types import normal_type
from cbx.spark_spelling import quote_if_needed


def schema_type(text: str) -> str | None:
    """The type of a schema; None where the schema is not supported.

    Example:
        ``a INT, b STRING`` and ``STRUCT<a: INT, b: STRING>`` both have the type ``STRUCT<a: INT, b: STRING>``.
    """
    if not text.lstrip().startswith("{"):
        return normal_type(text) or normal_type(f"STRUCT<{text}>")
    try:
        written = _write_ddl(json.loads(text))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return normal_type(written) if written else None


def _write_ddl(kind: Any) -> str | None:
    """Write a type of Spark's JSON format as DDL; None where it is not supported."""
    if isinstance(kind, str):
        return kind
    match kind["type"]:
        case "struct":
            fields = [(quote_if_needed(field["name"]), _write_ddl(field["type"])) for field in kind["fields"]]
            is_collated = any("metadata" in field and field["metadata"] for field in kind["fields"])
            inside = ", ".join(f"{name}: {inner}" for name, inner in fields)
            return None if is_collated or any(inner is None for _, inner in fields) else f"STRUCT<{inside}>"
        case "array":
            element = _write_ddl(kind["elementType"])
            return f"ARRAY<{element}>" if element else None
        case "map":
            key, value = _write_ddl(kind["keyType"]), _write_ddl(kind["valueType"])
            return f"MAP<{key}, {value}>" if key and value else None
        case _:
            return None
