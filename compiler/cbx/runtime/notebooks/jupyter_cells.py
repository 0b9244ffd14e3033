"""The cells of ``.ipynb`` files, as Jupyter and Databricks write them."""

from __future__ import annotations

import json
from typing import Any, Final

from cbx.runtime.notebooks.notebook_cells import NotebookCell, magic_cell

_DATABRICKS: Final = "application/vnd.databricks.v1+notebook"


def jupyter_cells(text: str) -> tuple[str, tuple[NotebookCell, ...]]:
    """The language of a notebook, such as ``python``, and its cells of code.

    Args:
        text: The JSON text of the file.

    Raises:
        ValueError: If it is not that of a notebook.
    """
    document = json.loads(text)
    if not isinstance(document, dict) or not isinstance(document.get("cells"), list):
        raise ValueError("the file is not a notebook: it has no cells")  # noqa: TRY004 - callers catch one error
    sources = [_source_lines(cell) for cell in document["cells"]]
    code = [cell.get("cell_type") == "code" for cell in document["cells"]]
    cells = zip(code, sources, _places(text, sources), strict=True)
    return _language(document), tuple(_code_cell(source, place) for is_code, source, place in cells if is_code)


def _language(document: dict[str, Any]) -> str:
    facts = document.get("metadata", {})
    name = facts.get(_DATABRICKS, {}).get("language") or facts.get("language_info", {}).get("name") or "python"
    return str(name).lower()


def _source_lines(cell: dict[str, Any]) -> list[str]:
    """The lines of a cell, each with its line break; the format allows one text or a list of them."""
    source = cell.get("source", "")
    return source.splitlines(keepends=True) if isinstance(source, str) else [str(line) for line in source]


def _code_cell(source: list[str], place: tuple[int, int | None]) -> NotebookCell:
    text, (line, column) = "".join(source), place
    if column is None:
        return magic_cell(line, text, indent=0, lines=(line,) * (text.count("\n") + 1))
    return magic_cell(line, text, indent=column)


def _places(text: str, sources: list[list[str]]) -> list[tuple[int, int | None]]:
    """The line in the file of the source of each cell, and where its text starts in each line.

    The second is None where the file does not have one line per line of source.
    """
    lines = text.split("\n")
    starts = [number for number, line in enumerate(lines, start=1) if line.lstrip().startswith('"source":')]
    if len(starts) != len(sources):
        return [(1, None)] * len(sources)
    return [_place(lines, start, source) for start, source in zip(starts, sources, strict=True)]


def _place(lines: list[str], start: int, source: list[str]) -> tuple[int, int | None]:
    following = lines[start : start + len(source)]
    if not source or [_text_of(line) for line in following] != source:
        return start, None
    return start + 1, following[0].index('"') + 1


def _text_of(line: str) -> str | None:
    """The text that is the whole line of a JSON file; None for other lines."""
    try:
        text = json.loads(line.strip().removesuffix(","))
    except ValueError:
        return None
    return text if isinstance(text, str) else None
