"""Runs notebooks and plain files, cell by cell."""

from __future__ import annotations

import ast
import contextlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cbx.diagnostics.codes import INVALID_DEFINITION
from cbx.diagnostics.diagnostic import Diagnostic
from cbx.diagnostics.source_files import Span
from cbx.runtime.errors import CannotRunError, InvalidStatementsError, RunError, line_span
from cbx.runtime.failures import diagnose
from cbx.runtime.notebooks.jupyter_cells import jupyter_cells
from cbx.runtime.notebooks.notebook_cells import cells as source_cells
from cbx.runtime.notebooks.run_commands import SUFFIXES, notebooks_run, read_run_command
from cbx.runtime.sql.parameters import SqlText

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import CodeType

    from cbx.runtime.definitions import Registry
    from cbx.runtime.notebooks.notebook_cells import NotebookCell

_MOST_NOTEBOOKS = 50
"""How deep notebooks may run each other."""


def source_files(paths: Sequence[Path]) -> tuple[Path, ...]:
    """The source files of notebooks, files and folders, each once; those of a folder by path.

    Modules of packages below a folder are for imports and are omitted, and so are notebooks that others of the folder
    run with ``%run``.

    Raises:
        CannotRunError: If a path does not exist, or a folder has no source file.
    """
    files: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            inside = sorted(file for file in path.rglob("*") if file.suffix in SUFFIXES and _is_source(file, path))
            if not inside:
                raise CannotRunError(f"{path} has no Python or SQL files", hint="name the folder of the notebooks")
            files.update(dict.fromkeys(_without_run_notebooks([file.resolve() for file in inside])))
        elif path.is_file():
            files[path.resolve()] = None
        elif path.with_suffix(".py").is_file():
            files[path.with_suffix(".py").resolve()] = None
        else:
            raise CannotRunError(f"{path} does not exist")
    return tuple(files)


def _is_source(file: Path, folder: Path) -> bool:
    """Whether a file below a folder is not hidden and not part of a package."""
    inside = file.relative_to(folder)
    is_visible = not any(part.startswith((".", "__")) for part in inside.parts)
    return is_visible and not any((folder / parent / "__init__.py").exists() for parent in inside.parents[:-1])


def _without_run_notebooks(files: Sequence[Path]) -> list[Path]:
    """The files that no other file runs; all of them if they run each other."""
    run_by_others: set[Path] = set()
    for file in files:
        with contextlib.suppress(OSError, ValueError):
            run_by_others |= notebooks_run(_read_cells(file)[1], file) - {file}
    return [file for file in files if file not in run_by_others] or list(files)


def with_run_notebooks(files: Sequence[Path]) -> tuple[Path, ...]:
    """Files, and the notebooks that they run with ``%run``, and those that these run."""
    found, new = dict.fromkeys(files), list(files)
    while new:
        file = new.pop()
        with contextlib.suppress(OSError, ValueError):
            more = [other for other in sorted(notebooks_run(_read_cells(file)[1], file)) if other not in found]
            found.update(dict.fromkeys(more))
            new += more
    return tuple(found)


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
            language, cells = _read_cells(path)
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


def _read_cells(path: Path) -> tuple[str, tuple[NotebookCell, ...]]:
    """The magic command of the language of a file, and its cells.

    Raises:
        OSError: If the file cannot be read.
        ValueError: If it is not UTF-8, or not a notebook.
    """
    text = path.read_text(encoding="utf-8-sig")
    if path.suffix != ".ipynb":
        return f"%{'sql' if path.suffix == '.sql' else 'python'}", source_cells(text)
    language, cells = jupyter_cells(text)
    return f"%{language}", cells


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
