"""Writes rows as JSON, as Spark does: fields that are NULL are left out, and times have milliseconds and a zone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa  # type: ignore[import-untyped]

from cbx.runtime.landing_files.errors import NeedsSparkError
from cbx.runtime.landing_files.json.json_values import write_text
from cbx.runtime.sail.refusals import NotOnSailError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Writer = Callable[[Any], str]
"""Writes a value that is not NULL."""

FILE: Final = "part-00000.json"


def make_writer(kind: pa.DataType) -> Writer:
    """The function that writes values of a type.

    Raises:
        NotOnSailError: If it is not certain how Spark writes them.
    """
    if pa.types.is_struct(kind):
        return _struct_writer(list(kind))
    if pa.types.is_list(kind):
        return _list_writer(make_writer(kind.value_type))
    for is_kind, writer in _LEAVES:
        if is_kind(kind):
            return writer
    raise NotOnSailError(f"writes values of the type {kind} as JSON")


def _struct_writer(fields: list[pa.Field]) -> Writer:
    writers = {field.name: make_writer(field.type) for field in fields}
    if len(writers) < len(fields):
        raise NotOnSailError("writes two fields of one name as JSON")
    names = {name: _write_text(name) for name in writers}

    def write(value: Any) -> str:
        parts = (f"{names[name]}:{writer(value[name])}" for name, writer in writers.items() if value[name] is not None)
        return "{" + ",".join(parts) + "}"

    return write


def _list_writer(element: Writer) -> Writer:
    return lambda value: "[" + ",".join("null" if part is None else element(part) for part in value) + "]"


def _write_text(value: str) -> str:
    try:
        return write_text(value)
    except NeedsSparkError as error:
        raise NotOnSailError(f"writes JSON that needs Spark: {error.reason}") from error


def _write_decimal(value: Any) -> str:
    text = str(value)
    if "E" in text:
        raise NotOnSailError(f"writes the number {text} as JSON")
    return text


def _write_time(value: Any) -> str:
    text: str = value.isoformat(timespec="milliseconds")
    return f'"{text.replace("+00:00", "Z")}"'


def _is_utc(kind: pa.DataType) -> bool:
    return bool(kind == pa.timestamp("us", tz="UTC"))


_LEAVES: Final[tuple[tuple[Callable[[pa.DataType], bool], Writer], ...]] = (
    (pa.types.is_string, _write_text),
    (pa.types.is_boolean, lambda value: "true" if value else "false"),
    (pa.types.is_integer, str),
    (pa.types.is_decimal128, _write_decimal),
    (pa.types.is_date32, lambda value: f'"{value.isoformat()}"'),
    (_is_utc, _write_time),
)


def write_json_lines(folder: Path, schema: pa.Schema, tables: Iterable[pa.Table]) -> int:
    """Write rows to a new file, one object per line, also if there are none.

    Args:
        folder: The folder of the file, which is made.
        schema: The columns.
        tables: The rows, in parts.

    Returns:
        The number of rows.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write, count = make_writer(pa.struct(list(schema))), 0
    with (folder / FILE).open("w", encoding="utf-8", newline="\n") as file:
        for table in tables:
            for row in table.to_pylist():
                file.write(write(row) + "\n")
                count += 1
    return count
