"""What stands in quotes and comments of SQL, covered, so that the rest can be searched for words and signs."""

from __future__ import annotations

import re

_QUOTES = re.compile(
    r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|`[^`]*`|--[^\n]*|/\*.*?\*/|(?P<open>['\"`]|/\*).*", re.DOTALL
)
"""What is in quotes or a comment. One that is never closed takes the rest; else each would look for its end."""


def mask_quotes(text: str) -> str:
    """A query with texts as ``x`` and comments as white space, each as long as it was."""
    return _QUOTES.sub(_mask, text)


def _mask(found: re.Match[str]) -> str:
    if found["open"]:
        return found[0]
    return (" " if found[0][0] in "-/" else "x") * len(found[0])
