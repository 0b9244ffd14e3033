"""Rows of Arrow in which ``mark_violations`` has marked the rows that meet expectations."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, NamedTuple

import pyarrow.compute as pc  # type: ignore[import-untyped]

from cbx.runtime.flows.expectations import ROWS_DROPPED, ROWS_READ

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Sequence

    import pyarrow as pa

    from cbx.runtime.definitions import DatasetExpectation, OnViolation


class MarkedRows(NamedTuple):
    """Rows with their marks.

    Attributes:
        rows: The rows.
        marks: A column of booleans per rule: whether each row meets it.
        rules: The rules.
    """

    rows: pa.Table
    marks: tuple[pa.ChunkedArray, ...]
    rules: Sequence[DatasetExpectation]

    @classmethod
    def split(cls, batch: pa.Table, rules: Sequence[DatasetExpectation]) -> MarkedRows:
        """Separate the marks, which are the last columns, in the order of the rules."""
        width = batch.num_columns - len(rules)
        return cls(batch.select(range(width)), tuple(batch.columns[width:]), rules)

    def violation_counts(self) -> tuple[int, ...]:
        """The number of rows that violate each rule."""
        return tuple(len(mark) - (pc.sum(mark).as_py() or 0) for mark in self.marks)

    def meets(self, on_violation: OnViolation) -> pa.ChunkedArray | None:
        """Whether each row meets all rules of a kind; None without such rules."""
        marks = [mark for mark, rule in zip(self.marks, self.rules, strict=True) if rule.on_violation == on_violation]
        return reduce(pc.and_, marks) if marks else None


def count_and_drop(batch: pa.Table, rules: Sequence[DatasetExpectation], counts: Counter[str]) -> pa.Table:
    """Count the violations in marked rows, and drop rows.

    Args:
        batch: The marked rows.
        rules: The rules, in the order of the marks.
        counts: The counts so far, with the names of the metrics of Spark.

    Returns:
        The rows that no rule drops, without the marks.
    """
    marked = MarkedRows.split(batch, rules)
    kept = marked.meets("drop")
    rows = marked.rows if kept is None else marked.rows.filter(kept)
    counts[ROWS_READ] += batch.num_rows
    counts[ROWS_DROPPED] += batch.num_rows - rows.num_rows
    counts.update({f"failed_{index}": failed for index, failed in enumerate(marked.violation_counts())})
    return rows
