"""Counts the violations of a model's expectations, and splits its rows into those that are kept, dropped or fail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from cbx.runtime.flows.marked_rows import MarkedRows

if TYPE_CHECKING:
    from cbx.runtime.definitions import DatasetExpectation


@dataclass(frozen=True)
class CheckedRows:
    """Rows after their expectations were checked.

    Attributes:
        kept: The rows that no expectation drops.
        broken: The rows that violate an expectation that must hold.
        read: How many rows there are.
        rules: The expectations and NOT NULL constraints, each with its number of violations.
        dropped: The rows that are dropped.
        dropped_by: For each of these the names of the expectations that drop it.
    """

    kept: pa.Table
    broken: pa.Table
    read: int
    rules: tuple[tuple[DatasetExpectation, int], ...]
    dropped: pa.Table
    dropped_by: tuple[tuple[str, ...], ...]

    def counts(self, on_violation: str) -> dict[str, int]:
        """The number of violations of each rule of a kind, by name; without rules that no row violates."""
        return {rule.name: count for rule, count in self._broken_rules(on_violation)}

    def _broken_rules(self, on_violation: str) -> list[tuple[DatasetExpectation, int]]:
        """The violated rules of a kind; NOT NULL constraints only if no expectation of that kind is violated."""
        broken = [(rule, count) for rule, count in self.rules if count and rule.on_violation == on_violation]
        return [pair for pair in broken if not pair[0].is_constraint] or broken

    def message(self, model: str) -> str:
        """The message with which an update would fail."""
        rows = "rows" if self.read != 1 else "row"
        return "\n".join(
            f"{model}: `{rule.name}`{'' if rule.is_constraint else f' ({rule.condition})'} fails for {count} of "
            f"{self.read} {rows}"
            for rule, count in self._broken_rules("fail")
        )


def check_rows(rows: pa.Table, rules: Sequence[DatasetExpectation]) -> CheckedRows:
    """Split rows into those that are kept, dropped or fail.

    Args:
        rows: The rows. The last columns are booleans, one per rule: whether the row satisfies it.
        rules: The rules, in the order of these columns.
    """
    marked = MarkedRows.split(rows, rules)
    data, kept, meets = marked.rows, marked.meets("drop"), marked.meets("fail")
    dropped = data.slice(0, 0) if kept is None else data.filter(pc.invert(kept))
    dropping = [
        (rule.name, mark.filter(pc.invert(kept)).to_pylist())
        for rule, mark in zip(rules, marked.marks, strict=True)
        if rule.on_violation == "drop"
    ]
    return CheckedRows(
        kept=data if kept is None else data.filter(kept),
        broken=data.slice(0, 0) if meets is None else data.filter(pc.invert(meets)),
        read=rows.num_rows,
        rules=tuple(zip(rules, marked.violation_counts(), strict=True)),
        dropped=dropped,
        dropped_by=tuple(tuple(name for name, holds in dropping if not holds[row]) for row in range(dropped.num_rows)),
    )


def concat_checked_rows(parts: Sequence[CheckedRows]) -> CheckedRows:
    """The rows of several batches as one."""
    rules = [(rule, sum(part.rules[index][1] for part in parts)) for index, (rule, _) in enumerate(parts[0].rules)]
    return CheckedRows(
        kept=pa.concat_tables([part.kept for part in parts], promote_options="default"),
        broken=pa.concat_tables([part.broken for part in parts], promote_options="default"),
        read=sum(part.read for part in parts),
        rules=tuple(rules),
        dropped=pa.concat_tables([part.dropped for part in parts], promote_options="default"),
        dropped_by=tuple(names for part in parts for names in part.dropped_by),
    )
