"""Prints the rows of a table, as a table for people, as JSON or as CSV."""

from __future__ import annotations

import csv
import datetime as dt
import decimal
import json
import sys
from itertools import islice
from typing import TYPE_CHECKING, Any

from cbx.cli.options import RowFormat

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from cbx.runtime.tables.show_table import Peek

Row = dict[str, Any]

_NUMBERS = ("int", "uint", "float", "double", "decimal")
_PAGE = 10_000
"""The rows of one printed table."""
_CONVERTED = 1_000
"""The rows that are converted to Python's values at a time."""


def print_rows(peek: Peek, row_format: RowFormat) -> None:
    """Print rows in a format."""
    {RowFormat.table: _print_table, RowFormat.json: _print_json, RowFormat.csv: _print_csv}[row_format](peek)


def _print_json(peek: Peek) -> None:
    for row in _rows(peek):
        print(json.dumps(_json_value(row), ensure_ascii=False))


def _print_csv(peek: Peek) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(peek.schema.names)
    for row in _rows(peek):
        writer.writerow(["" if value is None else _text(value) for value in row.values()])


def _print_table(peek: Peek) -> None:
    from cbx.cli.display.console_text import console_width, open_console

    console = open_console(sys.stdout)
    print_table(peek, console, console_width(console))


def print_table(peek: Peek, console: Console, width: int | None) -> None:
    """Print rows as a table, or with a line per column where a terminal has no room for all columns.

    Args:
        peek: The rows. Many rows are several tables, so that they need not be in memory together.
        console: Prints them.
        width: The width of the terminal; None if there is none.
    """
    from cbx.cli.display.console_text import print_plain
    from cbx.cli.display.row_layout import RowColumn, lay_out_rows

    columns = [RowColumn(field.name, str(field.type).startswith(_NUMBERS)) for field in peek.schema]
    rows = ([None if value is None else _text(value) for value in row.values()] for row in _rows(peek))
    number = 1
    while (page := [*islice(rows, _PAGE)]) or number == 1:
        for line in lay_out_rows(columns, page, width, number):
            print_plain(console, line)
        number += max(len(page), 1)
    counted = f"{peek.total:,} row{'' if peek.total == 1 else 's'}"
    more = f"{peek.shown:,} of {counted}; --limit 0 shows all" if peek.shown < peek.total else counted
    console.print(more, style="dim", highlight=False)


def _rows(peek: Peek) -> Iterator[Row]:
    """The rows, with maps as dicts: Arrow returns them as lists of pairs."""
    kinds = {field.name: field.type for field in peek.schema}
    for batch in peek.batches:
        for start in range(0, batch.num_rows, _CONVERTED):
            for row in _as_values(batch.slice(start, _CONVERTED)):
                yield {name: _convert_maps(value, kinds[name]) for name, value in row.items()}


def _as_values(rows: Any) -> list[Row]:
    """The rows as values of Python; dates and times before year 1 and after year 9999, which it lacks, as texts."""
    try:
        values: list[Row] = rows.to_pylist()
    except (OverflowError, ValueError):
        import pyarrow as pa  # type: ignore[import-untyped]

        for place, field in enumerate(rows.schema):
            if pa.types.is_date(field.type) or pa.types.is_timestamp(field.type):
                column = rows.column(place)
                local = column if pa.types.is_date(field.type) else column.cast(pa.timestamp(field.type.unit))
                rows = rows.set_column(place, field.name, local.cast(pa.string()))
        values = rows.to_pylist()
    return values


def _convert_maps(value: Any, kind: Any) -> Any:
    from pyarrow import types

    if value is None:
        return None
    if types.is_map(kind):
        return {_text(key): _convert_maps(inner, kind.item_type) for key, inner in value}
    if types.is_struct(kind):
        return {field.name: _convert_maps(value[field.name], field.type) for field in kind}
    is_list = types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)
    return [_convert_maps(inner, kind.value_type) for inner in value] if is_list else value


def _json_value(value: Any) -> Any:
    """A value as a JSON value; a text if JSON has no such type."""
    if isinstance(value, dict):
        return {name: _json_value(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_json_value(item) for item in value]
    if isinstance(value, float) and not float("-inf") < value < float("inf"):
        return str(value)
    if isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() else _number(value)
    if isinstance(value, (dt.date, dt.time, dt.timedelta, bytes, tuple)):
        return _text(value)
    return value


def _number(value: decimal.Decimal) -> float | str:
    """A decimal as a number, or as a text if a float would lose digits."""
    return float(value) if decimal.Decimal(repr(float(value))) == value else str(value)


def _text(value: Any) -> str:
    """A value as the text of a cell."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None).isoformat(sep=" ")
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, tuple):
        return _interval_text(*value)
    if isinstance(value, (dict, list)):
        return json.dumps(_json_value(value), ensure_ascii=False)
    return str(value)


def _interval_text(months: int, days: int, nanoseconds: int) -> str:
    """An interval of Arrow, such as ``1 month 2 days 3.5 seconds``."""
    parts = ((months, "month"), (days, "day"), (decimal.Decimal(nanoseconds).scaleb(-9).normalize(), "second"))
    texts = [f"{decimal.Decimal(count):f} {unit}{'' if count == 1 else 's'}" for count, unit in parts if count]
    return " ".join(texts) or "0 seconds"
