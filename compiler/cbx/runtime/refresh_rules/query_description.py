"""What the rows of a materialized view depend on, and how that has changed since its last refresh."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Obstacle(NamedTuple):
    """Why a view cannot be refreshed in part, or cannot keep its rows.

    Attributes:
        reason: The end of a sentence.
        issue: The kind of reason, as Databricks' event log calls it.
    """

    reason: str
    issue: str


@dataclass(frozen=True, slots=True)
class QueryDescription:
    """What the rows of a query depend on.

    Attributes:
        definition: A hash of the query, the expectations, the columns and the settings; None if the rows depend on
            something that is not known.
        inputs: A hash of the files that are read, by the path from which they are read.
        obstacle: What is not known; None if there is nothing.
    """

    definition: str | None
    inputs: Mapping[str, str] = field(default_factory=dict)
    obstacle: Obstacle | None = None

    def document(self) -> dict[str, Any] | None:
        """The description as a JSON object; None if not everything is known."""
        return None if self.definition is None else {"definition": self.definition, "inputs": dict(self.inputs)}


def find_change(before: Mapping[str, Any] | None, now: QueryDescription) -> Obstacle | None:
    """What has changed since the last refresh; None if nothing that the rows depend on.

    Args:
        before: The document of the description then; None if it was not known.
        now: The description now.
    """
    if now.obstacle is not None:
        return now.obstacle
    if before is None:
        return Obstacle("what it read at its last refresh is not known", "PRIOR_TIMESTAMP_MISSING")
    if before["definition"] != now.definition:
        return Obstacle("its query, its expectations or a setting changed", "QUERY_FINGERPRINT_CHANGED")
    changed = sorted(path for path, files in now.inputs.items() if before["inputs"].get(path) != files)
    gone = sorted(set(before["inputs"]) - set(now.inputs))
    return Obstacle(f"{(changed or gone)[0]} changed", "DATA_HAS_CHANGED") if changed or gone else None
