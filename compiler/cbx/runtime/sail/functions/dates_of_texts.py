"""Casts of texts to dates, of which Sail reads fewer than Spark: those with a time after `T`, or with spaces around.

Spark reads ``2026-01-31T12:00`` and `` 2026-01-31 `` as dates. So the text is replaced by its part that is a date.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Final

from pyspark.sql import functions as F  # noqa: N812 - the idiom of its documentation
from pyspark.sql.connect.column import Column as ConnectColumn
from pyspark.sql.types import DateType
from sqlglot import exp

from cbx.parse.databricks_sql.dialect import DIALECT
from cbx.runtime.spark.replace_attributes import replace_attributes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATTERN: Final = "(?s)^[[:cntrl:] ]*(?:([^ T]+-[^ T]+-[0-9]{1,2})[ T].*|(.*?))[[:cntrl:] ]*$"
"""A date with a time, or anything, without the spaces around."""
_PARTS: Final = "$1$2"


@contextlib.contextmanager
def cast_texts_to_dates() -> Iterator[None]:
    """Let columns be cast to dates as Spark does while the context lasts."""

    def wrap(plain: Callable[..., Any]) -> Callable[..., Any]:
        def cast_text(column: ConnectColumn, dataType: Any) -> Any:  # noqa: N803 - Spark's own name
            is_date = isinstance(dataType, DateType) or str(dataType).strip().lower() == "date"
            text = F.regexp_replace(plain_cast(column, "string"), PATTERN, _PARTS) if is_date else column
            return plain(text, dataType)

        return cast_text

    plain_cast: Callable[..., Any] = ConnectColumn.cast
    casts = {
        "cast": wrap(ConnectColumn.cast),
        "astype": wrap(ConnectColumn.cast),
        "try_cast": wrap(ConnectColumn.try_cast),
    }
    with replace_attributes(ConnectColumn, casts):
        yield


def cast_sql_texts_to_dates(tree: exp.Expr) -> None:
    """Do the same in a query; literals of dates are left as they are."""
    for node in list(tree.find_all(exp.Cast)):
        if node.to.this is not exp.DataType.Type.DATE or isinstance(node.this, exp.Literal):
            continue
        text = exp.cast(node.this.copy(), "string", dialect=DIALECT)
        parts = (exp.Literal.string(PATTERN), exp.Literal.string(_PARTS))
        node.set("this", exp.Anonymous(this="regexp_replace", expressions=[text, *parts]))
