"""Parquet and ORC landing files as a stream of rows."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from pyspark.sql import functions as F  # noqa: N812 (Spark's own convention)

from cbx.runtime.auto_loader.readers.rescue import FILE_KEY, file_path, refuse_unknown_files
from cbx.runtime.auto_loader.readers.source import LandingSource, ParsedRows
from cbx.runtime.auto_loader.schemas import find, widens
from cbx.runtime.exact_json import exact_json
from cbx.runtime.nested_types import fit, unknown_fields
from cbx.spark_spelling import quote

if TYPE_CHECKING:
    from pyspark.sql import Column
    from pyspark.sql.types import DataType


def read_columnar(source: LandingSource) -> ParsedRows:
    """Read the wanted columns from files that have their own types.

    A column is read with the type in the files. If every value fits the wanted type, the column is cast. Otherwise it
    is NULL, and the value is rescued.
    """
    schema = source.seen if source.seen.fields else source.columns
    reader = source.reader(source.options.file_format).schema(schema)
    rows = refuse_unknown_files(source.load(reader), source)
    is_exact = source.options.is_case_sensitive

    def column(name: str) -> Column:
        kind = source.columns[name].dataType
        field = find(schema, name, is_case_sensitive=is_exact)
        if field is None or not widens(field.dataType, kind):
            return F.lit(None).cast(kind)
        return fit(_file_column(field.name), field.dataType, kind)

    misfits = []
    for field in schema.fields:
        wanted = find(source.columns, field.name, is_case_sensitive=is_exact)
        value = _file_column(field.name)
        if wanted is None:
            misfits += [value.alias(field.name)] if source.is_rescuing_new else []
        elif not widens(field.dataType, wanted.dataType):
            misfits.append(value.alias(field.name))
        elif source.is_rescuing_new and unknown_fields(field.dataType, wanted.dataType, field.name):
            misfits.append(F.when(~_is_whole(value, field.dataType, wanted.dataType), value).alias(field.name))
    nothing = F.lit(None).cast("string")
    if not misfits:
        return ParsedRows(rows, column, nothing, nothing)
    is_any = reduce(or_, (misfit.isNotNull() for misfit in misfits))
    rescued = F.when(is_any, F.to_json(F.struct(*misfits, file_path().alias(FILE_KEY))))
    return ParsedRows(rows, column, rescued, nothing)


def _is_whole(value: Column, kind: DataType, wanted: DataType) -> Column:
    """Whether a value survives a cast to the wanted type and back."""
    there_and_back = fit(fit(value, kind, wanted), wanted, kind)
    return exact_json(value.alias("value")).eqNullSafe(exact_json(there_and_back.alias("value")))


def _file_column(name: str) -> Column:
    return F.col(quote(name))
