"""Finds columns that identify rows: nobody sums them, so a mark on them would only distract."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

ColumnPlace = tuple[str, str]
"""A model's id and the name of one of its columns."""


def find_identifiers(manifest: Mapping[str, Any]) -> frozenset[ColumnPlace]:
    """The columns of keys and relationships, and the columns of other models that hold one of these alone.

    Example:
        With the key ``order_id`` of ``silver.orders``, ``order_id`` in ``gold.lines`` is one too; a count of it is not.
    """
    readers: dict[ColumnPlace, list[ColumnPlace]] = {}
    for name, model in manifest["models"].items():
        for column in model["columns"]:
            origins: list[ColumnPlace] = column["lineage"] or []
            if len(origins) == 1 and column.get("measure") is None:
                table, origin = origins[0]
                readers.setdefault((table, origin), []).append((name, column["name"]))
    waiting = list(dict.fromkeys(_declared_identifiers(manifest)))
    found = set(waiting)
    while waiting:
        for reader in readers.get(waiting.pop(), ()):
            if reader not in found:
                found.add(reader)
                waiting.append(reader)
    return frozenset(found)


def _declared_identifiers(manifest: Mapping[str, Any]) -> Iterator[ColumnPlace]:
    for name, model in manifest["models"].items():
        keys = [model["key"] or (), *(key["columns"] for key in model.get("further_keys", ()))]
        keys += [column["home"]["key"] for column in model["columns"] if column.get("home")]
        yield from ((name, column) for key in keys for column in key)
    for relationship in manifest["relationships"]:
        for child, parent in relationship["on"].items():
            yield from ((relationship["child"], child), (relationship["parent"], parent))
