"""What a test can ask of a model's result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cbx.diagnostics.diagnostic import did_you_mean, listing
from cbx.testing.errors import ModelTestError, at_the_line_of_the_test

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType


class RowList(list[Any]):
    """Rows as tuples. A table has no order, so these equal any list of the same rows, however it is ordered.

    Attributes:
        table: Whose rows they are.
        columns: The columns that were asked for.
        key: The columns by which a row is recognised, if they are among them.
        dropped: Rows that rules dropped, with the names of these rules.
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
    """A value that stands for another one in a set: nested values too, and not-a-number equal to itself."""
    match value:
        case Mapping():
            return frozenset((name, hashable(one)) for name, one in value.items())
        case list() | tuple():
            return tuple(map(hashable, value))
        case float() if value != value:  # noqa: PLR0124 - how not-a-number is told
            return "NaN"
        case _:
            return value


@dataclass(frozen=True)
class Table:
    """Rows with columns.

    Attributes:
        name: Whose rows they are.
        arrow: The rows.
        key: The columns by which a row is recognised.
    """

    name: str
    arrow: pa.Table
    spark: SparkSession = field(repr=False)
    key: tuple[str, ...] = ()

    @at_the_line_of_the_test
    def rows(self, *columns: str) -> RowList:
        """The rows as tuples, of some columns or all; structs are dicts, timestamps are in UTC and have no zone.

        Raises:
            ModelTestError: If there is no such column.
        """
        names = [self._spelling(name) for name in columns] or list(self.columns)
        values = [self._values[name] for name in names]
        rows = list(zip(*values, strict=True)) if values else [()] * len(self)
        return RowList(rows, self.name, names, self.key, self._dropped(names))

    def _dropped(self, columns: Sequence[str]) -> list[tuple[tuple[Any, ...], tuple[str, ...]]]:  # noqa: ARG002 - for `Result`
        """The rows that rules dropped, and which."""
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
        from cbx.testing.rows.typed_values import plain

        pairs = zip(self.arrow.columns, self.schema, strict=True)
        return {field.name: [plain(value, field.dataType) for value in column.to_pylist()] for column, field in pairs}

    def _spelling(self, name: str) -> str:
        found = next((one for one in self.columns if one.lower() == name.lower()), None)
        if found is None:
            hint = did_you_mean(name, self.columns, otherwise=f"it has {listing(self.columns)}")
            raise ModelTestError(f"`{self.name}` has no column `{name}`", hint)
        return found

    def __len__(self) -> int:
        return int(self.arrow.num_rows)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.row_dicts())


@dataclass(frozen=True)
class Result(Table):
    """What a model made of the rows that it was given.

    Attributes:
        read: How many rows its rules looked at.
        dropped: How many rows broke each rule that drops rows, by its name; rules that nothing broke are left out.
        warned: The same of rules that only warn.
        failed: The same of rules that must hold. Where one is broken `ExpectationFailed` is raised, with the result.
        broken: The rows that broke a rule that must hold.
        dropped_rows: The rows that rules dropped.
        dropped_by: The names of the rules that dropped each of these.
    """

    read: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    warned: dict[str, int] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)
    broken: Table = field(default=None, repr=False)  # type: ignore[assignment] # always given
    quarantine: Callable[[], Table] = field(default=None, repr=False)  # type: ignore[assignment] # always given
    dropped_rows: Table | None = field(default=None, repr=False)
    dropped_by: tuple[tuple[str, ...], ...] = field(default=(), repr=False)

    def _dropped(self, columns: Sequence[str]) -> list[tuple[tuple[Any, ...], tuple[str, ...]]]:
        if self.dropped_rows is None or not set(columns) <= set(self.dropped_rows.columns):
            return []
        return list(zip(self.dropped_rows.rows(*columns), self.dropped_by, strict=True))

    @cached_property
    @at_the_line_of_the_test
    def quarantined(self) -> Table:
        """The rows in the quarantine table, with the names of the rules that they broke in ``broken_rules``.

        Raises:
            ModelTestError: If the model keeps no dropped rows.
        """
        return self.quarantine()


class ExpectationFailed(AssertionError):  # noqa: N818 - the name that tests write
    """Rows broke a rule that must hold, so an update would have failed.

    Attributes:
        failed: How many rows broke each such rule, by its name.
        result: The rows as they would have been, and the other counts.
    """

    def __init__(self, message: str, failed: dict[str, int], result: Result) -> None:
        super().__init__(message)
        self.failed = failed
        self.result = result

    def rows(self, *columns: str) -> list[tuple[Any, ...]]:
        """The rows that broke the rules; with no column named, all of their columns."""
        return self.result.broken.rows(*columns)
