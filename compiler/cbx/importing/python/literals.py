"""Values as Python code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cbx.emit.literals import string_literal
from cbx.importing.evaluation.values import TextTemplate, is_plain


def value_code(value: Any, variables: Mapping[str, str]) -> str | None:
    """A value as an expression; None if it is not known or has no literal.

    Args:
        value: The value.
        variables: The project's variable for each key of the configuration.
    """
    if isinstance(value, TextTemplate):
        pieces = [
            part.replace("\\", "\\\\").replace('"', '\\"').replace("{", "{{").replace("}", "}}").replace("\n", "\\n")
            if isinstance(part, str)
            else f"{{var('{variables[part.key]}')}}"
            for part in value.parts
        ]
        alone = len(value.parts) == 1 and not isinstance(value.parts[0], str)
        return f'var("{variables[value.parts[0].key]}")' if alone else 'f"' + "".join(pieces) + '"'  # type: ignore[union-attr] # not a text
    if isinstance(value, (list, tuple, dict)):
        return _container_code(value, variables)
    if isinstance(value, str):
        return string_literal(value)
    return repr(value) if is_plain(value) else None


def _container_code(value: Any, variables: Mapping[str, str]) -> str | None:
    if isinstance(value, dict):
        pairs = [(value_code(key, variables), value_code(item, variables)) for key, item in value.items()]
        if any(key is None or item is None for key, item in pairs):
            return None
        return "{" + ", ".join(f"{key}: {item}" for key, item in pairs) + "}"
    items = [value_code(item, variables) for item in value]
    if any(item is None for item in items):
        return None
    inside = ", ".join(item for item in items if item is not None)
    return f"[{inside}]" if isinstance(value, list) else f"({inside}{',' if len(items) == 1 else ''})"
