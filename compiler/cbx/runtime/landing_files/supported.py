"""What of Auto Loader is read without Spark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pyspark.sql.types import StructType

from cbx.runtime.auto_loader.errors import AutoLoaderError
from cbx.runtime.auto_loader.file_format import DETECTED
from cbx.runtime.auto_loader.options import LoaderOptions, read_options
from cbx.runtime.auto_loader.schemas import are_simple_hints, parse_hints
from cbx.runtime.auto_loader.simple_ddl import read_simple_ddl
from cbx.runtime.landing_files.csv import csv_values
from cbx.runtime.landing_files.json import json_values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pyspark.sql.types import DataType

_OF_ALL: Final = frozenset({"pathglobfilter", "maxfilespertrigger", "maxbytespertrigger"})
_OF_FORMAT: Final[Mapping[str, frozenset[str]]] = {
    "json": _OF_ALL | {"multiline"},
    "csv": _OF_ALL | {"header", "sep", "delimiter", "quote", "escape"},
    "parquet": _OF_ALL,
    "orc": _OF_ALL,
    "text": _OF_ALL,
    "binaryFile": _OF_ALL,
}
_CONVERTIBLE: Final[Mapping[str, Callable[[DataType], bool]]] = {
    "json": json_values.is_convertible,
    "csv": csv_values.is_convertible,
}


def find_unsupported(options: Mapping[str, str], schema: StructType | str | None) -> str | None:
    """Why a landing folder cannot be read without Spark, as far as it is known before its files are read.

    Args:
        options: The options of the reader, as text.
        schema: The schema given to the reader, if any.

    Returns:
        What only Spark reads, as a part of a sentence; None if there is nothing. Invalid options are no reason:
        ``read_new_files`` raises their error.
    """
    if any(key.lower() == "cloudfiles.format" and value == DETECTED for key, value in options.items()):
        return "the format of its files is to be detected"
    try:
        checked = read_options(options)
    except AutoLoaderError:
        return None
    if schema is not None and checked.file_format == "json" and checked.is_reader_set("multiLine"):
        return "the option multiLine with a schema"
    return _unsupported_option(checked) or _unsupported_type(checked, schema)


def _unsupported_option(options: LoaderOptions) -> str | None:
    if options.file_format not in _OF_FORMAT:
        return f"the format {options.file_format}"
    for name in options.reader:
        if name.lower() not in _OF_FORMAT[options.file_format]:
            return f"the option {name}"
    for name, is_set in (
        ("readerCaseSensitive", not options.is_case_sensitive),
        ("skipRows", options.skipped_rows > 0),
        ("modifiedAfter", options.modified_after is not None),
        ("modifiedBefore", options.modified_before is not None),
        ("singleVariantColumn", options.variant_column is not None),
    ):
        if is_set:
            return f"the option {name}"
    return _unsupported_dialect(options) if options.file_format == "csv" else None


def _unsupported_dialect(options: LoaderOptions) -> str | None:
    separator, quote, escape = options.separator, options.quote, options.escape
    is_simple = all(len(text) == 1 and text.isascii() for text in (separator, quote, escape))
    if (
        not is_simple
        or escape not in ("\\", quote)
        or separator in (quote, escape, " ", "\n", "\r", "\0")
        or quote in " \n\r\0"
    ):
        return f"the CSV dialect with separator {separator!r}, quote {quote!r} and escape {escape!r}"
    return None


def _unsupported_type(options: LoaderOptions, schema: StructType | str | None) -> str | None:
    given = read_simple_ddl(schema) if isinstance(schema, str) else schema or StructType([])
    if given is None:
        return f"the schema {schema}"
    try:
        if not are_simple_hints(options.hints):
            return f"the schema hints {options.hints}"
    except AutoLoaderError:
        return None
    kinds = [kind for _, kind in parse_hints(options.hints)]
    return _first_unsupported(options.file_format, [*kinds, *(field.dataType for field in given.fields)])


def _first_unsupported(file_format: str, kinds: Iterable[DataType]) -> str | None:
    is_convertible = _CONVERTIBLE.get(file_format)
    refused = (kind for kind in kinds if is_convertible is not None and not is_convertible(kind))
    return next((f"the type {kind.simpleString()}" for kind in refused), None)
