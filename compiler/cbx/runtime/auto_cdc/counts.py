"""The counts of rows that an update wrote and deleted, observed while the new state is written.

`num_upserted_rows` are the rows of the target that this batch added or replaced. An exact replay is not counted,
nor is a change that is older than the row; a replacement by equal values is counted.
`num_deleted_rows` are the rows that the batch removed from the target. A row of a type 2 target is identified by
its key and its start, so closing one is a replacement, and only late changes can remove one.
"""

from collections.abc import Callable
from typing import Final

from pyspark.sql import DataFrame, Observation
from pyspark.sql import functions as F  # noqa: N812 # the alias that Spark's documentation uses

from cbx.runtime.auto_cdc.columns import HIDDEN, column

UPSERTED = HIDDEN + "upserted"
REMOVED = HIDDEN + "removed"


MERGE_COUNTS: Final = {"num_upserted_rows": UPSERTED, "num_deleted_rows": REMOVED}
"""The counts by their names, each with the column that marks the rows that it counts."""

CountRows = Callable[[DataFrame], DataFrame]
"""Counts the rows with marks, and returns them."""


def observe_counts(counts: Observation) -> CountRows:
    """Count when the rows are computed, without a separate job."""
    return lambda rows: rows.observe(
        counts, *(F.count_if(column(mark)).alias(name) for name, mark in MERGE_COUNTS.items())
    )
