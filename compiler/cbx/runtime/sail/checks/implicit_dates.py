"""Refuses queries in which Sail takes other values for dates, such as ``order_id = order_date``.

Sail compares and unites whole numbers and dates as if a number were a count of days. Spark refuses such a query. The
plan that Sail explains has the casts that Sail has added to those of the query.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from cbx.runtime.sail.refusals import NotOnSailError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pyspark.sql import SparkSession

_HAS_DATES: Final = re.compile(rb"\bdate|_date\b|curdate|last_day|next_day|add_months|\btrunc\b", re.IGNORECASE)
_PLANS: Final = re.compile(
    r"== Parsed Logical Plan ==(?P<parsed>.*)== Analyzed Logical Plan ==(?P<analysed>.*)== Optimized Logical Plan ==",
    re.DOTALL,
)
_CAST: Final = re.compile(r" AS Date32\)")
_OF_LITERAL: Final = re.compile(r'CAST\((?:Large)?Utf8(?:View)?\("[^"]*"\) AS Date32\)')


def check_implicit_dates(spark: SparkSession, plan: Any, parts: Iterable[Any]) -> None:
    """Check that a query casts nothing to dates but what its text says, and literals.

    Args:
        spark: The session of Sail.
        plan: The plan of the query.
        parts: This plan, and those of the views and tables that it reads: without dates in them, Sail is not asked.

    Raises:
        NotOnSailError: If it does.
    """
    if not any(_HAS_DATES.search(part.SerializeToString()) for part in parts):
        return
    client: Any = spark.client
    explained = client._analyze(method="explain", plan=plan, explain_mode="extended").explain_string  # noqa: SLF001 - it has no public name for a message
    match = _PLANS.search(explained)
    if match is None:
        raise NotOnSailError("has dates in a plan that Sail does not explain")
    parsed, analysed = (len(_CAST.findall(_OF_LITERAL.sub("", match[name]))) for name in ("parsed", "analysed"))
    if analysed > parsed:
        raise NotOnSailError("compares or unites dates with values of another type")
