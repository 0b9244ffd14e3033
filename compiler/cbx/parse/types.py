"""SQL types in one spelling, so that ``LONG`` and ``BIGINT`` compare as equal."""

from __future__ import annotations

from functools import lru_cache

from cbx.parse.dialect import read_type, write_sql
from cbx.parse.nesting import obstacle


@lru_cache(maxsize=4096)
def normal_type(written: str) -> str | None:
    """The type as Databricks spells it; None for what is not a type.

    Example:
        ``long`` becomes ``BIGINT``, ``Varchar(10)`` becomes ``STRING``.
    """
    from sqlglot import errors, exp

    if obstacle(written):
        return None
    try:
        parsed = read_type(written)
    except (errors.SqlglotError, RecursionError):
        return None
    if not isinstance(parsed, exp.DataType) or any(
        one.this is exp.DataType.Type.USERDEFINED for one in parsed.find_all(exp.DataType)
    ):
        return None
    text = write_sql(parsed)
    return "STRING" if text.startswith(("VARCHAR", "CHAR", "TEXT")) else text
