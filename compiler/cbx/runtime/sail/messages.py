"""Plans of Spark Connect, and the messages inside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import DataFrame
    from pyspark.sql.connect.proto import Plan


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


def plan_of(frame: DataFrame) -> Plan:
    """The plan of a query."""
    remote: Any = frame
    plan: Plan = remote._plan.to_proto(remote.sparkSession.client)  # noqa: SLF001 - it has no public name
    return plan
