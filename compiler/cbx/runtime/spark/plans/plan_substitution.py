"""Runs a SQL text on DataFrames whose hidden columns stay visible.

A temporary view hides ``_metadata`` of the files that it reads. So the plans of the DataFrames take the place of their
names in the parsed text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyspark.sql import DataFrame

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import SparkSession


def substitute_tables(session: SparkSession, text: str, frames: Mapping[str, DataFrame]) -> DataFrame | None:
    """The rows of a query; None if the session is not in this process, as with Spark Connect.

    Args:
        session: The session.
        text: The query.
        frames: The rows of tables, by the names that the text has for them.
    """
    jvm: Any = getattr(session, "_jvm", None)
    if jvm is None:
        return None
    java: Any = session._jsparkSession  # noqa: SLF001 - plans have no Python face
    parser = java.sessionState().sqlParser()
    plans = jvm.java.util.HashMap()
    for name, frame in frames.items():
        plan: Any = frame
        plans.put(parser.parsePlan(f"TABLE {name}").collectLeaves().apply(0), plan._jdf.queryExecution().analyzed())  # noqa: SLF001 - as above
    # A map is a partial function, and equal names are equal keys.
    replacements = jvm.PythonUtils.toScalaMap(plans)
    parsed = jvm.org.apache.spark.sql.catalyst.analysis.CTESubstitution.apply(parser.parsePlan(text))
    plan = parsed.transformUpWithSubqueries(replacements)
    return DataFrame(jvm.org.apache.spark.sql.classic.Dataset.ofRows(java, plan), session)
