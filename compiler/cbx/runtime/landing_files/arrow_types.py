"""Spark's types as Arrow's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql.pandas.types import to_arrow_type

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]
    from pyspark.sql.types import DataType


def arrow_type(kind: DataType) -> pa.DataType:
    """The Arrow type of the values of a column.

    Raises:
        PySparkTypeError: There is none.
    """
    return to_arrow_type(kind, timezone="UTC")
