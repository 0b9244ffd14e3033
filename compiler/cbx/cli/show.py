"""``cbx show``: prints the rows of a local table, or lists the tables."""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cbx.cli.options import LimitOption, ProjectOption, RowFormat, RowFormatOption, StateOption

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.text import Text

    from cbx.runtime.tables.list_tables import TableSummary


def show(
    table: Annotated[
        str | None,
        typer.Argument(metavar="TABLE", help="A table or its model, such as gold.daily_sales; default: list all."),
    ] = None,
    format: RowFormatOption = RowFormat.table,  # noqa: A002 - the name of the option
    limit: LimitOption = 20,
    project: ProjectOption = None,
    state: StateOption = None,
) -> None:
    """Print the rows of a table, or list all tables. Rows are sorted by the table's columns."""
    from cbx.cli.display.run import error_console, show_run_errors
    from cbx.cli.places import explain_view
    from cbx.runtime.errors import CannotRunError

    try:
        _require_pyarrow()
        if table is None:
            _list_tables(state, project, format)
        else:
            _show_table(state, project, table, format, limit)
    except CannotRunError as error:
        show_run_errors(error_console(), [explain_view(error.diagnostic, project)])
        raise typer.Exit(2) from None


def _require_pyarrow() -> None:
    from cbx.runtime.errors import CannotRunError

    if find_spec("pyarrow") is None:
        raise CannotRunError("showing a table needs pyarrow", hint="pip install 'circuit-box[sail]'")


def _show_table(state: Path | None, project: Path | None, table: str, row_format: RowFormat, limit: int) -> None:
    from cbx.cli.display.table_rows import print_rows
    from cbx.cli.places import state_folder, tables_of_models
    from cbx.runtime.tables.show_table import peek_table

    print_rows(peek_table(state_folder(state, project), table, limit, tables_of_models(project)), row_format)


def _list_tables(state: Path | None, project: Path | None, row_format: RowFormat) -> None:
    from cbx.cli.display.console_text import open_console, print_plain, print_words
    from cbx.cli.display.run import table_kind
    from cbx.cli.places import checks_of_project, state_folder
    from cbx.runtime.tables.list_tables import list_tables

    tables = list_tables(state_folder(state, project))
    checks = checks_of_project(project) & {table.name for table in tables}
    if row_format is RowFormat.table:
        console = open_console(sys.stdout)
        for line in table_lines([table for table in tables if table.name not in checks], console.width):
            print_plain(console, line)
        if checks:
            counted = "1 check" if len(checks) == 1 else f"{len(checks):,} checks"
            print_words(console, f"and {counted} on the data; `cbx events` shows the results", style="dim")
        return
    kinds = {table.name: "check" if table.name in checks else table_kind(table.kind) for table in tables}
    rows = [[table.name, kinds[table.name], table.rows, table.updated_at.isoformat()] for table in tables]
    if row_format is RowFormat.json:
        for row in rows:
            print(json.dumps(dict(zip(_NAMES, row, strict=True)), ensure_ascii=False))
    else:
        import csv

        csv.writer(sys.stdout, lineterminator="\n").writerows([_NAMES, *rows])


_NAMES = ("table", "kind", "rows", "updated")


def table_lines(tables: Sequence[TableSummary], width: int) -> Iterator[Text]:
    """A line for each table: its kind, its rows, and when it was updated last, in the time of this machine."""
    from cbx.cli.display.aligned_lines import Line, LineColumn, aligned_lines
    from cbx.cli.display.run import table_kind

    columns = (
        LineColumn("table"),
        LineColumn("kind", is_optional=True),
        LineColumn("rows", is_number=True),
        LineColumn("updated"),
    )
    times = [f"{table.updated_at.astimezone():%Y-%m-%d %H:%M:%S}" for table in tables]
    cells = [
        (table.name, table_kind(table.kind), f"{table.rows:,}", time) for table, time in zip(tables, times, strict=True)
    ]
    return aligned_lines(columns, [*map(Line, cells)], width)
