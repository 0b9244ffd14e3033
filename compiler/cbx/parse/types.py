"""SQL types in one spelling, so that ``LONG`` and ``BIGINT`` compare as equal."""

from __future__ import annotations

from functools import lru_cache

from cbx.parse.nesting import obstacle


@lru_cache(maxsize=4096)
def normal_type(written: str) -> str | None:
    """The type as Databricks spells it; None for what is not a type.

    Example:
        ``long`` becomes ``BIGINT``, ``Varchar(10)`` becomes ``STRING``.
    """
    import sqlglot
    from sqlglot import exp

    if obstacle(written):
        return None
    try:
        parsed: object = sqlglot.parse_one(written, into=exp.DataType, dialect="databricks")
    except (sqlglot.errors.SqlglotError, RecursionError):
        return None
    if not isinstance(parsed, exp.DataType) or any(
        one.this is exp.DataType.Type.USERDEFINED for one in parsed.find_all(exp.DataType)
    ):
        return None
    text = parsed.sql(dialect="databricks")
    return "STRING" if text.startswith(("VARCHAR", "CHAR", "TEXT")) else text
