"""``cbx show``: print the rows of a table."""

from __future__ import annotations

import csv
import datetime as dt
import decimal
import json
import sys
from enum import Enum
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from cbx.runtime.tables.show_table import Peek


class Format(str, Enum):
    """How rows are printed."""

    table = "table"
    json = "json"
    csv = "csv"


def show(
    table: Annotated[str, typer.Argument(help="The table, such as gold.customer_order_summary.")],
    format: Annotated[Format, typer.Option(help="json: one object a line.")] = Format.table,  # noqa: A002 - the option's name
    limit: Annotated[int, typer.Option(min=0, help="How many rows; 0: all.")] = 20,
    project: Annotated[
        Path | None,
        typer.Option(help="The project's folder; default: the nearest one with a project.toml."),
    ] = None,
    state: Annotated[Path | None, typer.Option(help="The folder of the tables; default: .cbx in the project.")] = None,
) -> None:
    """Print the rows of a table that `cbx run` has made, ordered by its columns from left to right."""
    from cbx.cli.display.run import error_console, show_problem
    from cbx.cli.state_folder import state_folder
    from cbx.runtime.problems import CannotRunError

    try:
        found = _peek(state_folder(state, project), table, limit)
    except CannotRunError as error:
        show_problem(error_console(), "", error.problem)
        raise typer.Exit(2) from None
    {Format.table: _print_table, Format.json: _print_json, Format.csv: _print_csv}[format](found)


def _peek(state: Path, table: str, limit: int) -> Peek:
    from cbx.runtime.problems import CannotRunError

    if find_spec("pyarrow") is None:
        raise CannotRunError("showing a table needs pyarrow", hint="pip install 'circuit-box[local]'")
    from cbx.runtime.tables.show_table import first_rows

    return first_rows(state, table, limit)


def _print_json(found: Peek) -> None:
    for row in _rows(found):
        print(json.dumps(_plain(row), ensure_ascii=False))


def _print_csv(found: Peek) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(found.rows.column_names)
    for row in _rows(found):
        writer.writerow(["" if value is None else _text(value) for value in row.values()])


def _print_table(found: Peek) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for field in found.rows.schema:
        numeric = str(field.type).startswith(("int", "uint", "float", "double", "decimal"))
        justify: Literal["left", "right"] = "right" if numeric else "left"
        table.add_column(Text(field.name), justify=justify, overflow="fold", min_width=len(field.name))
    for row in _rows(found):
        cells = (Text("NULL", style="dim") if value is None else Text(_text(value)) for value in row.values())
        table.add_row(*cells)
    narrowest = sum(len(field.name) + 2 for field in found.rows.schema) + 2
    console.width = max(console.width, narrowest) if console.is_terminal else 100_000
    console.print(table)
    shown = found.rows.num_rows
    more = f"{shown:,} of {found.total:,} rows; --limit 0 shows all" if shown < found.total else f"{shown:,} rows"
    console.print(more, style="dim", highlight=False)


def _rows(found: Peek) -> list[dict[str, Any]]:
    """The rows with their maps as such, which Arrow gives as lists of pairs."""
    kinds = {field.name: field.type for field in found.rows.schema}
    return [{name: _mapped(value, kinds[name]) for name, value in row.items()} for row in found.rows.to_pylist()]


def _mapped(value: Any, kind: Any) -> Any:
    from pyarrow import types  # type: ignore[import-untyped]

    if value is None:
        return None
    if types.is_map(kind):
        return {_text(key): _mapped(inner, kind.item_type) for key, inner in value}
    if types.is_struct(kind):
        return {field.name: _mapped(value[field.name], field.type) for field in kind}
    return [_mapped(inner, kind.value_type) for inner in value] if types.is_list(kind) else value


def _plain(value: Any) -> Any:
    """A value as JSON has it; what JSON has no word for becomes text."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not float("-inf") < value < float("inf"):
        return str(value)
    if isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() else _number(value)
    if isinstance(value, (dt.date, dt.time, dt.timedelta, bytes)):
        return _text(value)
    return value


def _number(value: decimal.Decimal) -> float | str:
    """A decimal as a number, or as text if a number would lose digits."""
    return float(value) if decimal.Decimal(repr(float(value))) == value else str(value)


def _text(value: Any) -> str:
    """A value as one cell of text."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None).isoformat(sep=" ")
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, (dict, list)):
        return json.dumps(_plain(value), ensure_ascii=False)
    return str(value)
