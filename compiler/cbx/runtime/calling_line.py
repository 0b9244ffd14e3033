"""Finds the line of the user's code that is being executed."""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType

from cbx.runtime.problems import Place

_OURS = str(Path(__file__).parent)


def calling_line() -> Place | None:
    """The line of the user's that is being executed."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - a traceback costs more and says no more
    while frame is not None and frame.f_code.co_filename.startswith((_OURS, "<")):
        frame = frame.f_back
    return None if frame is None else Place(Path(frame.f_code.co_filename), frame.f_lineno)
