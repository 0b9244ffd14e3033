"""The values that Spark observed while it ran a query.

Spark sets the values of an ``Observation`` before the action of its query returns. If there are none, the executed
query did not need the observed rows, for example because the other side of a join was empty. For a view this means that
no row was read. For written rows, the rows are checked again: if there are some but no count, the update fails.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from py4j.protocol import Py4JJavaError

from cbx.diagnostics.codes import QUERY_FAILED
from cbx.runtime.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import DataFrame, Observation


def read_write_observation(rows: DataFrame, observation: Observation) -> Mapping[str, int]:
    """The observed values of a completed write.

    Args:
        rows: The observed rows; read again only if Spark observed no values.
        observation: The observation.

    Returns:
        The values by name; nothing if there was no row.

    Raises:
        RunError: If there are rows but no values.
    """
    metrics = read_observation(observation)
    if not metrics and not rows.isEmpty():
        raise _missing_counts("the count was removed from the query")
    return metrics


def read_observation(observation: Observation) -> Mapping[str, int]:
    """The observed values of a completed query; empty if it did not need the rows.

    Raises:
        RunError: If Spark failed to return them.
    """
    java: Any = observation._jo  # noqa: SLF001 - Python has no method that does not wait
    if not java.future().isCompleted():
        return {}
    try:
        row = java.future().value().get().get()
        return {} if row.schema() is None else observation.get
    except Py4JJavaError as error:
        raise _missing_counts(str(error.java_exception)) from error


def _missing_counts(reason: str) -> RunError:
    return RunError(
        QUERY_FAILED,
        f"Spark returned no counts of rows and violations: {reason}",
        hint="the table was not changed; run again",
    )
