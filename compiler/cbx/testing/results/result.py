"""The result of a model: its rows, and the counts of its expectations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cbx.diagnostics.diagnostic import did_you_mean, listing
from cbx.testing.errors import ModelTestError, report_at_test_line

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType


class RowList(list[Any]):
    """Rows as tuples. A table has no order, so these equal any list of the same rows, however it is ordered.

    Attributes:
        table: The name of the table.
        columns: The columns of the tuples.
        key: The columns that identify a row; empty if not all of them are in ``columns``.
        dropped: Rows that were dropped, with the names of the expectations that they broke.
    """

    def __init__(
        self,
        rows: Sequence[tuple[Any, ...]],
        table: str,
        columns: Sequence[str],
        key: Sequence[str],
        dropped: Sequence[tuple[tuple[Any, ...], tuple[str, ...]]] = (),
    ) -> None:
        super().__init__(rows)
        self.dropped = tuple(dropped)
        self.table = table
        self.columns = tuple(columns)
        self.key = tuple(key) if set(key) <= set(columns) else ()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, list):
            return NotImplemented
        return len(self) == len(other) and Counter(map(hashable, self)) == Counter(map(hashable, other))

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None  # as a list


def hashable(value: Any) -> Any:
    """A hashable value that represents another: equal for equal nested values, and for two not-a-numbers."""
    match value:
        case Mapping():
            return frozenset((name, hashable(item)) for name, item in value.items())
        case list() | tuple():
            return tuple(map(hashable, value))
        case float() if value != value:  # noqa: PLR0124 - true for not-a-number only
            return "NaN"
        case _:
            return value


@dataclass(frozen=True)
class ResultTable:
    """Rows with columns.

    Attributes:
        name: The name of the table.
        arrow: The rows.
        spark: The session.
        key: The columns that identify a row.
    """

    name: str
    arrow: pa.Table
    spark: SparkSession = field(repr=False)
    key: tuple[str, ...] = ()

    @report_at_test_line
    def rows(self, *columns: str) -> RowList:
        """The rows as tuples of some columns, or of all.

        Structs and maps are dicts. Timestamps are in UTC, without a time zone.

        Raises:
            ModelTestError: If there is no such column.
        """
        names = [self._column_name(name) for name in columns] or list(self.columns)
        values = [self._values[name] for name in names]
        rows = list(zip(*values, strict=True)) if values else [()] * len(self)
        return RowList(rows, self.name, names, self.key, self._dropped_rows(names))

    def _dropped_rows(self, columns: Sequence[str]) -> list[tuple[tuple[Any, ...], tuple[str, ...]]]:  # noqa: ARG002 - for `Result`
        """The rows that were dropped, with the names of the expectations that they broke."""
        return []

    def row_dicts(self) -> list[dict[str, Any]]:
        """The rows as dicts."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows()]

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(self.arrow.column_names)

    @cached_property
    def schema(self) -> StructType:
        """The columns and their types."""
        from pyspark.sql.pandas.types import from_arrow_schema

        return from_arrow_schema(self.arrow.schema)

    @cached_property
    def df(self) -> DataFrame:
        """The rows as a DataFrame."""
        return self.spark.createDataFrame(self.arrow, schema=self.schema)

    @cached_property
    def _values(self) -> Mapping[str, list[Any]]:
        from cbx.testing.rows.typed_values import plain_value

        pairs = zip(self.arrow.columns, self.schema, strict=True)
        return {
            field.name: [plain_value(value, field.dataType) for value in column.to_pylist()] for column, field in pairs
        }

    def _column_name(self, name: str) -> str:
        """The name of a column as the table spells it."""
        column = next((column for column in self.columns if column.lower() == name.lower()), None)
        if column is None:
            hint = did_you_mean(name, self.columns, otherwise=f"it has {listing(self.columns)}")
            raise ModelTestError(f"`{self.name}` has no column `{name}`", hint)
        return column

    def __len__(self) -> int:
        return int(self.arrow.num_rows)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.row_dicts())


@dataclass(frozen=True)
class Result(ResultTable):
    """The result of a model.

    Attributes:
        read: How many rows were checked.
        dropped: How many rows broke each expectation that drops rows, by name; without those that no row broke.
        warned: The same for expectations that warn.
        failed: The same for expectations that must hold; if there is any, `ExpectationFailed` is raised.
        broken: The rows that broke an expectation that must hold.
        quarantine: Computes the quarantine table.
        dropped_rows: The rows that were dropped.
        dropped_by: For each of these the names of the expectations that it broke.
    """

    read: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    warned: dict[str, int] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)
    broken: ResultTable = field(default=None, repr=False)  # type: ignore[assignment] # always given
    quarantine: Callable[[], ResultTable] = field(default=None, repr=False)  # type: ignore[assignment] # always given
    dropped_rows: ResultTable | None = field(default=None, repr=False)
    dropped_by: tuple[tuple[str, ...], ...] = field(default=(), repr=False)

    def _dropped_rows(self, columns: Sequence[str]) -> list[tuple[tuple[Any, ...], tuple[str, ...]]]:
        if self.dropped_rows is None or not set(columns) <= set(self.dropped_rows.columns):
            return []
        return list(zip(self.dropped_rows.rows(*columns), self.dropped_by, strict=True))

    @cached_property
    @report_at_test_line
    def quarantined(self) -> ResultTable:
        """The rows of the quarantine table; ``broken_rules`` has the names of the expectations that they broke.

        Raises:
            ModelTestError: If the model has no quarantine table.
        """
        return self.quarantine()


class ExpectationFailed(AssertionError):  # noqa: N818 - the name that tests write
    """Rows broke an expectation that must hold, so an update of the pipeline would fail.

    Attributes:
        failed: How many rows broke each such expectation, by name.
        result: The result that the model would have had, with all counts.
    """

    def __init__(self, message: str, failed: dict[str, int], result: Result) -> None:
        super().__init__(message)
        self.failed = failed
        self.result = result

    def rows(self, *columns: str) -> list[tuple[Any, ...]]:
        """The rows that broke the expectations, as tuples of some columns, or of all."""
        return self.result.broken.rows(*columns)
