"""What is a comment of SQL in the text of a model: Jinja renders what is in one, too."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

Ranges = Sequence[tuple[int, int]]

_PIECES = re.compile(
    r"(?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z))|\{#.*?(?:#\}|\Z)"
    r"|'(?:\\.|[^'\\])*(?:'|\Z|\\\Z)|\"(?:\\.|[^\"\\])*(?:\"|\Z|\\\Z)|`[^`]*(?:`|\Z)",
    re.DOTALL,
)
"""What is never closed goes to the end, so that a text is read once."""


def comment_ranges(text: str) -> Ranges:
    """Where the comments of SQL are, outside quotes and comments of Jinja: the offsets of their ends."""
    if "--" not in text and "/*" not in text:
        return ()
    return tuple(found.span() for found in _PIECES.finditer(text) if found["comment"] is not None)


def is_in_ranges(ranges: Ranges, offset: int) -> bool:
    """Whether an offset is in one of the ranges, which are in order."""
    place = bisect_right(ranges, (offset, len(ranges) + offset + 1)) - 1
    return place >= 0 and ranges[place][0] <= offset < ranges[place][1]
