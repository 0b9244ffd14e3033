"""Answers what the code of a model reads: with the rows that a test gave, and with nothing else.

The ways to read a table are replaced on the session's class while a model's code runs, as in a local run: code
reaches the session as ``spark``, through ``SparkSession.getActiveSession()`` or through a frame. There are no streams
here: what is new in a stream is what was given.
"""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pyspark.errors import PySparkException

from cbx.runtime.names import DatasetName, InvalidNameError
from cbx.runtime.sql.table_names import rewrite_table_names
from cbx.testing.errors import UnsupportedByEngine
from cbx.testing.run.replace_attributes import replaced
from cbx.testing.run.sail_sql import KEPT, for_sail, is_valid_sql

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from cbx.testing.run.given_tables import Answers

AUTO_LOADER = "cloudfiles"
_SYNTAX = re.compile(r"invalid argument: found .* at \d+:\d+ expected", re.DOTALL)
"""How Sail says that it does not parse a query."""

_numbers = itertools.count(1)


@contextlib.contextmanager
def answered(spark: SparkSession, rows: Answers, *, is_sail: bool) -> Iterator[None]:
    """Let the given rows answer for tables and folders while the context lasts."""
    owner = type(spark)
    plain_read, plain_stream = owner.__dict__["read"], owner.__dict__["readStream"]
    plain_table, plain_sql = owner.table, owner.sql

    def table(session: Any, tableName: str) -> Any:  # noqa: N803 - Spark's own name
        found = _table(rows, tableName)
        return plain_table(session, tableName) if found is None else found

    def sql(session: Any, sqlQuery: str, *args: Any, **kwargs: Any) -> Any:  # noqa: N803 - as above
        text = rewrite_table_names(sqlQuery, lambda name, _: _view(rows, name))
        if not is_sail:
            return plain_sql(session, text, *args, **kwargs)
        text = for_sail(text)
        try:
            frame = plain_sql(session, text, *args, **kwargs)
            return frame.drop(*(one for one in frame.columns if one.startswith(KEPT))) if KEPT in text else frame
        except PySparkException as error:
            if _SYNTAX.search(str(error)) and is_valid_sql(sqlQuery):
                reason = next(iter(str(error).splitlines()), "").partition(" expected ")[0]
                raise UnsupportedByEngine(f"Sail does not parse this query: {reason}") from None
            raise

    replacements: dict[str, Any] = {
        "table": table,
        "sql": sql,
        "read": property(lambda session: _Reader(plain_read.__get__(session), rows)),
        "readStream": property(lambda session: _Reader(plain_stream.__get__(session), rows)),
    }
    with replaced(owner, replacements):
        yield


class _Reader:
    """``spark.read`` and ``spark.readStream``, which remember what they were told."""

    def __init__(self, plain: Any, rows: Answers) -> None:
        self._plain = plain
        self._rows = rows
        self._source = ""

    def format(self, source: str) -> _Reader:
        self._source = source.lower()
        if self._source != AUTO_LOADER:
            self._plain.format(source)
        return self

    def schema(self, schema: Any) -> _Reader:
        self._plain.schema(schema)
        return self

    def option(self, key: str, value: Any) -> _Reader:
        self._plain.option(key, value)
        return self

    def options(self, **options: Any) -> _Reader:
        self._plain.options(**options)
        return self

    def load(self, path: Any = None, format: str | None = None, **options: Any) -> Any:  # noqa: A002 - Spark's own name
        if (format or self._source).lower() == AUTO_LOADER:
            return self._rows.folder(str(path))
        return self._plain.load(path, format, **options)

    def table(self, tableName: str) -> Any:  # noqa: N803 - as above
        found = _table(self._rows, tableName)
        return self._plain.table(tableName) if found is None else found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plain, name)


def _table(rows: Answers, text: str) -> DataFrame | None:
    try:
        name = DatasetName.parse(text)
    except InvalidNameError:
        return None
    return rows.table(name)


def _view(rows: Answers, name: DatasetName) -> str | None:
    """A temporary view of a table, to stand in a SQL text; None if the name is not ours."""
    frame = rows.table(name)
    if frame is None:
        return None
    view = f"__cbx_given_{next(_numbers)}"
    frame.createOrReplaceTempView(view)
    return view
