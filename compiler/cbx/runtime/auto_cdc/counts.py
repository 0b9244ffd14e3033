"""The counts of rows that an update wrote and deleted, observed while the new state is written.

`num_upserted_rows` are the rows of the target that this batch added or replaced. An exact replay is not counted,
nor is a change that is older than the row; a replacement by equal values is counted.
`num_deleted_rows` are the rows that the batch removed from the target. A row of a type 2 target is identified by
its key and its start, so closing one is a replacement, and only late changes can remove one.
"""

from pyspark.sql import DataFrame, Observation
from pyspark.sql import functions as F  # noqa: N812 # the alias that Spark's documentation uses

from cbx.runtime.auto_cdc.columns import HIDDEN, column

UPSERTED = HIDDEN + "upserted"
REMOVED = HIDDEN + "removed"


def observe_counts(rows: DataFrame, counts: Observation | None) -> DataFrame:
    """Observe `UPSERTED` and `REMOVED` when the rows are computed, without a separate job."""
    if counts is None:
        return rows
    return rows.observe(
        counts,
        F.count_if(column(UPSERTED)).alias("num_upserted_rows"),
        F.count_if(column(REMOVED)).alias("num_deleted_rows"),
    )
