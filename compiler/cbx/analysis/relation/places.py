"""Where in the code of a model something is: in the text of its query, or at a call in Python."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class QuerySpan:
    """A range in the text of a query: the offset of its first character and the offset after its last."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class PythonCallSite:
    """The file and line of a call in a Python file."""

    file: str
    line: int


Place = QuerySpan | PythonCallSite | None
