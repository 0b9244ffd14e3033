"""Notebooks and plain files: their cells, magic commands and code.

The source format is described on the Databricks page "Export and import Databricks notebooks".
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cbx.diagnostics.codes import INVALID_DEFINITION
from cbx.diagnostics.diagnostic import Diagnostic
from cbx.diagnostics.source_files import Span
from cbx.runtime.errors import CannotRunError, InvalidStatementsError, RunError, line_span
from cbx.runtime.failures import diagnose
from cbx.runtime.sql.parameters import SqlText

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FIRST_LINE = "# Databricks notebook source"

_SEPARATOR = re.compile(r"^# COMMAND -{10,}\s*$")
_MAGIC = re.compile(r"^# MAGIC ?(.*)$")
_INDENT = len("# MAGIC ")
_SQL_MAGIC = re.compile(r"^-- MAGIC %(\w+)")
_RUN = "import it as a module, or add both notebooks to the pipeline"
_SUFFIXES = (".py", ".sql")


@dataclass(frozen=True, slots=True)
class NotebookCell:
    """A cell of a source file; ``line`` is the number of its first line."""

    line: int
    text: str

    @property
    def magic(self) -> str | None:
        """The magic command that the cell starts with, such as ``%sql``; None if there is none."""
        for text in self.text.splitlines():
            if text.strip():
                match = _MAGIC.match(text)
                return match[1].split()[0] if match and match[1].startswith("%") else None
        return None

    @property
    def magic_text(self) -> str:
        """The text of a magic cell without the ``# MAGIC`` prefixes and the command."""
        lines = (_MAGIC.match(line) for line in self.text.splitlines())
        word = self.magic or ""
        return "\n".join(match[1] if match else "" for match in lines).replace(word, " " * len(word), 1)


def source_files(paths: Sequence[Path]) -> tuple[Path, ...]:
    """The source files of notebooks, files and folders, each once; those of a folder by path.

    Modules of packages below a folder are for imports and are omitted.

    Raises:
        CannotRunError: If a path does not exist, or a folder has no source file.
    """
    files: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            inside = sorted(file for file in path.rglob("*") if file.suffix in _SUFFIXES and _is_source(file, path))
            if not inside:
                raise CannotRunError(f"{path} has no Python or SQL files", hint="name the folder of the notebooks")
            files.update(dict.fromkeys(file.resolve() for file in inside))
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


def cells(text: str) -> tuple[NotebookCell, ...]:
    """The cells of a notebook; a plain file is one cell.

    Args:
        text: The file's text.
    """
    lines = text.removesuffix("\n").split("\n")
    if lines[0].strip() != FIRST_LINE:
        return (NotebookCell(1, text),)
    starts = [index for index, line in enumerate(lines) if _SEPARATOR.match(line)]
    bounds = [0, *starts, len(lines)]
    return tuple(
        NotebookCell(first + 2, "\n".join(lines[first + 1 : end]) + "\n") for first, end in itertools.pairwise(bounds)
    )


def run_file(
    path: Path,
    scope: dict[str, Any],
    note: Callable[[str, Span | None], None],
    define_sql: Callable[[SqlText], None],
) -> tuple[Diagnostic, ...]:
    """Run the cells of a source file in one namespace.

    The namespace is called ``__main__``, as on Databricks, so that functions are sent to Spark's workers by value.

    Args:
        path: The file.
        scope: Names that are defined for the file, such as ``spark``.
        note: Receives notes for the user, each with its line.
        define_sql: Receives SQL statements.

    Returns:
        What went wrong. Cells after a failed one are not run.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        return (Diagnostic(INVALID_DEFINITION, f"the file cannot be read: {error}", Span(str(path))),)
    namespace = {"__name__": "__main__", "__file__": str(path), "__builtins__": __builtins__, **scope}
    for cell in cells(text) if path.suffix != ".sql" else (NotebookCell(1, text),):
        try:
            if path.suffix == ".sql":
                _check_sql_magic(cell, path)
                define_sql(SqlText.plain(text, path))
            else:
                _run(cell, path, namespace, note, define_sql)
        except SystemExit as error:
            return (
                Diagnostic(INVALID_DEFINITION, f"the notebook exited with {error.code!r}", line_span(path, cell.line)),
            )
        except InvalidStatementsError as error:
            return error.diagnostics
        except Exception as error:  # noqa: BLE001 - whatever user code raises is reported at its line
            return (diagnose(error, (path.parent,), line_span(path, cell.line)).diagnostic,)
    return ()


def _run(
    cell: NotebookCell,
    path: Path,
    namespace: dict[str, Any],
    note: Callable[[str, Span | None], None],
    define_sql: Callable[[SqlText], None],
) -> None:
    """Run a cell of a Python notebook, or a plain file."""
    blank = len(cell.text) - len(cell.text.lstrip("\n"))
    magic, span = cell.magic, line_span(path, cell.line + blank)
    if magic is None:
        code = compile("\n" * (cell.line - 1) + cell.text, str(path), "exec", dont_inherit=True)
        exec(code, namespace)  # noqa: S102 - it runs the notebook
    elif magic == "%sql":
        define_sql(SqlText.plain(cell.magic_text, path, cell.line, _INDENT))
    elif magic == "%run":
        raise RunError(INVALID_DEFINITION, "%run is not supported in a pipeline", span=span, hint=_RUN)
    elif magic == "%pip":
        note("%pip is not run locally: install the packages in this environment", span)
    elif magic != "%md":
        note(f"a {magic} cell is ignored in a pipeline", span)


def _check_sql_magic(cell: NotebookCell, path: Path) -> None:
    """Refuse a SQL notebook with a cell of another language.

    Raises:
        RunError: If there is one.
    """
    for number, line in enumerate(cell.text.splitlines(), start=1):
        match = _SQL_MAGIC.match(line)
        if match is not None and match[1] != "md":
            raise RunError(
                INVALID_DEFINITION,
                f"a %{match[1]} cell is not supported in a SQL notebook of a pipeline",
                span=line_span(path, number),
                hint="move it to another notebook",
            )
