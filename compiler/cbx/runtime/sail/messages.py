"""The messages inside a plan of Spark Connect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


def inner_messages(message: Any) -> Iterator[Any]:
    """A message of a plan, and those inside it."""
    yield message
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            parts = [part for part in value.values() if hasattr(part, "ListFields")]
        else:
            parts = value if field.is_repeated else [value]
        for part in parts:
            yield from inner_messages(part)
