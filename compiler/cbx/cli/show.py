"""``cbx show``: prints the rows of a local table."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cbx.cli.options import LimitOption, ProjectOption, RowFormat, RowFormatOption, StateOption

if TYPE_CHECKING:
    from cbx.runtime.tables.show_table import Peek


def show(
    table: Annotated[
        str, typer.Argument(metavar="TABLE", help="The table or its model, such as gold.customer_order_summary.")
    ],
    format: RowFormatOption = RowFormat.table,  # noqa: A002 - the name of the option
    limit: LimitOption = 20,
    project: ProjectOption = None,
    state: StateOption = None,
) -> None:
    """Print the rows of a table of `cbx run`, sorted by its columns."""
    from cbx.cli.display.run import error_console, show_run_errors
    from cbx.cli.display.table_rows import print_rows
    from cbx.runtime.errors import CannotRunError

    try:
        peek = _peek(state, project, table, limit)
    except CannotRunError as error:
        show_run_errors(error_console(), [error.diagnostic])
        raise typer.Exit(2) from None
    print_rows(peek, format)


def _peek(state: Path | None, project: Path | None, table: str, limit: int) -> Peek:
    from cbx.cli.places import state_folder, tables_of_models
    from cbx.runtime.errors import CannotRunError

    if find_spec("pyarrow") is None:
        raise CannotRunError("showing a table needs pyarrow", hint="pip install 'circuit-box[sail]'")
    from cbx.runtime.tables.show_table import peek_table

    return peek_table(state_folder(state, project), table, limit, tables_of_models(project))
