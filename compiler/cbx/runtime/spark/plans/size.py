"""The size of the rows of a query, as Spark estimates it from the files that it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_UNKNOWN: Final = 1 << 60
"""Where Spark knows nothing, it takes the greatest number."""


def estimate_size(rows: DataFrame, query: DataFrame) -> int | None:
    """About how many bytes some rows have; None if Spark has no good estimate.

    Spark multiplies the sizes of both sides of a join, which may be far from the truth.

    Args:
        rows: The rows: those of the query, or of a micro-batch of it.
        query: The query.
    """
    plan: Any = query._jdf.queryExecution().analyzed()  # noqa: SLF001 - plans have no Python face
    patterns: Any = query.sparkSession._jvm.org.apache.spark.sql.catalyst.trees.TreePattern  # type: ignore[union-attr]  # noqa: SLF001 - as above
    if plan.containsPattern(patterns.JOIN()):
        return None
    optimised: Any = rows._jdf.queryExecution().optimizedPlan()  # noqa: SLF001 - as above
    size = int(optimised.stats().sizeInBytes())
    return size if size < _UNKNOWN else None
