"""Readers of other systems, such as databases: files stand in for their tables, and failures have a way out."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException

from cbx.declare.outside_systems import STREAMING_SERVICES, TABLE_OPTIONS
from cbx.diagnostics.codes import NOT_SUPPORTED_LOCALLY
from cbx.runtime.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_OF_SPARK: Final = frozenset({"csv", "json", "parquet", "orc", "text", "xml", "avro", "binaryfile", "rate", "socket"})
_ELSEWHERE: Final = frozenset({"delta", *STREAMING_SERVICES})
"""The formats for which other files stand in."""
_NOT_CONNECTED: Final = (
    *("DATA_SOURCE_NOT_FOUND", "Failed to find data source", "Failed to find the data source"),
    *("No suitable driver", "ClassNotFoundException", "Connection refused", "UnknownHostException"),
    *("CommunicationsException", "The connection attempt failed", "UNKNOWN_HOST"),
)


def connected_table(source: str, options: Mapping[str, str]) -> str | None:
    """The table of another system that a reader reads, or the format if no option names one; None for others.

    Args:
        source: The format of the reader, in lower case.
        options: The options of the reader.
    """
    given = {name.lower(): value for name, value in options.items()}
    tables = (given[name] for name in TABLE_OPTIONS if name in given)
    return None if source in _OF_SPARK | _ELSEWHERE else next(tables, source)


@contextlib.contextmanager
def explain_connection(source: str, table: str | None) -> Iterator[None]:
    """Raise the failure to connect to another system as an error with a way out.

    Args:
        source: The format of the reader.
        table: The table that it reads, or the format if no option names it; None for a stream.

    Raises:
        RunError: If Spark has no such data source, or it does not answer.
    """
    try:
        yield
    except (PySparkException, Py4JJavaError) as error:
        if source.lower() in _OF_SPARK or not any(sign in str(error) for sign in _NOT_CONNECTED):
            raise
        what = "a table" if table in {None, source.lower()} else f"`{table}`"
        reason = f"{what} is read from {source}, which is not connected locally"
        by_stream = f"let a folder of messages stand in for it: --stream {source}=DIR"
        hint = f"let a file stand in for it: --table {table}=FILE" if table else by_stream
        raise RunError(NOT_SUPPORTED_LOCALLY, reason, hint=hint) from None
