"""The columns of a table: declared columns, and schema evolution."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyspark.errors import PySparkException
from pyspark.sql import functions as F  # noqa: N812 - the idiom of its documentation
from pyspark.sql.types import DataType, StructField, StructType

from cbx.diagnostics.codes import INVALID_DEFINITION, NEEDS_FULL_REFRESH, NOT_SUPPORTED_LOCALLY
from cbx.runtime.auto_cdc import BUCKET
from cbx.runtime.definitions import DatasetExpectation
from cbx.runtime.errors import RunError
from cbx.runtime.nested_types import fit, unknown_fields, widen
from cbx.runtime.sql.column_definitions import ColumnDefinition, read_definitions
from cbx.runtime.sql.tokens import read_words
from cbx.spark_spelling import quote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyspark.sql import DataFrame

    from cbx.runtime.tables.store import TableState

_EXAMPLE = "write `id BIGINT NOT NULL, name STRING`"


@dataclass(frozen=True, slots=True)
class DeclaredColumns:
    """The columns in the ``schema=`` of a definition.

    Attributes:
        fields: The columns, with NOT NULL.
        generated: The expression of each column that is computed from others.
    """

    fields: StructType
    generated: Mapping[str, str]

    @classmethod
    def read(cls, schema: Any) -> DeclaredColumns:
        """Read a ``StructType`` or DDL text; keys, masks and defaults in the text have no effect.

        Raises:
            RunError: If the text is not a list of columns.
        """
        if isinstance(schema, StructType):
            return cls(schema, {})
        try:
            columns = _columns(str(schema))
            fields = _fields(columns)
        except PySparkException as error:
            reason = next(filter(None, str(error).splitlines()), "not a list of columns")
            raise RunError(INVALID_DEFINITION, f"invalid schema=: {reason}", hint=_EXAMPLE) from None
        except RunError as error:
            hint = error.diagnostic.hint or _EXAMPLE
            raise RunError(INVALID_DEFINITION, f"invalid schema=: {error.diagnostic.message}", hint=hint) from None
        for column in columns:
            if column.is_identity:
                raise RunError(
                    NOT_SUPPORTED_LOCALLY,
                    f"the identity column `{column.name}` is not supported locally",
                    hint="remove it, or compute the numbers in the query",
                )
        return cls(StructType(fields), {column.name: column.expression for column in columns if column.expression})

    def constraints(self, rules: Sequence[DatasetExpectation]) -> tuple[DatasetExpectation, ...]:
        """NOT NULL and GENERATED as expectations on the rows that no other expectation drops."""
        dropping = [f"({rule.condition})" for rule in rules if rule.on_violation == "drop"]
        unless = f"NOT coalesce({' AND '.join(dropping)}, false) OR " if dropping else ""
        required = [
            DatasetExpectation(f"{field.name} NOT NULL", f"{unless}{quote(field.name)} IS NOT NULL", "fail", True)
            for field in self.fields
            if not field.nullable
        ]
        for name, expression in self.generated.items():
            computed = f"CAST({expression} AS {self.fields[name].dataType.simpleString()})"
            holds = f"{unless}{quote(name)} <=> {computed}"
            required.append(DatasetExpectation(f"{name} GENERATED ALWAYS AS ({expression})", holds, "fail", True))
        return tuple(required)

    def apply(self, frame: DataFrame) -> DataFrame:
        """Cast rows to these columns, in this order and of these types.

        Raises:
            RunError: If the rows have a column that is not declared.
        """
        incoming = {name.lower(): name for name in frame.columns}
        declared = {field.name.lower(): field for field in self.fields}
        divided_by = [F.col(BUCKET)] if BUCKET in frame.columns else []
        extra = [name for name in frame.columns if name.lower() not in declared and name != BUCKET]
        for field in frame.schema:
            if field.name.lower() in declared:
                extra += unknown_fields(field.dataType, declared[field.name.lower()].dataType, field.name)
        if extra:
            raise RunError(
                INVALID_DEFINITION,
                f"the query returns {', '.join(f'`{name}`' for name in extra)}, which schema= does not declare",
                hint="declare it, or remove it from the query",
            )
        selected = []
        for field in self.fields:
            name = incoming.get(field.name.lower())
            if name is not None:
                value = fit(F.col(quote(name)), frame.schema[name].dataType, field.dataType)
                selected.append(value.alias(field.name))
            elif field.name not in self.generated:
                selected.append(F.lit(None).cast(field.dataType).alias(field.name))
        rows = frame.select(*selected, *divided_by)
        computed = {
            field.name: F.expr(self.generated[field.name]).cast(field.dataType)
            for field in self.fields
            if field.name in self.generated and field.name.lower() not in incoming
        }
        if not computed:
            return rows
        return rows.withColumns(computed).select(*(F.col(quote(field.name)) for field in self.fields), *divided_by)


def has_mask(schema: Any) -> bool:
    """Whether a ``schema=`` has a MASK; an invalid text has none."""
    try:
        return isinstance(schema, str) and any(column.has_mask for column in _columns(schema))
    except RunError:
        return False


def _columns(text: str) -> tuple[ColumnDefinition, ...]:
    """Every column in a DDL text."""
    definitions = read_definitions(read_words(text))
    if definitions.expectations:
        raise RunError(
            INVALID_DEFINITION,
            "an expectation is not allowed in schema=",
            hint="use the decorator expect, or expect_all=",
        )
    return definitions.columns


def _fields(columns: Sequence[ColumnDefinition]) -> list[StructField]:
    """Columns with their types, as Spark reads them; it is asked once for all of them."""
    untyped = next((column.name for column in columns if not column.type), None)
    if untyped is not None:
        raise RunError(INVALID_DEFINITION, f"the column `{untyped}` has no type")
    try:
        types = _types([column.type for column in columns])
    except PySparkException:
        types = []
    if len(types) != len(columns):  # a type is wrong: find out which one
        types = [_types([column.type])[0] for column in columns]
    return [
        StructField(column.name, kind, nullable=not column.is_required)
        for column, kind in zip(columns, types, strict=True)
    ]


def _types(texts: Sequence[str]) -> list[DataType]:
    """The types of columns with these DDL texts."""
    columns = ", ".join(f"c{number} {text}" for number, text in enumerate(texts))
    return [field.dataType for field in StructType([*StructType.fromDDL(columns)])]  # type: ignore[misc] # its stub


def read_struct(schema: str) -> StructType:
    """The columns of a table, from ``table.json``."""
    return StructType.fromJson(json.loads(schema))


def are_alike(first: StructType, second: StructType) -> bool:
    """Whether columns have the same names and types in the same order, whatever may be NULL."""
    return first.names == second.names and all(
        own.dataType.simpleString() == other.dataType.simpleString() for own, other in zip(first, second, strict=True)
    )


def evolve_schema(table: TableState, incoming: StructType) -> StructType:
    """The columns of a streaming table after rows with these columns are appended.

    Older rows have NULL in new columns, and new rows have NULL in columns that they lack, as in a Delta table with
    schema merging. The same holds for fields of structs.

    Raises:
        RunError: If a column has changed its type.
    """
    if not table.schema:
        return incoming
    fields = {field.name.lower(): field for field in read_struct(table.schema)}
    for field in incoming:
        existing = fields.setdefault(field.name.lower(), field)
        kind = widen(existing.dataType, field.dataType)
        if kind is None:
            raise RunError(
                NEEDS_FULL_REFRESH,
                f"the column `{field.name}` of `{table.name}` was {existing.dataType.simpleString()} "
                f"and is now {field.dataType.simpleString()}",
                hint="cast it to its old type, or run with --full-refresh",
            )
        fields[field.name.lower()] = StructField(existing.name, kind, existing.nullable)
    return StructType(list(fields.values()))
