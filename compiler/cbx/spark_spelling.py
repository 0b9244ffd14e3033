"""Names and values as Spark spells them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def quote(name: str) -> str:
    """A name as an identifier in backticks."""
    return "`" + name.replace("`", "``") + "`"


def quote_if_needed(name: str) -> str:
    """A name as an identifier: in backticks if it has other characters than ASCII letters, digits and underscores."""
    return name if _PLAIN.match(name) else quote(name)


def quote_text(text: str) -> str:
    """A text as a string literal, in which Spark replaces no ``${name}`` by a setting."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return "'" + escaped.replace("${", "\\u0024{") + "'"


def value_text(value: Any) -> str:
    """The value of an option or a setting as text: ``True`` is ``true``."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def spell_local_path(path: Path) -> str:
    """An absolute path of this machine for Hadoop, which takes the escapes of a URI as characters of the name."""
    return f"file:///{path.as_posix().lstrip('/')}"
