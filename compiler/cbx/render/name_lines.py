"""Names on several lines: they break between their words."""

from __future__ import annotations

import re

from cbx.render.labels import fit_text, text_width

_WORDS = re.compile(r"(?<=[_.: -])|(?<=[^}]/)|(?<=\})")


def break_name(name: str, size: float, width: float, *, is_bold: bool = False) -> list[str]:
    """The lines of a name; a word that is too wide is cut.

    Args:
        name: The name.
        size: Of the font, in pixels.
        width: Of a line, in pixels.
        is_bold: Whether it is set in a heavier weight.

    Example:
        ``customer_order_summary`` gives ``customer_`` and ``order_summary``.
    """
    lines = [""]
    for word in _WORDS.split(name):
        if lines[-1] and text_width((lines[-1] + word).rstrip(), size, is_bold=is_bold) > width:
            lines.append("")
        lines[-1] += word
    return [fit_text(line.rstrip(), size, width, is_bold=is_bold) for line in lines]


def narrowest_width(name: str, size: float, lines: int, *, is_bold: bool = False) -> float:
    """The smallest width at which a name has at most a number of lines."""
    words = _WORDS.split(name)
    widths = sorted(
        text_width("".join(words[start:end]).rstrip(), size, is_bold=is_bold)
        for start in range(len(words))
        for end in range(start + 1, len(words) + 1)
    )
    longest = max(text_width(word.rstrip(), size, is_bold=is_bold) for word in words)
    return next(
        width for width in widths if width >= longest and len(break_name(name, size, width, is_bold=is_bold)) <= lines
    )
