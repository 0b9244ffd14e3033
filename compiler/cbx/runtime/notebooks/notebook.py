"""Runs notebooks and plain files, cell by cell."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cbx.diagnostics.codes import INVALID_DEFINITION
from cbx.diagnostics.diagnostic import Diagnostic
from cbx.diagnostics.source_files import Span
from cbx.runtime.errors import InvalidStatementsError, RunError, line_span
from cbx.runtime.failures import diagnose
from cbx.runtime.notebooks.run_commands import read_run_command
from cbx.runtime.notebooks.source_files import read_cells
from cbx.runtime.sql.parameters import SqlText

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType

    from cbx.runtime.definitions import Registry
    from cbx.runtime.notebooks.notebook_cells import NotebookCell

_MOST_NOTEBOOKS = 50
"""How deep notebooks may run each other."""


def run_file(
    path: Path,
    scope: dict[str, Any],
    registry: Registry,
    define_sql: Callable[[SqlText], None],
) -> tuple[Diagnostic, ...]:
    """Run the cells of a source file in one namespace.

    The namespace is called ``__main__``, as on Databricks, so that functions are sent to Spark's workers by value.

    Args:
        path: The file.
        scope: Names that are defined for the file, such as ``spark``.
        registry: Receives notes for the user, each with its line.
        define_sql: Receives SQL statements.

    Returns:
        What went wrong. Cells after a failed one are not run.
    """
    namespace = {"__name__": "__main__", "__file__": str(path), "__builtins__": __builtins__, **scope}
    return _Run(namespace, registry, define_sql).run(path)


@dataclass(frozen=True, slots=True)
class _Run:
    """A run of a notebook, and of those that it runs, in one namespace.

    Attributes:
        namespace: The names of the notebook.
        registry: Receives notes for the user.
        define_sql: Receives SQL statements.
        running: The notebooks that are being run, the innermost last.
    """

    namespace: dict[str, Any]
    registry: Registry
    define_sql: Callable[[SqlText], None]
    running: tuple[Path, ...] = ()

    def run(self, path: Path) -> tuple[Diagnostic, ...]:
        """Run the cells of a notebook, and return what went wrong."""
        try:
            language, cells = read_cells(path)
        except (OSError, ValueError) as error:
            return (Diagnostic(INVALID_DEFINITION, f"the file cannot be read: {error}", Span(str(path))),)
        for cell in cells:
            try:
                self._run_cell(cell, language, path)
            except SystemExit as error:
                place = line_span(path, cell.line)
                return (Diagnostic(INVALID_DEFINITION, f"the notebook exited with {error.code!r}", place),)
            except InvalidStatementsError as error:
                place = line_span(path, cell.code_line)
                return tuple(diagnostic._replace(span=diagnostic.span or place) for diagnostic in error.diagnostics)
            except Exception as error:  # noqa: BLE001 - whatever user code raises is reported at its line
                return (diagnose(error, (path.parent,), line_span(path, cell.code_line)).diagnostic,)
        return ()

    def _run_cell(self, cell: NotebookCell, language: str, path: Path) -> None:
        """Run a cell of a notebook, or a plain file, by its magic command or that of the notebook's language."""
        command, span = cell.magic or language, line_span(path, cell.code_line)
        if command == "%python" and language == "%python":
            exec(_compile(cell, path), self.namespace)  # noqa: S102 - it runs the notebook
        elif command == "%sql":
            place = None if cell.lines else path
            self.define_sql(SqlText.plain(cell.text, place, cell.line, cell.indent))
        elif command == "%run":
            self._run_other(cell, path)
        elif command == "%pip":
            self.registry.note("%pip is not run locally: install the packages in this environment", span)
        elif not command.startswith("%md"):
            self.registry.note_once(f"{command} cells are ignored in a pipeline", span)

    def _run_other(self, cell: NotebookCell, path: Path) -> None:
        """Run another notebook in the same namespace.

        Raises:
            InvalidStatementsError: With what went wrong in it.
        """
        command, running = read_run_command(cell, path), (*self.running, path)
        if command.notebook in running or len(running) > _MOST_NOTEBOOKS:
            names = " -> ".join(notebook.name for notebook in (*running, command.notebook))
            hint, span = "remove one of the %run cells", line_span(path, cell.code_line)
            raise RunError(INVALID_DEFINITION, f"notebooks run each other in a cycle: {names}", span=span, hint=hint)
        self.namespace["dbutils"].widgets.arguments.update(command.arguments)
        diagnostics = replace(self, running=running).run(command.notebook)
        if diagnostics:
            raise InvalidStatementsError(diagnostics)


def _compile(cell: NotebookCell, path: Path) -> CodeType:
    """The code of a cell, with the lines of the file."""
    if not cell.lines:
        return compile("\n" * (cell.line - 1) + cell.text, str(path), "exec", dont_inherit=True)
    try:
        tree = ast.parse(cell.text, str(path))
    except SyntaxError as error:
        error.lineno = cell.line
        raise
    for node in ast.walk(tree):
        if isinstance(node, (ast.stmt, ast.expr, ast.excepthandler, ast.arg, ast.keyword, ast.alias, ast.pattern)):
            node.lineno = node.end_lineno = cell.lines[node.lineno - 1]
    return compile(tree, str(path), "exec", dont_inherit=True)
