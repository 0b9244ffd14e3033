"""Functions in Python that take the place of Sail's own; they take and return columns of Arrow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa  # type: ignore[import-untyped]
from pyspark.sql.pandas.functions import arrow_udf

if TYPE_CHECKING:
    from pyspark.sql import SparkSession
    from pyspark.sql.types import DataType

OWN: Final = "__cbx_"
"""The start of the names of these functions."""

ArrowFunction = Callable[[pa.Array], pa.Array]


def make_udf(name: str, function: ArrowFunction, kind: DataType) -> Any:
    """A function for queries.

    Args:
        name: Its name.
        function: What it does with the values of its argument.
        kind: The type of its result.
    """

    def call(values: pa.Array) -> pa.Array:
        return function(values)

    call.__name__ = name
    return arrow_udf(call, kind)  # type: ignore[call-overload] # the hints of `call` say the kind of the function


@dataclass(slots=True)
class OwnFunctions:
    """The functions that SQL texts of a session can call by name.

    Attributes:
        spark: The session.
    """

    spark: SparkSession
    _registered: set[str] = field(default_factory=set)

    def register(self, name: str, function: ArrowFunction, kind: DataType) -> str:
        """Let SQL texts call a function by its name, which is returned."""
        if name not in self._registered:
            self.spark.udf.register(name, make_udf(name, function, kind))
            self._registered.add(name)
        return name
