"""The declared columns and expectations of a table, for all kinds of flows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cbx.diagnostics.codes import INVALID_DEFINITION
from cbx.runtime.errors import RunError
from cbx.runtime.tables.schema import DeclaredColumns

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from cbx.runtime.definitions import Dataset, DatasetExpectation

_BOUNDS = ("__START_AT", "__END_AT")


@dataclass(frozen=True, slots=True)
class Shape:
    """The declared columns and expectations of a table.

    Attributes:
        columns: What ``schema=`` declares; None if nothing.
        rules: The expectations, and those of NOT NULL and generated columns.
        named_rules: The same by name, under the name of the table.
    """

    columns: DeclaredColumns | None
    rules: tuple[DatasetExpectation, ...]
    named_rules: dict[str, dict[str, DatasetExpectation]]

    @classmethod
    def of(cls, dataset: Dataset) -> Shape:
        """Read the shape of a definition.

        Raises:
            RunError: If ``schema=`` is invalid.
        """
        columns = None if dataset.schema is None else DeclaredColumns.read(dataset.schema)
        constraints = () if columns is None else columns.constraints(dataset.expectations)
        rules = (*dataset.expectations, *constraints)
        return cls(columns, rules, {dataset.name.written: {rule.name: rule for rule in rules}})

    def apply(self, frame: DataFrame) -> DataFrame:
        """Give rows the declared columns.

        Raises:
            RunError: If the columns do not fit.
        """
        return frame if self.columns is None else self.columns.apply(frame)

    def apply_to_history(self, frame: DataFrame) -> DataFrame:
        """Give the rows of an SCD type 2 target the declared columns, including ``__START_AT`` and ``__END_AT``.

        Raises:
            RunError: As for ``apply``, or if a bound is not declared or has another type than the sequence.
        """
        declared = {} if self.columns is None else {field.name.lower(): field for field in self.columns.fields}
        for name in _BOUNDS if declared else ():
            field, kind = declared.get(name.lower()), frame.schema[name].dataType.simpleString()
            if field is None:
                raise RunError(
                    INVALID_DEFINITION,
                    f"schema= does not declare the column `{name}` of an SCD type 2 target",
                    hint=f"declare `{' '.join((_BOUNDS[0], kind.upper()))}, {' '.join((_BOUNDS[1], kind.upper()))}`",
                )
            if field.dataType.simpleString() != kind:
                raise RunError(
                    INVALID_DEFINITION,
                    f"schema= declares `{name}` as {field.dataType.simpleString()}, but the sequence is {kind}",
                    hint=f"declare `{name} {kind.upper()}`",
                )
        return self.apply(frame)
