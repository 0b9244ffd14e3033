"""Parquet and ORC landing files as a stream of rows."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from pyspark.sql import functions as F  # noqa: N812 (Spark's own convention)

from cbx.runtime.auto_loader.rescue import FILE_KEY, file_path, only_known_files
from cbx.runtime.auto_loader.schemas import find, widens
from cbx.runtime.auto_loader.source import ParsedRows, Source

if TYPE_CHECKING:
    from pyspark.sql import Column


def read_columnar(source: Source) -> ParsedRows:
    """Read the columns wanted from files that carry their own types.

    A column is read with the type that the files have. Where the wanted type holds every value of it the column is
    cast; else it is NULL and the value is rescued.
    """
    schema = source.seen if source.seen.fields else source.columns
    reader = source.reader(source.options.file_format).schema(schema)
    rows = only_known_files(reader.load(source.landing), source.known)
    is_exact = source.options.is_case_sensitive

    def column(name: str) -> Column:
        kind = source.columns[name].dataType
        found = find(schema, name, is_case_sensitive=is_exact)
        if found is None or not widens(found.dataType, kind):
            return F.lit(None).cast(kind)
        return _file_column(found.name).cast(kind)

    misfits = []
    for field in schema.fields:
        wanted = find(source.columns, field.name, is_case_sensitive=is_exact)
        is_unread = source.is_rescuing_new if wanted is None else not widens(field.dataType, wanted.dataType)
        if is_unread:
            misfits.append(_file_column(field.name).alias(field.name))
    if not misfits:
        return ParsedRows(rows, column, F.lit(None).cast("string"))
    is_any = reduce(or_, (misfit.isNotNull() for misfit in misfits))
    return ParsedRows(rows, column, F.when(is_any, F.to_json(F.struct(*misfits, file_path().alias(FILE_KEY)))))


def _file_column(name: str) -> Column:
    return F.col(f"`{name.replace('`', '``')}`")
