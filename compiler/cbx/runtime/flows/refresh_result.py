"""The result of refreshing one table, and the errors of all ways to do it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cbx.diagnostics.codes import NEEDS_FULL_REFRESH
from cbx.runtime.errors import RunError

if TYPE_CHECKING:
    from cbx.runtime.flows.expectation_results import ExpectationResults
    from cbx.runtime.results import Counts, RefreshDecision, TableKind
    from cbx.runtime.tables.store import TableState


@dataclass(frozen=True, slots=True)
class RefreshResult:
    """The result of refreshing one table.

    Attributes:
        kind: The kind of the table.
        counts: The counts of its rows.
        verdict: The results of the expectations, in this update or in the last one that had rows.
        did_work: Whether there was anything to do.
        is_certain: Whether all its inputs are known, so that it is up to date until one of them changes.
        decision: How a batch table was refreshed; None for others.
    """

    kind: TableKind | Literal["sink"]
    counts: Counts
    verdict: ExpectationResults
    did_work: bool = True
    is_certain: bool = False
    decision: RefreshDecision | None = None


def other_kind(table: TableState, kind: TableKind) -> RunError:
    """The error of a table that would change its kind."""
    return RunError(
        NEEDS_FULL_REFRESH, f"`{table.name}` was {table.kind} and is now {kind}", hint="run with --full-refresh"
    )
