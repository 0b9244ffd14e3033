"""Finds the inputs of a model that are the same source before and after a change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from cbx.changes.tables import Model


class InputPairs(NamedTuple):
    """The inputs that a model no longer has, those that are new, and the others, as they were and are."""

    removed: list[Model]
    added: list[Model]
    both: list[tuple[Model, Model]]


def pair_inputs(old: Sequence[Model], new: Sequence[Model]) -> InputPairs:
    """Pair the inputs that read the same source; a model can read one source several times, with other options.

    Example:
        Two inputs that read JSON in ``/orders`` by the globs ``a*`` and ``b*`` are paired with themselves, not with
        each other.
    """
    removed, unequal = list(old), []
    both: list[tuple[Model, Model]] = []
    for source in new:
        if source in removed:
            removed.remove(source)
            both.append((source, source))
        elif source["mode"] == "stream" or source not in old:
            unequal.append(source)
    added: list[Model] = []
    for source in unequal:
        same = next((other for other in removed if _identity(other) == _identity(source)), None)
        if same is None:
            added.append(source)
        else:
            removed.remove(same)
            both.append((same, source))
    return InputPairs([source for source in removed if source["mode"] == "stream" or source not in new], added, both)


def _identity(source: Model) -> tuple[Any, ...]:
    names = ("model", "table", "path", "function", "format", "mode")
    return (*(source.get(name) for name in names), _place(source))


def _place(source: Model) -> Any:
    """What a reader reads; topics that are listed in another order are the same."""
    name = source.get("name")
    return sorted(name.partition(":")[2].split(",")) if source.get("format") == "kafka" and name else name
