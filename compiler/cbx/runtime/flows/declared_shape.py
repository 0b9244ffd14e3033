"""What a table's definition says of its rows, for every way of filling it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cbx.runtime.flows.expectations import check_conditions
from cbx.runtime.problems import RunError
from cbx.runtime.tables.schema import DeclaredColumns

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from cbx.runtime.definitions import Dataset, DatasetExpectation

_BOUNDS = ("__START_AT", "__END_AT")


@dataclass(frozen=True, slots=True)
class Shape:
    """The columns that a table's rows have, and the rules that they meet.

    Attributes:
        columns: What ``schema=`` declares; None if nothing.
        rules: The table's expectations and what its columns demand.
        named_rules: The same by their names, under the table's name.
    """

    columns: DeclaredColumns | None
    rules: tuple[DatasetExpectation, ...]
    named_rules: dict[str, dict[str, DatasetExpectation]]

    @classmethod
    def of(cls, dataset: Dataset) -> Shape:
        """The shape that a definition declares.

        Raises:
            RunError: If ``schema=`` cannot be read.
        """
        columns = None if dataset.schema is None else DeclaredColumns.read(dataset.schema)
        constraints = () if columns is None else columns.constraints(dataset.expectations)
        rules = (*dataset.expectations, *constraints)
        return cls(columns, rules, {dataset.name.written: {rule.name: rule for rule in rules}})

    def apply(self, frame: DataFrame) -> DataFrame:
        """Rows with the declared columns.

        Raises:
            RunError: If they do not fit, or a rule is no condition on them.
        """
        rows = frame if self.columns is None else self.columns.apply(frame)
        check_conditions(rows, self.rules)
        return rows

    def apply_to_history(self, frame: DataFrame) -> DataFrame:
        """The rows of an SCD type 2 target with the declared columns, among which are the bounds of each row.

        Raises:
            RunError: As for ``apply``, or if a bound is not declared or has another type than the sequence.
        """
        declared = {} if self.columns is None else {field.name.lower(): field for field in self.columns.fields}
        for name in _BOUNDS if declared else ():
            field, kind = declared.get(name.lower()), frame.schema[name].dataType.simpleString()
            if field is None:
                raise RunError(
                    f"schema= does not declare `{name}`, which an SCD type 2 target has",
                    hint=f"declare `{' '.join((_BOUNDS[0], kind.upper()))}, {' '.join((_BOUNDS[1], kind.upper()))}`",
                )
            if field.dataType.simpleString() != kind:
                raise RunError(
                    f"schema= declares `{name}` as {field.dataType.simpleString()}, and the sequence is {kind}",
                    hint=f"declare `{name} {kind.upper()}`",
                )
        return self.apply(frame)
