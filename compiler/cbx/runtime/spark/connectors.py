"""Readers of other systems, such as databases: files stand in for their tables, and failures have a way out."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException

from cbx.diagnostics.codes import NOT_SUPPORTED_LOCALLY
from cbx.runtime.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TABLE_OPTIONS: Final = ("dbtable", "table", "collection")
_OF_SPARK: Final = frozenset({"csv", "json", "parquet", "orc", "text", "xml", "avro", "binaryfile", "rate", "socket"})
_NOT_CONNECTED: Final = (
    *("DATA_SOURCE_NOT_FOUND", "Failed to find data source", "Failed to find the data source"),
    *("No suitable driver", "ClassNotFoundException", "Connection refused", "UnknownHostException"),
    *("CommunicationsException", "The connection attempt failed", "UNKNOWN_HOST"),
)


_NAME_IT: Final = "read a table by its name, for which a file can stand in: --table NAME=FILE"


def connected_table(source: str, options: Mapping[str, str]) -> str | None:
    """The table of another system that a reader reads; None for a reader of files, or if no option names one.

    Args:
        source: The format of the reader, in lower case.
        options: The options of the reader.
    """
    given = {name.lower(): value for name, value in options.items()}
    tables = (given[name] for name in _TABLE_OPTIONS if name in given)
    return None if source in _OF_SPARK else next(tables, None)


@contextlib.contextmanager
def explain_connection(source: str, table: str | None) -> Iterator[None]:
    """Raise the failure to connect to another system as an error with a way out.

    Args:
        source: The format of the reader.
        table: The table that it reads, if an option names it.

    Raises:
        RunError: If Spark has no such data source, or it does not answer.
    """
    try:
        yield
    except (PySparkException, Py4JJavaError) as error:
        if source.lower() in _OF_SPARK or not any(sign in str(error) for sign in _NOT_CONNECTED):
            raise
        reason = f"{f'`{table}`' if table else 'a table'} is read from {source}, which is not connected locally"
        hint = f"let a file stand in for it: --table {table}=FILE" if table else _NAME_IT
        raise RunError(NOT_SUPPORTED_LOCALLY, reason, hint=hint) from None
