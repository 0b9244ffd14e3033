"""SQL comments in the text of a model; Jinja renders their content, too."""

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
"""What is never closed extends to the end, so that the time is linear."""


def comment_ranges(text: str) -> Ranges:
    """The start and end offsets of SQL comments outside of quotes and Jinja comments."""
    if "--" not in text and "/*" not in text:
        return ()
    return tuple(match.span() for match in _PIECES.finditer(text) if match["comment"] is not None)


def is_in_ranges(ranges: Ranges, offset: int) -> bool:
    """Whether an offset is in one of several sorted ranges."""
    index = bisect_right(ranges, (offset, len(ranges) + offset + 1)) - 1
    return index >= 0 and ranges[index][0] <= offset < ranges[index][1]
