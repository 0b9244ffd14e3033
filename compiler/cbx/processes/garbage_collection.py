"""When Python collects garbage: objects of a compilation live to its end, except for the trees of queries."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

LOADED = 50_000
"""New objects between two collections while the command line loads: none of them is garbage."""


@contextmanager
def pause_garbage_collection() -> Iterator[None]:
    """Collect garbage only in `collect_trees`."""
    was_enabled = gc.isenabled()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def collect_trees() -> None:
    """Free the trees that were parsed since the last call; they have cycles, since nodes know their parents."""
    if not gc.isenabled():
        gc.collect(0)
