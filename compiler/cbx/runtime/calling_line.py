"""The line of user code that is being executed."""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType

from cbx.diagnostics.source_files import Span
from cbx.runtime.errors import line_span

_OURS = str(Path(__file__).parent)


def calling_line() -> Span | None:
    """The innermost line of user code on the stack; None if there is none."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - a traceback is slower
    while frame is not None and frame.f_code.co_filename.startswith((_OURS, "<")):
        frame = frame.f_back
    return None if frame is None else line_span(Path(frame.f_code.co_filename), frame.f_lineno)
