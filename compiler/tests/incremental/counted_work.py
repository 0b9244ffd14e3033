"""Counts what a program does: its calls and its lines are the same on every machine."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any


def count_calls(run: Callable[[], object]) -> Counter[tuple[str, str]]:
    """How often each function was called, by the name of its file and its own."""
    counts: Counter[CodeType] = Counter()

    def count(frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            counts[frame.f_code] += 1

    sys.setprofile(count)
    try:
        run()
    finally:
        sys.setprofile(None)
    named: Counter[tuple[str, str]] = Counter()
    for code, number in counts.items():
        named["/".join(Path(code.co_filename).parts[-2:]), code.co_name] += number
    return named


def count_lines(run: Callable[[], object]) -> int:
    """How many lines of Python were run."""
    total = 0

    def count(_frame: FrameType, event: str, _: Any) -> Any:
        nonlocal total
        total += event == "line"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        run()
    finally:
        sys.settrace(before)
    return total
