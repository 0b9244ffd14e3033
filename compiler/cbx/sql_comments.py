"""What is a comment of SQL in the text of a model: Jinja renders what is in one, too."""

from __future__ import annotations

import re

_PIECES = re.compile(
    r"(?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z))|\{#.*?(?:#\}|\Z)|'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|`[^`]*`", re.DOTALL
)


def is_in_comment(text: str, offset: int) -> bool:
    """Whether a character of a text is in a comment of SQL, and not in quotes or in a comment of Jinja."""
    for found in _PIECES.finditer(text, 0):
        if found.start() > offset:
            return False
        if offset < found.end():
            return found["comment"] is not None
    return False
