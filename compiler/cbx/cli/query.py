"""``cbx query``: prints the rows of a query over local tables."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cbx.cli.options import LimitOption, ProjectOption, RowFormat, RowFormatOption, StateOption
from cbx.cli.stop import stop

if TYPE_CHECKING:
    from cbx.diagnostics.source_files import SourceFile
    from cbx.runtime.tables.show_table import Peek

_NAME = "query"
"""Where the errors of a query are that is in no file."""


def query(
    sql: Annotated[
        str,
        typer.Argument(
            metavar="SQL", help="A query in DuckDB's SQL over tables or models; a .sql file; or -, the standard input."
        ),
    ],
    format: RowFormatOption = RowFormat.table,  # noqa: A002 - the name of the option
    limit: LimitOption = 20,
    project: ProjectOption = None,
    state: StateOption = None,
) -> None:
    """Print the rows of an SQL query over the tables of this machine. It only reads."""
    from cbx.cli.display.run import error_console, show_run_errors
    from cbx.cli.display.table_rows import print_rows
    from cbx.cli.places import explain_view
    from cbx.runtime.errors import CannotRunError, RunError

    text = _read(sql)
    try:
        peek = _peek(state, project, text, limit)
    except RunError as error:
        diagnostic = explain_view(error.diagnostic, project)
        show_run_errors(error_console(), [diagnostic], sources={text.path: text.text})
        raise typer.Exit(2 if isinstance(error, CannotRunError) else 1) from None
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        raise typer.Exit(130) from None
    print_rows(peek, format)


def _peek(state: Path | None, project: Path | None, text: SourceFile, limit: int) -> Peek:
    from cbx.cli.places import state_folder, tables_of_models
    from cbx.runtime.errors import CannotRunError

    if find_spec("duckdb") is None or find_spec("pyarrow") is None:
        raise CannotRunError("`cbx query` needs duckdb and pyarrow", hint="pip install 'circuit-box[query]'")
    from cbx.runtime.query.run_query import run_query

    return run_query(state_folder(state, project), text, tables_of_models(project), limit)


def _read(sql: str) -> SourceFile:
    """The text of a query: of the command line, of a file, or of the standard input."""
    from cbx.diagnostics.source_files import SourceFile, as_text
    from cbx.files.bounded_read import read_regular

    if sql == "-":
        return SourceFile(_NAME, as_text(sys.stdin.buffer.read(), errors="replace"))
    if not sql.lower().endswith(".sql") or len(sql.split()) > 1:
        return SourceFile(_NAME, sql.encode(errors="replace").decode())
    try:
        return SourceFile(sql, as_text(read_regular(Path(sql))))
    except OSError as error:
        stop(f"{sql} cannot be read: {error.strerror}", "name a file, or write the query itself")
    except UnicodeDecodeError:
        stop(f"{sql} is not UTF-8")
