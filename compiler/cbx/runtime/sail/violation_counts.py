"""Counts the violations of expectations in rows of Arrow, and drops the rows that violate them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pyarrow.compute as pc  # type: ignore[import-untyped]

from cbx.runtime.flows.expectations import ROWS_DROPPED, ROWS_READ

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from cbx.runtime.definitions import DatasetExpectation


def count_and_drop(batch: pa.Table, rules: Sequence[DatasetExpectation], counts: Counter[str]) -> pa.Table:
    """Count the violations in marked rows, and drop rows.

    Args:
        batch: The rows, as `mark_violations` marks them: the last columns are booleans, one per rule.
        rules: The rules, in the order of these columns.
        counts: The counts so far, with the names of the metrics of Spark.

    Returns:
        The rows that no rule drops, without the marks.
    """
    width = batch.num_columns - len(rules)
    rows, kept = batch.select(range(width)), None
    counts[ROWS_READ] += batch.num_rows
    for index, rule in enumerate(rules):
        mark = batch.column(width + index)
        counts[f"failed_{index}"] += batch.num_rows - (pc.sum(mark).as_py() or 0)
        if rule.on_violation == "drop":
            kept = mark if kept is None else pc.and_(kept, mark)
    if kept is None:
        return rows
    rows = rows.filter(kept)
    counts[ROWS_DROPPED] += batch.num_rows - rows.num_rows
    return rows
