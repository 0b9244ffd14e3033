"""The documents of words that few projects have; see `document_of`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, FiniteFloat

from cbx.declare.documents import (
    CheckedBefore,
    ColumnDocument,
    DatasetDocument,
    DataTestDocument,
    Document,
    Enforcement,
    ModelDocument,
    Word,
)


class AcceptedValuesDocument(DataTestDocument):
    """``accepted_values(...)``."""

    column: Word = Field(description="a column name")
    values: Annotated[tuple[str | bool | int | FiniteFloat, ...], Field(min_length=1)] = Field(
        description="a list of values"
    )
    enforce: Enforcement = Field("warn", description='"warn" or "fail"')


class NotNullDocument(DataTestDocument):
    """``not_null(...)``."""

    column: Word = Field(description="a column name")
    at_least: Annotated[int | float, Field(gt=0, le=1)] = Field(1, description="a share of the rows: a number up to 1")
    enforce: Enforcement = Field("warn", description='"warn" or "fail"')


class RowCountDocument(DataTestDocument):
    """``row_count(...)``."""

    at_least: Annotated[int, Field(ge=0)] | None = Field(None, description="a number of rows")
    at_most: Annotated[int, Field(ge=0)] | None = Field(None, description="a number of rows")
    enforce: Enforcement = Field("warn", description='"warn" or "fail"')


class FreshnessDocument(DataTestDocument):
    """``freshness(...)``."""

    column: Word = Field(description="a column name")
    within: Word = Field(description='a time as text, such as "1 day" or "36 hours"')
    source: Word | None = Field(None, description="the name of a table as text")
    enforce: Enforcement = Field("warn", description='"warn" or "fail"')


class NoRowsDocument(DataTestDocument):
    """``no_rows(...)``."""

    sql: Word = Field(description="a query as text")
    name: Word | None = Field(None, description="a name as text")
    enforce: Enforcement = Field("warn", description='"warn" or "fail"')


class SinkDocument(ModelDocument):
    """``sink(...)``."""

    format: Word | None = Field(None, description='a format as text, such as "kafka" or "delta"')
    options: dict[str, str | bool | int | float] = Field(
        {}, description="a dictionary of option names and their values"
    )
    foreach_batch: Word | None = Field(None, description="the name of a function as text")
    spark_conf: dict[Word, str | bool | int | float] = Field(
        {}, description="a dictionary of settings and their values"
    )


class SeedDocument(DatasetDocument):
    """The declaration of a seed."""

    columns: dict[Word, Word | Annotated[ColumnDocument, CheckedBefore]] = Field(
        description="a table from column names to SQL types, or to tables with `type`, `not_null` and `description`"
    )


class FlowDocument(ModelDocument):
    """``flow(...)``."""

    into: Word = Field(description='the id of a model as text, "layer.name"')
    once: bool = Field(False, description="True or False")
    spark_conf: dict[Word, str | bool | int | float] = Field(
        {}, description="a dictionary of settings and their values"
    )


AnyDataTest = AcceptedValuesDocument | NotNullDocument | RowCountDocument | FreshnessDocument | NoRowsDocument

RARE_DOCUMENTS: Mapping[str, type[Document]] = {
    "flow": FlowDocument,
    "sink": SinkDocument,
    "seed": SeedDocument,
    "accepted_values": AcceptedValuesDocument,
    "not_null": NotNullDocument,
    "row_count": RowCountDocument,
    "freshness": FreshnessDocument,
    "no_rows": NoRowsDocument,
}
