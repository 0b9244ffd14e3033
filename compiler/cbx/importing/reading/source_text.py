"""The text of a source file, as Python or SQL, with the cells of other languages apart.

The formats are those of the Databricks page "Export and import Databricks notebooks": source files, plain files and
``.ipynb``.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

Language = Literal["python", "sql", "markdown", "run", "other"]

_FIRST_LINES: Final = {"python": "# Databricks notebook source", "sql": "-- Databricks notebook source"}
_SEPARATOR: Final = re.compile(r"(?:#|--) COMMAND -{10,}\s*$")
_MAGIC: Final = re.compile(r"(?:#|--) MAGIC ?(.*)$")
_TITLE: Final = re.compile(r"(?:#|--) DBTITLE \d+,?(.*)$")
_WORDS: Final[dict[str, Language]] = {"%sql": "sql", "%md": "markdown", "%md-sandbox": "markdown", "%run": "run"}
_DEFAULT: Final[dict[str, Language]] = {".py": "python", ".sql": "sql"}


@dataclass(frozen=True, slots=True)
class SourceCell:
    """A cell, without the signs around it.

    Attributes:
        language: Its language.
        text: Its text, with as many lines as in the file.
        line: The number of its first line in the file.
        indent: How many characters the file has before each line.
    """

    language: Language
    text: str
    line: int
    indent: int = 0


@dataclass(frozen=True, slots=True)
class SourceText:
    """A source file.

    Attributes:
        path: Its path, as diagnostics show it.
        stem: Its name without suffix.
        text: Its text; of a ``.ipynb`` file the same notebook as a source file.
        language: The language of cells that name none.
        cells: Its cells; a plain file has one.
    """

    path: str
    stem: str
    text: str
    language: Language
    cells: tuple[SourceCell, ...]

    @property
    def python(self) -> str:
        """The Python code, with the lines of the file; empty for a SQL file."""
        return self.text if self.language == "python" else ""


def read_source_text(path: str, text: str) -> SourceText:
    """Read the cells of a file.

    Args:
        path: Its path; the suffix is ``.py``, ``.sql`` or ``.ipynb``.
        text: Its text.

    Raises:
        ValueError: If a ``.ipynb`` file is not valid.
    """
    stem, suffix = path.rpartition("/")[2].rsplit(".", 1)
    if suffix == "ipynb":
        language, text = _as_source_format(json.loads(text))
    else:
        language = _DEFAULT[f".{suffix}"]
    return SourceText(path, stem, text, language, tuple(_cells(text, language)))


def is_notebook_mark(line: str) -> bool:
    """Whether a line belongs to the format of notebooks, not to the code."""
    return bool(
        line.strip() in _FIRST_LINES.values() or _SEPARATOR.match(line) or _MAGIC.match(line) or _TITLE.match(line)
    )


def _cells(text: str, language: Language) -> Iterator[SourceCell]:
    lines = text.split("\n")
    is_notebook = lines[0].strip() in _FIRST_LINES.values()
    has_cells = not is_notebook and language == "sql" and any(map(_SEPARATOR.match, lines))
    if not is_notebook and not has_cells:
        yield SourceCell(language, text, 1)
        return
    starts = [-1 if has_cells else 0, *(number for number, line in enumerate(lines) if _SEPARATOR.match(line))]
    for start, end in itertools.pairwise([*starts, len(lines)]):
        inside = lines[start + 1 : end]
        if any(line.strip() for line in inside):
            yield _cell(inside, start + 2, language)


def _cell(lines: Sequence[str], number: int, language: Language) -> SourceCell:
    first = (
        next(line for line in lines if line.strip() and not _TITLE.match(line))
        if any(line.strip() and not _TITLE.match(line) for line in lines)
        else ""
    )
    magic = _MAGIC.match(first)
    if magic is None or not magic[1].startswith("%"):
        return SourceCell(language, "\n".join(lines) + "\n", number)
    word = magic[1].split()[0]
    contents = [match[1] if (match := _MAGIC.match(line)) else "" for line in lines]
    text = "\n".join(contents).replace(word, " " * len(word), 1)
    return SourceCell(_WORDS.get(word, "other"), text + "\n", number, len("# MAGIC "))


def _as_source_format(notebook: Any) -> tuple[Language, str]:
    """The language and the source format of a Jupyter notebook.

    Raises:
        ValueError: If it has no cells.
    """
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise ValueError("it has no cells")  # noqa: TRY004 - the content of a file is wrong, not a type
    metadata = notebook.get("metadata", {})
    ours = metadata.get("application/vnd.databricks.v1+notebook", {}) if isinstance(metadata, dict) else {}
    language: Language = "sql" if isinstance(ours, dict) and ours.get("language") == "sql" else "python"
    sign = "--" if language == "sql" else "#"
    parts = [_cell_in_source_format(cell, sign) for cell in cells if isinstance(cell, dict)]
    separator = f"\n\n{sign} COMMAND ----------\n\n"
    return language, _FIRST_LINES[language] + "\n" + separator.join(parts) + "\n"


def _cell_in_source_format(cell: dict[str, Any], sign: str) -> str:
    source = cell.get("source", "")
    text = "".join(source) if isinstance(source, list) else str(source)
    if cell.get("cell_type") == "markdown":
        text = f"%md\n{text}"
    if text.lstrip().startswith(("%", "!")):
        return "\n".join(f"{sign} MAGIC {line}".rstrip() for line in text.strip().split("\n"))
    return text.rstrip("\n")
