"""Reads the new files of landing folders: a first reader for JSON and CSV files whose columns are all hinted."""

from __future__ import annotations

import csv
import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa  # type: ignore[import-untyped]
from pyspark.sql.pandas.types import to_arrow_type
from pyspark.sql.types import StringType, StructField, StructType

from cbx.runtime.auto_loader.options import read_options
from cbx.runtime.auto_loader.schemas import apply_hints, parse_hints
from cbx.runtime.auto_loader.state import LoaderState
from cbx.runtime.sail.refusals import NotOnSailError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

METADATA: Final = "_metadata"
RESCUED: Final = "_rescued_data"


@dataclass(frozen=True, slots=True)
class LandedRows:
    """The rows of new files.

    Attributes:
        rows: The rows; the last column is ``_metadata``.
        columns: The columns without ``_metadata``, as Spark's types.
        files: All files of the folder, with their modification times in milliseconds, by path.
        new_files: How many of them are new.
        state: The state of the reader, to be stored.
    """

    rows: pa.Table
    columns: StructType
    files: Mapping[str, int]
    new_files: int
    state: LoaderState


def read_landing(
    options: Mapping[str, str],
    path: str,
    schema: StructType | None,
    read: frozenset[str],
    old: LoaderState,
    note: Callable[[str], None],
) -> LandedRows:
    """Read the files of a landing folder that were not read before."""
    checked = read_options(options)
    for text in checked.notes:
        note(text)
    if schema is not None or checked.file_format not in ("json", "csv") or not checked.hints:
        raise NotOnSailError("reads files in a way that only Spark does")
    folder = Path(path.removeprefix("file:")).absolute()
    files = {str(file): file.stat() for file in sorted(folder.rglob("*")) if file.is_file()}
    new = [Path(file) for file in files if file not in read]
    hinted = apply_hints(StructType([]), parse_hints(checked.hints))
    fields = [*hinted.fields, StructField(RESCUED, StringType())]
    records = [
        {**record, METADATA: _metadata(file, files[str(file)])}
        for file in new
        for record in (_json_records(file) if checked.file_format == "json" else _csv_records(file, hinted))
    ]
    columns = StructType(fields)
    arrow = pa.schema(
        [*((field.name, to_arrow_type(field.dataType, timezone="UTC")) for field in fields), (METADATA, METADATA_TYPE)]
    )
    state = replace(
        old,
        columns=hinted,
        seen=hinted,
        files={f"file:{file}": (status.st_size, status.st_mtime_ns) for file, status in files.items()},
        headers=(tuple(hinted.names),) if checked.file_format == "csv" else (),
        header_of={f"file:{file}": 0 for file in files} if checked.file_format == "csv" else {},
    )
    rows = pa.Table.from_pylist(
        [
            {name: _value(record.get(name), field.type) for name, field in zip(arrow.names, arrow, strict=True)}
            for record in records
        ],
        arrow,
    )
    return LandedRows(
        rows, columns, {file: status.st_mtime_ns // 1_000_000 for file, status in files.items()}, len(new), state
    )


METADATA_TYPE: Final = pa.struct(
    [
        ("file_path", pa.string()),
        ("file_name", pa.string()),
        ("file_size", pa.int64()),
        ("file_block_start", pa.int64()),
        ("file_block_length", pa.int64()),
        ("file_modification_time", pa.timestamp("us", tz="UTC")),
    ]
)


def _metadata(file: Path, status: os.stat_result) -> dict[str, Any]:
    return {
        "file_path": f"file:{file}",
        "file_name": file.name,
        "file_size": status.st_size,
        "file_block_start": 0,
        "file_block_length": status.st_size,
        "file_modification_time": status.st_mtime_ns // 1000,
    }


def _json_records(file: Path) -> Iterator[dict[str, Any]]:
    for line in file.read_text(encoding="utf-8").splitlines():
        yield json.loads(line, parse_float=str)


def _csv_records(file: Path, columns: StructType) -> Iterator[dict[str, Any]]:
    with file.open(newline="", encoding="utf-8") as stream:
        header, *lines = csv.reader(stream)
    for line in lines:
        record = dict(zip(header, line, strict=False))
        if len(line) != len(header):
            yield {
                columns.names[0]: line[0],
                RESCUED: json.dumps(
                    {"_corrupt_record": ",".join(line), "_file_path": f"file:{file}"}, separators=(",", ":")
                ),
            }
        else:
            yield {name: text if text != "" else None for name, text in record.items()}


def _value(value: Any, kind: pa.DataType) -> Any:
    if value is None:
        return None
    if pa.types.is_struct(kind):
        return {field.name: _value(value.get(field.name), field.type) for field in kind}
    if pa.types.is_list(kind):
        return [_value(each, kind.value_type) for each in value]
    if pa.types.is_integer(kind):
        return int(value)
    if pa.types.is_decimal(kind):
        from decimal import Decimal

        return Decimal(str(value)).quantize(Decimal(1).scaleb(-kind.scale))
    return str(value) if pa.types.is_string(kind) else value
