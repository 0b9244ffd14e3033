"""What Spark counted on the way, or the certainty that there was nothing to count.

Spark tells an ``Observation`` its values before the action of its query returns. One without values belongs to rows
that the query, as it was executed, had no need of: a join found the other side empty, say. For a view that means that
none of its rows came through. Rows that were written are looked at again: where there are some and no count, the
update fails, since no answer is no count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from py4j.protocol import Py4JJavaError

from cbx.runtime.problems import RunError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import DataFrame, Observation


def read_write_observation(rows: DataFrame, observation: Observation) -> Mapping[str, int]:
    """What was observed of all rows of a write that has ended.

    Args:
        rows: The rows as they were observed; looked at again only where Spark observed none.
        observation: The observation.

    Returns:
        The values by name; nothing if there was no row.

    Raises:
        RunError: If it cannot be told.
    """
    metrics = read_observation(observation)
    if not metrics and not rows.isEmpty():
        raise _missing_counts("it left the count out of the query")
    return metrics


def read_observation(observation: Observation) -> Mapping[str, int]:
    """What was observed by a query that has ended; nothing if the query as it was executed had no need of the rows.

    Raises:
        RunError: If Spark could not tell.
    """
    java: Any = observation._jo  # noqa: SLF001 - Python has no way to ask without waiting
    if not java.future().isCompleted():
        return {}
    try:
        row = java.future().value().get().get()
        return {} if row.schema() is None else observation.get
    except Py4JJavaError as error:
        raise _missing_counts(str(error.java_exception)) from error


def _missing_counts(reason: str) -> RunError:
    return RunError(
        f"Spark did not say how many rows there were and which rules they broke: {reason}",
        hint="the table is as it was; run again",
    )
