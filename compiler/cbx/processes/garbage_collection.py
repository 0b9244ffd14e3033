"""When garbage is looked for: what a compilation makes lives to its end, save the trees of queries."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

LOADED = 50_000
"""New objects before garbage is looked for while the command line loads: they stay, and are loaded a tenth faster."""


@contextmanager
def without_collecting() -> Iterator[None]:
    """Look for no garbage but by `let_go_of_trees`: there is next to none besides."""
    was_enabled = gc.isenabled()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def let_go_of_trees() -> None:
    """Free the trees that were made since the last time: their nodes know their parents, and would stay otherwise."""
    if not gc.isenabled():
        gc.collect(0)
