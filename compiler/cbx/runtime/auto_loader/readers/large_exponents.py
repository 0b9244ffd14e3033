"""Refuses numbers such as ``1e99999999`` in a DECIMAL column, for which Spark takes minutes.

Spark writes all digits of a number before it sees that they are too many. A file with such a number is refused before
Spark reads it; files without DECIMAL columns are not looked at.
"""

from __future__ import annotations

import csv
import json
import re
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
from pyspark.sql.types import ArrayType, DataType, DecimalType, MapType, StructType

from cbx.runtime.auto_loader.errors import AutoLoaderError
from cbx.runtime.auto_loader.listing import local_path
from cbx.runtime.auto_loader.schemas import find

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cbx.runtime.auto_loader.readers.source import LandingSource

_EXPONENT: Final = "[eE][+-]?[0-9]{7}"
_LARGE: Final = re.compile(r"[+-]?[0-9.]+[eE][+-]?[0-9]{7,}")
_PIECE: Final = 64 << 20
"""How much of a file is searched at a time, in bytes."""
_SEAM: Final = 4096
"""How much of a piece is searched again with the next one."""


def refuse_large_exponents(source: LandingSource) -> None:
    """Refuse files with such a number.

    Raises:
        AutoLoaderError: For the first file that has one.
    """
    if source.options.file_format not in ("json", "csv") or not _has_decimal(source.columns):
        return
    for uri in source.known:
        path = local_path(uri)
        if path is not None and _may_have_exponents(path) and any(_large_numbers(path, uri, source)):
            raise AutoLoaderError(
                "a DECIMAL column has a number with an exponent of seven or more digits, for which Spark takes minutes",
                path=path,
                hint="correct the number, declare the column as DOUBLE or STRING, or run on Sail: --engine sail",
            )


def _has_decimal(kind: DataType) -> bool:
    if isinstance(kind, StructType):
        return any(_has_decimal(field.dataType) for field in kind.fields)
    if isinstance(kind, ArrayType):
        return _has_decimal(kind.elementType)
    return _has_decimal(kind.valueType) if isinstance(kind, MapType) else isinstance(kind, DecimalType)


def _may_have_exponents(path: str) -> bool:
    """Whether a file has the text of a large exponent anywhere, also in a name or a text."""
    try:
        with pa.input_stream(path, compression="detect") as stream:
            seam = b""
            while piece := stream.read(_PIECE):
                text = seam + piece
                if pc.match_substring_regex(pa.array([text], pa.large_binary()), _EXPONENT)[0].as_py():
                    return True
                seam = text[-_SEAM:]
    except OSError:  # Spark reports what is wrong with the file
        return False
    return False


def _large_numbers(path: str, uri: str, source: LandingSource) -> Iterator[bool]:
    """Whether a line has such a number in a DECIMAL column, for the lines that may have one."""
    with pa.input_stream(path, compression="detect") as stream:
        text = stream.read().decode("utf-8", "replace")
    if source.options.file_format == "json" and (source.options.is_reader_set("multiLine") or text[:1] == "["):
        yield _is_large_in_json(text, source.columns)
        return
    pattern = re.compile(_EXPONENT)
    lines = (line for line in text.splitlines() if pattern.search(line))
    if source.options.file_format == "json":
        yield from (_is_large_in_json(line, source.columns) for line in lines)
    else:
        yield from _are_large_in_csv(lines, source.headers.get(uri, ()), source)


def _is_large_in_json(text: str, columns: StructType) -> bool:
    """Whether a record has such a number; also where the text is invalid, of which Spark reads the beginning."""
    try:
        records = json.loads(text, parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        return True
    return any(_is_large(record, columns) for record in (records if isinstance(records, list) else [records]))


def _is_large(value: Any, kind: DataType) -> bool:
    if isinstance(kind, DecimalType):
        return isinstance(value, str) and _LARGE.fullmatch(value.strip().replace(",", "")) is not None
    if isinstance(kind, StructType) and isinstance(value, dict):
        fields = ((find(kind, name), inner) for name, inner in value.items())
        return any(field is not None and _is_large(inner, field.dataType) for field, inner in fields)
    if isinstance(kind, ArrayType) and isinstance(value, list):
        return any(_is_large(inner, kind.elementType) for inner in value)
    if isinstance(kind, MapType) and isinstance(value, dict):
        return any(_is_large(inner, kind.valueType) for inner in value.values())
    return False


def _are_large_in_csv(lines: Iterable[str], header: tuple[str, ...], source: LandingSource) -> Iterator[bool]:
    options = source.options
    escape = options.escape if len(options.escape) == 1 and options.escape != options.quote else None
    is_plain = len(options.separator) == 1 and len(options.quote) == 1
    dialect = {"delimiter": options.separator, "quotechar": options.quote, "escapechar": escape} if is_plain else {}
    fields = [find(source.columns, name) for name in header]
    for values in csv.reader(lines, **dialect):  # type: ignore[arg-type] # its stubs want each argument by name
        kinds = [field.dataType if field is not None else None for field in fields]
        known = zip(values, kinds, strict=False)
        yield any(kind is not None and _is_large(value, kind) for value, kind in known)
