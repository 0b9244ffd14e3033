"""Settings of Spark that Sail does not follow: a pipeline that has one runs on Spark."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from pyspark.sql.connect.conf import RuntimeConf
from pyspark.sql.connect.session import SparkSession as ConnectSession

from cbx.runtime.errors import RunError
from cbx.runtime.sail.refusals import NotOnSailError
from cbx.runtime.spark.replace_attributes import replace_attributes
from cbx.runtime.sql.tokens import read_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pyspark.sql import DataFrame

ALWAYS: Final = {"spark.sql.session.timeZone": "UTC", "spark.sql.ansi.enabled": "true"}
"""The settings of each session, as on Databricks."""
_OF_SPARK: Final = "spark."
_OF_QUERIES: Final = "spark.sql."
_ABOUT_SPEED: Final = (
    "spark.sql.adaptive.",
    "spark.sql.autoBroadcastJoinThreshold",
    "spark.sql.files.maxPartitionBytes",
    "spark.sql.shuffle.partitions",
    "spark.databricks.delta.",
)
"""Settings with which queries have the same rows."""
_QUERIES: Final = frozenset({"SELECT", "WITH", "VALUES", "FROM", "TABLE", "("})
"""How a text begins that only reads."""


def unsupported_setting(settings: Mapping[str, str]) -> str | None:
    """The first setting that may change the rows of queries; None if there is none.

    Args:
        settings: Settings of a session or of a pipeline, which may have variables of the user, too.
    """
    return next((name for name, value in settings.items() if not _is_followed(name, value)), None)


def unsupported_query_setting(settings: Mapping[str, str]) -> str | None:
    """The same for settings with which Spark starts, most of which are about its machine."""
    return unsupported_setting({name: value for name, value in settings.items() if name.startswith(_OF_QUERIES)})


def _is_followed(name: str, value: str) -> bool:
    is_same = name in ALWAYS and value == ALWAYS[name]
    return is_same or not name.startswith(_OF_SPARK) or name.startswith(_ABOUT_SPEED)


def _statement(text: str) -> str | None:
    """The first word of a SQL text that may do more than read; None for a query, and for a text that is wrong."""
    try:
        words = read_words(text).words
    except RunError:
        return None
    return words[0].text.upper() if words and words[0].text.upper() not in _QUERIES else None


@contextmanager
def notice_session_changes(report: Callable[[str], None]) -> Iterator[None]:
    """Notice what notebooks change in their session while the context lasts.

    Args:
        report: Receives what a notebook does that Sail does not do as Spark does, as the end of a sentence.
    """
    plain_set, plain_unset, plain_sql = RuntimeConf.set, RuntimeConf.unset, ConnectSession.sql

    def set_value(conf: RuntimeConf, key: str, value: str | int | bool) -> None:  # noqa: FBT001 - as PySpark has it
        text = str(value).lower() if isinstance(value, bool) else str(value)
        if not _is_followed(key, text):
            report(f"sets `{key}`")
        plain_set(conf, key, value)

    def unset(conf: RuntimeConf, key: str) -> None:
        if not _is_followed(key, ""):
            report(f"unsets `{key}`")
        plain_unset(conf, key)

    def sql(session: ConnectSession, sqlQuery: str, *arguments: Any, **named: Any) -> DataFrame:  # noqa: N803 - as above
        statement = _statement(sqlQuery)
        if statement is not None:
            report(f"runs the statement `{statement}`")
            raise NotOnSailError(f"runs the statement `{statement}`")
        return plain_sql(session, sqlQuery, *arguments, **named)

    with (
        replace_attributes(RuntimeConf, {"set": set_value, "unset": unset}),
        replace_attributes(ConnectSession, {"sql": sql}),
    ):
        yield
