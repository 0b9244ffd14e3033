"""The colours of marks such as ``error`` and ``done``, which are readable on light and dark backgrounds.

A theme's own yellow, green and cyan are too pale on white. Text that is longer than a mark has the terminal's colour.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import TextIO


class MarkColour(NamedTuple):
    """A colour among the 256 of a terminal, with a contrast of at least 3 to 1 on usual backgrounds.

    Attributes:
        number: Its number.
    """

    number: int

    @property
    def style(self) -> str:
        """The colour as a style of Rich."""
        return f"color({self.number})"

    @property
    def escape(self) -> str:
        """The colour as parameters of an escape sequence."""
        return f"38;5;{self.number}"


ERROR = MarkColour(196)
WARNING = MarkColour(130)
INFO = MarkColour(31)
DONE = MarkColour(28)


def has_colour(stream: TextIO) -> bool:
    """Whether a stream is a terminal that shows colours, and the user wants them."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
