"""Runs queries on Sail, which parses less than Spark: rewritten where that helps, skipped where it does not."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pyspark.errors import PySparkException

from cbx.runtime.sail.functions.dates_of_texts import cast_texts_to_dates
from cbx.runtime.sail.functions.json_functions import JsonFunctions
from cbx.runtime.sail.functions.own_functions import OwnFunctions
from cbx.runtime.sail.functions.sail_sql import QUALIFIED, is_valid_sql, rewrite_for_sail
from cbx.runtime.sail.refusals import NotOnSailError
from cbx.runtime.spark.replace_attributes import replace_attributes

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_SYNTAX_ERROR = re.compile(r"invalid argument: found .* at \d+:\d+ expected", re.DOTALL)
"""Sail's message for a query that it does not parse."""


@contextlib.contextmanager
def rewrite_queries_for_sail(spark: SparkSession) -> Iterator[None]:
    """Let queries be rewritten for Sail while the context lasts: the texts of ``spark.sql``, casts and functions.

    Within it ``spark.sql`` raises `NotOnSailError` for a valid query that Sail does not parse.
    """
    owner = type(spark)
    plain_sql, json_functions = owner.sql, JsonFunctions(OwnFunctions(spark))

    def sql(session: Any, sqlQuery: str, *args: Any, **kwargs: Any) -> Any:  # noqa: N803 - Spark's own name
        text = json_functions.rewrite(rewrite_for_sail(sqlQuery))
        try:
            frame = plain_sql(session, text, *args, **kwargs)
            if QUALIFIED in text:
                frame = frame.drop(*(name for name in frame.columns if name.startswith(QUALIFIED)))
        except PySparkException as error:
            if _SYNTAX_ERROR.search(str(error)) and is_valid_sql(sqlQuery):
                reason = next(iter(str(error).splitlines()), "").partition(" expected ")[0]
                raise NotOnSailError(f"has a query that Sail does not parse: {reason}") from None
            raise
        return frame

    with replace_attributes(owner, {"sql": sql}), json_functions.replace(), cast_texts_to_dates():
        yield
