"""How often garbage is looked for while a project is compiled."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

YOUNG = 50_000
"""New objects before garbage is looked for: what is loaded to begin with stays, and is a tenth faster without."""
_NEVER = 1_000_000


@contextmanager
def seldom_collecting() -> Iterator[None]:
    """Look for garbage among new objects only.

    What a compilation makes lives to its end, save the trees of queries, whose nodes know their parents: these go soon
    after they were made. Looking through the rest again and again would take a third of the time.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(YOUNG, _NEVER, _NEVER)
    try:
        yield
    finally:
        gc.set_threshold(*before)
