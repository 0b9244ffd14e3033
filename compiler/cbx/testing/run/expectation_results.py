"""What a model's rules say of its rows, which come marked with whether each rule holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from cbx.runtime.definitions import DatasetExpectation


@dataclass(frozen=True)
class Checked:
    """Rows and what their rules say of them.

    Attributes:
        kept: The rows that no rule drops.
        broken: The rows that break a rule that must hold.
        read: How many rows there are.
        rules: The rules, each with the number of rows that break it.
        dropped: The rows that rules drop.
        dropped_by: The names of the rules that drop each of these.
    """

    kept: pa.Table
    broken: pa.Table
    read: int
    rules: tuple[tuple[DatasetExpectation, int], ...]
    dropped: pa.Table
    dropped_by: tuple[tuple[str, ...], ...]

    def counts(self, on_violation: str) -> dict[str, int]:
        """How many rows break each rule of a kind, rules that none breaks left out."""
        return {rule.name: count for rule, count in self._broken_rules(on_violation)}

    def _broken_rules(self, on_violation: str) -> list[tuple[DatasetExpectation, int]]:
        """The broken rules of a kind; that a column is NOT NULL counts where nothing else says it."""
        found = [(rule, count) for rule, count in self.rules if count and rule.on_violation == on_violation]
        return [pair for pair in found if not pair[0].is_constraint] or found

    def message(self, model: str) -> str:
        """What an update would fail with."""
        rows = "rows" if self.read != 1 else "row"
        return "\n".join(
            f"{model}: `{rule.name}`{'' if rule.is_constraint else f' ({rule.condition})'} fails for {count} of "
            f"{self.read} {rows}"
            for rule, count in self._broken_rules("fail")
        )


def checked(rows: pa.Table, rules: Sequence[DatasetExpectation]) -> Checked:
    """Tell what becomes of rows.

    Args:
        rows: The rows; the last columns are the marks, one a rule.
        rules: The rules.
    """
    width = rows.num_columns - len(rules)
    data, marks = rows.select(range(width)), [rows.column(width + index) for index in range(len(rules))]
    failed = [len(mark) - (pc.sum(mark, min_count=0).as_py()) for mark in marks]
    kept = broken = None
    for rule, mark in zip(rules, marks, strict=True):
        if rule.on_violation == "drop":
            kept = mark if kept is None else pc.and_(kept, mark)
        elif rule.on_violation == "fail":
            broken = pc.invert(mark) if broken is None else pc.or_(broken, pc.invert(mark))
    dropping = [(rule.name, mark) for rule, mark in zip(rules, marks, strict=True) if rule.on_violation == "drop"]
    dropped = data.slice(0, 0) if kept is None else data.filter(pc.invert(kept))
    broken_marks = [(name, mark.filter(pc.invert(kept)).to_pylist()) for name, mark in dropping]
    return Checked(
        kept=data if kept is None else data.filter(kept),
        broken=data.slice(0, 0) if broken is None else data.filter(broken),
        read=rows.num_rows,
        rules=tuple(zip(rules, failed, strict=True)),
        dropped=dropped,
        dropped_by=tuple(
            tuple(name for name, holds in broken_marks if not holds[row]) for row in range(dropped.num_rows)
        ),
    )


def together(parts: Sequence[Checked]) -> Checked:
    """What the rules say of several batches."""
    rules = [(rule, sum(part.rules[index][1] for part in parts)) for index, (rule, _) in enumerate(parts[0].rules)]
    return Checked(
        kept=pa.concat_tables([part.kept for part in parts], promote_options="default"),
        broken=pa.concat_tables([part.broken for part in parts], promote_options="default"),
        read=sum(part.read for part in parts),
        rules=tuple(rules),
        dropped=pa.concat_tables([part.dropped for part in parts], promote_options="default"),
        dropped_by=tuple(names for part in parts for names in part.dropped_by),
    )
