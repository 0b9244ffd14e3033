"""Replaces attributes of classes and modules temporarily."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any


@contextlib.contextmanager
def replace_attributes(owner: Any, replacements: Mapping[str, Any]) -> Iterator[None]:
    """Replace attributes of a class or module while the context lasts."""
    before = {name: owner.__dict__[name] for name in replacements if name in owner.__dict__}
    for name, value in replacements.items():
        setattr(owner, name, value)
    try:
        yield
    finally:
        for name in replacements:
            if name in before:
                setattr(owner, name, before[name])
            else:
                delattr(owner, name)
