"""Loading notebooks and plain files: the cells, their magic, and the code that is run.

The source format is described on the Databricks page "Export and import Databricks notebooks".
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cbx.runtime.failures import problem_of
from cbx.runtime.problems import CannotRunError, Place, Problem, RunError, SeveralProblemsError
from cbx.runtime.sql.parameters import SqlText

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FIRST_LINE = "# Databricks notebook source"

_SEPARATOR = re.compile(r"^# COMMAND -{10,}\s*$")
_MAGIC = re.compile(r"^# MAGIC ?(.*)$")
_INDENT = len("# MAGIC ")
_SQL_MAGIC = re.compile(r"^-- MAGIC %(\w+)")
_RUN = "import the module instead, or name both notebooks as sources of the pipeline"
_SUFFIXES = (".py", ".sql")


@dataclass(frozen=True, slots=True)
class NotebookCell:
    """A part of a source file that is run in one go; ``line`` is the number of its first line."""

    line: int
    text: str

    @property
    def magic(self) -> str | None:
        """The ``%word`` that the cell starts with, if it does."""
        for text in self.text.splitlines():
            if text.strip():
                match = _MAGIC.match(text)
                return match[1].split()[0] if match and match[1].startswith("%") else None
        return None

    @property
    def magic_text(self) -> str:
        """What a magic cell holds behind its ``%word``, line by line, each from its ninth character on."""
        lines = (_MAGIC.match(line) for line in self.text.splitlines())
        word = self.magic or ""
        return "\n".join(match[1] if match else "" for match in lines).replace(word, " " * len(word), 1)


def source_files(paths: Sequence[Path]) -> tuple[Path, ...]:
    """The files behind notebooks, files and folders, each once, folders in the order of their paths.

    The modules of a package below a folder are there to be imported, and are no sources.

    Raises:
        CannotRunError: If a path is not there, or a folder holds no source file.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            inside = sorted(file for file in path.rglob("*") if file.suffix in _SUFFIXES and _is_source(file, path))
            if not inside:
                raise CannotRunError(f"{path} holds no Python or SQL file", hint="name the folder of the notebooks")
            found.update(dict.fromkeys(file.resolve() for file in inside))
        elif path.is_file():
            found[path.resolve()] = None
        elif path.with_suffix(".py").is_file():
            found[path.with_suffix(".py").resolve()] = None
        else:
            raise CannotRunError(f"{path} is not there")
    return tuple(found)


def _is_source(file: Path, folder: Path) -> bool:
    """Whether a file below a folder is visible and in no package."""
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
    note: Callable[[str, Place | None], None],
    define_sql: Callable[[SqlText], None],
) -> tuple[Problem, ...]:
    """Run a source file's cells in a namespace of their own.

    The namespace is called ``__main__``, as on Databricks; functions that reach Spark's workers are then sent
    by value, which a name that workers cannot import would not be.

    Args:
        path: The file.
        scope: Names that the file finds defined, such as ``spark``.
        note: Takes what the user should know and its place.
        define_sql: Takes SQL statements.

    Returns:
        What went wrong; the cells behind a wrong one are not run.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        return (Problem(f"cannot be read: {error}", Place(path, 1)),)
    namespace = {"__name__": "__main__", "__file__": str(path), "__builtins__": __builtins__, **scope}
    for cell in cells(text) if path.suffix != ".sql" else (NotebookCell(1, text),):
        try:
            if path.suffix == ".sql":
                _check_sql_magic(cell, path)
                define_sql(SqlText.plain(text, path))
            else:
                _run(cell, path, namespace, note, define_sql)
        except SystemExit as error:
            return (Problem(f"the notebook left with {error.code!r}", Place(path, cell.line)),)
        except SeveralProblemsError as error:
            return error.problems
        except Exception as error:  # noqa: BLE001 - whatever the user's code raises is reported, at its place
            return (problem_of(error, (path.parent,), Place(path, cell.line)),)
    return ()


def _run(
    cell: NotebookCell,
    path: Path,
    namespace: dict[str, Any],
    note: Callable[[str, Place | None], None],
    define_sql: Callable[[SqlText], None],
) -> None:
    """Run a cell of a Python notebook, or a plain file."""
    blank = len(cell.text) - len(cell.text.lstrip("\n"))
    magic, place = cell.magic, Place(path, cell.line + blank)
    if magic is None:
        code = compile("\n" * (cell.line - 1) + cell.text, str(path), "exec", dont_inherit=True)
        exec(code, namespace)  # noqa: S102 - running the notebook is the purpose
    elif magic == "%sql":
        define_sql(SqlText.plain(cell.magic_text, path, cell.line, _INDENT))
    elif magic == "%run":
        raise RunError("a %run cell cannot run in a pipeline", place=place, hint=_RUN)
    elif magic == "%pip":
        note("%pip is not run locally: install the packages into this environment", place)
    elif magic != "%md":
        note(f"a {magic} cell is passed over, as a pipeline does", place)


def _check_sql_magic(cell: NotebookCell, path: Path) -> None:
    """Refuse a SQL notebook with a cell of another language.

    Raises:
        RunError: If there is one.
    """
    for number, line in enumerate(cell.text.splitlines(), start=1):
        match = _SQL_MAGIC.match(line)
        if match is not None and match[1] != "md":
            raise RunError(
                f"a %{match[1]} cell cannot run in a SQL notebook of a pipeline",
                place=Place(path, number),
                hint="put it into a notebook of its own",
            )
