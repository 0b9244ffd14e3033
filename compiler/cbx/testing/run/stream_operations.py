"""Operations of streams, applied to the rows of a test.

A watermark drops rows that are too late for the state of a stream. The rows of a test arrive together, so none is late:
a watermark keeps all of them, and duplicates within the watermark are all duplicates.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pyspark.errors import AnalysisException
from pyspark.sql.types import TimestampNTZType, TimestampType

from cbx.runtime.spark.replace_attributes import replace_attributes
from cbx.testing.errors import UnsupportedByEngine

if TYPE_CHECKING:
    from cbx.testing.run.given_tables import GivenTables

_TIMES = (TimestampType, TimestampNTZType)


@contextlib.contextmanager
def allow_stream_operations(model: str, given: GivenTables, *, is_sail: bool) -> Iterator[None]:
    """Let DataFrames have a watermark, and drop duplicates within it, while the context lasts.

    Args:
        model: The model that is tested.
        given: The rows of its inputs.
        is_sail: Whether the DataFrames are those of Spark Connect.
    """
    if is_sail:
        from pyspark.sql.connect.dataframe import DataFrame as Frame
    else:
        from pyspark.sql.classic.dataframe import DataFrame as Frame  # type: ignore[assignment] # the other class

    def watermark(frame: Any, eventTime: str, delayThreshold: str) -> Any:  # noqa: N803 - Spark's own names
        _check_time(frame, eventTime)
        _check_delay(delayThreshold)
        return frame

    def drop_duplicates(frame: Any, subset: list[str] | None = None) -> Any:
        if given.batch_count > 1:
            reason = "duplicates within a watermark depend on which batch a row is in; give one batch of rows"
            raise UnsupportedByEngine(f"`{model}`: {reason}, or run it with `cbx run`")
        return frame.dropDuplicates(subset)

    with replace_attributes(Frame, {"withWatermark": watermark, "dropDuplicatesWithinWatermark": drop_duplicates}):
        yield


def _check_time(frame: Any, name: str) -> None:
    """Refuse a column that is not a timestamp, as a stream does."""
    data_type = frame.select(name).schema[0].dataType
    if not isinstance(data_type, _TIMES):
        kind = data_type.simpleString().upper()
        raise AnalysisException(f"The event time `{name}` of a watermark must be a TIMESTAMP, not {kind}.")


def _check_delay(delay: str) -> None:
    """Refuse a text that is not an interval, as a stream does."""
    words = str(delay).lower().removeprefix("interval").split()
    is_interval = len(words) > 1 and len(words) % 2 == 0 and all(_is_number(word) for word in words[::2])
    if not is_interval or not all(word.rstrip("s") in _UNITS for word in words[1::2]):
        raise AnalysisException(f"The delay `{delay}` of a watermark is not an interval such as `10 minutes`.")


_UNITS = frozenset({"microsecond", "millisecond", "second", "minute", "hour", "day", "week", "month", "year"})


def _is_number(word: str) -> bool:
    return word.lstrip("-+").replace(".", "", 1).isdigit()
