"""Reads JSON texts as Spark's ``from_json`` does with given columns and no options."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from cbx.runtime.landing_files.errors import NeedsSparkError
from cbx.runtime.landing_files.json.json_rows import convert_record
from cbx.runtime.landing_files.json.json_text import MalformedRecordError
from cbx.runtime.landing_files.json.json_values import make_converter

if TYPE_CHECKING:
    from pyspark.sql.types import StructType

_SPACE: Final = " \t\r\n"


def make_reader(columns: StructType) -> Callable[[str], dict[str, Any] | None]:
    """The function that reads a text.

    It returns the values of the columns, which are all None for a malformed text; None for a blank text. It raises
    ``NeedsSparkError`` if it is not certain how Spark reads a text.

    Args:
        columns: The columns, all of which have a converter.
    """
    converters = {field.name: make_converter(field.dataType, is_exact=True) for field in columns.fields}

    def read(text: str) -> dict[str, Any] | None:
        if not text.strip(_SPACE):
            return None
        if text.isspace():
            raise NeedsSparkError("a JSON text is white space")
        try:
            _, row, _ = convert_record(text, converters)
        except MalformedRecordError:
            return dict.fromkeys(converters)
        return row

    return read
