"""The memory of a flow between updates, in the ``table.json`` of its table."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class SnapshotVersion:
    """The version of a snapshot, as text.

    Attributes:
        kind: The name of the Python type of the version, such as ``int``.
        value: The version.
    """

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class FlowMemory:
    """The memory of one flow.

    Attributes:
        once: Whether a flow with ``once=True`` has run.
        version: The version of the last snapshot; None for other flows, and before the first snapshot.
        streams: The generation of every streaming table that the flow streams from, by the table's key; None before
            the first update.
    """

    once: bool = False
    version: SnapshotVersion | None = None
    streams: Mapping[str, int] | None = None

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> FlowMemory:
        """The memory in a document of ``document``."""
        version = document.get("version")
        return cls(
            document.get("once", False),
            None if version is None else SnapshotVersion(**version),
            document.get("streams"),
        )

    def document(self) -> dict[str, Any]:
        """The memory as a JSON object."""
        document: dict[str, Any] = {}
        if self.once:
            document["once"] = True
        if self.version is not None:
            document["version"] = asdict(self.version)
        if self.streams is not None:
            document["streams"] = dict(self.streams)
        return document
