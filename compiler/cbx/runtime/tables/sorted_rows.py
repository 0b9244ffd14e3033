"""Reads the rows of Parquet files in order, with little memory.

The first rows of a table are found in two passes: the first reads one column, for the greatest value that the rows to
show can have, the second all columns of the rows up to it. All rows are divided by ranges of the first column into
temporary files, which are sorted one after the other.
"""

from __future__ import annotations

import tempfile
from bisect import bisect_left
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final, NamedTuple, Protocol

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
import pyarrow.types as kinds  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_IN_MEMORY: Final = 200_000
"""The most rows that are sorted in memory."""
_MOST_PARTS: Final = 64
_SAMPLE: Final = 100_000
"""About how many values of a column decide where it is divided."""


class RowBatches(Protocol):
    """RowBatches that can be read several times, in batches that fit into memory."""

    @property
    def schema(self) -> pa.Schema:
        """The columns."""

    @property
    def count(self) -> int:
        """How many rows there are."""

    def batches(self, columns: Sequence[str] | None = None, where: pc.Expression | None = None) -> Iterator[pa.Table]:
        """The rows, of all columns or some; without some of those for which a condition on columns is false."""


def sort_keys(schema: pa.Schema) -> list[str]:
    """The columns that order rows, from left to right: all that can be compared."""
    return [column.name for column in schema if _is_sortable(column.type)]


def _is_sortable(kind: pa.DataType) -> bool:
    return not (kinds.is_nested(kind) or kinds.is_null(kind) or kinds.is_binary(kind))


def first_rows_of(rows: RowBatches, limit: int) -> pa.Table:
    """The first rows in order.

    Args:
        rows: The rows.
        limit: How many of them.
    """
    keys = sort_keys(rows.schema)
    where = _up_to(rows, keys[0], limit) if keys and rows.count > limit else None
    first = rows.schema.empty_table()
    for batch in rows.batches(where=where):
        first = _sort(pa.concat_tables([first, batch]), keys).slice(0, limit)
    return first


def _up_to(rows: RowBatches, key: str, limit: int) -> pc.Expression | None:
    """A condition that the first rows in order meet; None if there is none."""
    if kinds.is_boolean(rows.schema.field(key).type):
        return None
    values = rows.schema.field(key).type
    smallest = pa.chunked_array([], values)
    for batch in rows.batches([key]):
        new = batch.column(0)
        if len(smallest) == limit and limit:
            new = new.filter(pc.less(new, smallest[-1]))
        both = pa.chunked_array([*smallest.chunks, *new.chunks], values)
        smallest = both.take(pc.sort_indices(both)).slice(0, limit)
    last = smallest[-1] if len(smallest) else pa.scalar(None, values)
    is_number = last.is_valid and not (kinds.is_floating(values) and pc.is_nan(last).as_py())
    return pc.field(key) <= last if is_number else None


def all_rows_of(rows: RowBatches, most: int = _IN_MEMORY) -> Iterator[pa.Table]:
    """All rows in order, in batches. When this returns, they have been read, to memory or to temporary files.

    Args:
        rows: The rows.
        most: The most rows that are sorted in memory.
    """
    return _sorted_parts(rows, sort_keys(rows.schema), most)


def _sorted_parts(rows: RowBatches, keys: Sequence[str], most: int) -> Iterator[pa.Table]:
    if rows.count <= most:
        return iter([_sort(pa.concat_tables([rows.schema.empty_table(), *rows.batches()]), keys)])
    if not keys:
        (whole,) = _divide(rows, (), ())
        return whole.batches()
    bounds = _bounds(rows, keys[0], min(rows.count // most + 1, _MOST_PARTS))
    constant = {place for place, bound in enumerate(bounds, start=1) if bound.is_one_value}
    parts = _divide(rows, keys, bounds)
    ordered_by = ((part, keys[1:] if place in constant else keys) for place, part in enumerate(parts))
    return (batch for part, others in ordered_by for batch in _sorted_parts(part, others, most))


class _Bound(NamedTuple):
    """Where one part of the rows ends and the next begins.

    Attributes:
        value: The least value of the next part; for NULL and NaN, one of them.
        is_after: Whether the rows with the value itself belong to the part before.
        is_one_value: Whether all rows of the next part have the value.
    """

    value: pa.Scalar
    is_after: bool = False
    is_one_value: bool = False


def _bounds(rows: RowBatches, key: str, parts: int) -> list[_Bound]:
    """How to divide rows into parts of about equal size; the rows with a frequent value are a part of their own."""
    step = max(rows.count // _SAMPLE, 1)
    kind = rows.schema.field(key).type
    chunks = []
    for batch in rows.batches([key]):
        values = batch.column(0)
        chunks += values.take(pa.array(range(0, len(values), step), pa.int64())).chunks
    sample = pa.chunked_array(chunks, kind)
    sample = sample.take(pc.sort_indices(sample))
    chosen = [sample[len(sample) * part // parts] for part in range(parts)]
    bounds: list[_Bound] = []
    for value, following in zip(chosen, [*chosen[1:], None], strict=True):
        if following is not None and _is_same(value, following):
            if not (bounds and _is_same(bounds[-1].value, value)):
                bounds += [_Bound(value, is_one_value=True), _Bound(value, is_after=True)]
        elif not (bounds and _is_same(bounds[-1].value, value)):
            bounds.append(_Bound(value))
    return bounds


def _is_same(value: pa.Scalar, other: pa.Scalar) -> bool:
    if not (value.is_valid and other.is_valid):
        return bool(value.is_valid == other.is_valid)
    return bool(value == other) or (_is_nan(value) and _is_nan(other))


def _is_nan(value: pa.Scalar) -> bool:
    return bool(value.is_valid and kinds.is_floating(value.type) and pc.is_nan(value).as_py())


def _divide(rows: RowBatches, keys: Sequence[str], bounds: Sequence[_Bound]) -> list[_SpilledRows]:
    """Write rows to temporary files: one before the first bound, and one after each bound."""
    parts = [_SpilledRows(rows.schema) for _ in range(len(bounds) + 1)]
    for batch in rows.batches():
        ordered = _sort(batch, keys)
        cuts = _cuts(ordered.column(keys[0]), bounds) if bounds else []
        for part, start, end in zip(parts, [0, *cuts], [*cuts, ordered.num_rows], strict=True):
            part.write(ordered.slice(start, end - start))
    for part in parts:
        part.finish()
    return parts


def _cuts(values: pa.ChunkedArray, bounds: Sequence[_Bound]) -> list[int]:
    """How many of some sorted values are before each bound."""
    values = values.combine_chunks()
    not_null = len(values) - values.null_count
    nans = pc.sum(pc.is_nan(values)).as_py() or 0 if kinds.is_floating(values.type) else 0
    cuts = []
    for bound in bounds:
        if not bound.value.is_valid:
            cuts.append(len(values) if bound.is_after else not_null)
        elif _is_nan(bound.value):
            cuts.append(not_null if bound.is_after else not_null - nans)
        else:
            before = pc.less_equal if bound.is_after else pc.less
            cuts.append(
                bisect_left(range(not_null - nans), 1, key=lambda at: not before(values[at], bound.value).as_py())
            )
    return cuts


@dataclass(slots=True)
class _SpilledRows:
    """RowBatches in a temporary file, which is removed when nothing uses it any more."""

    schema: pa.Schema
    count: int = 0
    _file: IO[bytes] | None = None
    _writer: pa.ipc.RecordBatchStreamWriter | None = None

    def __del__(self) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, rows: pa.Table) -> None:
        """Add rows."""
        if rows.num_rows:
            if self._writer is None:
                self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it is closed with this object
                self._writer = pa.ipc.new_stream(self._file, self.schema)
            self._writer.write_table(rows)
            self.count += rows.num_rows

    def finish(self) -> None:
        """End the file."""
        if self._writer is not None:
            self._writer.close()

    def batches(self, columns: Sequence[str] | None = None, where: pc.Expression | None = None) -> Iterator[pa.Table]:  # noqa: ARG002 - as `RowBatches` declares it
        """The rows, as `RowBatches` describes it."""
        if self._file is None:
            return
        self._file.seek(0)
        for batch in pa.ipc.open_stream(self._file):
            table = pa.Table.from_batches([batch])
            yield table if columns is None else table.select(columns)


def _sort(rows: pa.Table, keys: Sequence[str]) -> pa.Table:
    return rows.sort_by([(key, "ascending") for key in keys]) if keys and rows.num_rows else rows
