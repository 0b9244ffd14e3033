"""Masks quotes and comments of SQL, so that the rest can be searched for words and signs."""

from __future__ import annotations

import re

_QUOTES = re.compile(
    r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|`[^`]*`|--[^\n]*|/\*.*?\*/|(?P<open>['\"`]|/\*).*", re.DOTALL
)
"""A quote or a comment. An unclosed one matches the rest of the text, which keeps the search linear."""


def mask_quotes(text: str) -> str:
    """A query with quoted texts replaced by ``x`` and comments by white space of the same length."""
    return _QUOTES.sub(_mask, text)


def _mask(quote: re.Match[str]) -> str:
    if quote["open"]:
        return quote[0]
    return (" " if quote[0][0] in "-/" else "x") * len(quote[0])
