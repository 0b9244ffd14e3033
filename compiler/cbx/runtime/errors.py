"""What can go wrong in a run, as an exception that carries a diagnostic."""

from __future__ import annotations

import linecache
from typing import TYPE_CHECKING, Any, NamedTuple

from cbx.diagnostics.codes import CANNOT_START, UNKNOWN_TABLE
from cbx.diagnostics.diagnostic import Diagnostic, Related
from cbx.diagnostics.source_files import SourceFile, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from cbx.diagnostics.codes import Code


class QueryLine(NamedTuple):
    """A line of a SQL text that Spark names in an error: its number, from 1, and its text or a part of it."""

    number: int
    text: str


class RunError(Exception):
    """A diagnostic on its way to where it is reported.

    User code runs between the two, so this is the one kind of diagnostic that travels as an exception.
    """

    def __init__(
        self,
        code: Code,
        message: str,
        *,
        span: Span | None = None,
        hint: str | None = None,
        related: Iterable[Related] = (),
    ) -> None:
        super().__init__(message)
        self.diagnostic = Diagnostic(code, message, span, hint=hint, related=tuple(related))


class InvalidStatementsError(RunError):
    """Several diagnostics of one text, which are reported together."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        first = diagnostics[0]
        super().__init__(first.code, first.message, span=first.span, hint=first.hint)
        self.diagnostics = tuple(diagnostics)


class UnknownTableError(RunError):
    """A query reads a table that neither the pipeline nor the state folder has."""

    def __init__(self, name: str, *, span: Span | None = None) -> None:
        super().__init__(UNKNOWN_TABLE, f"there is no table `{name}`", span=span)
        self.name = name


class CannotRunError(RunError):
    """Nothing of the update could start: no Java, a state folder in use, a path without notebooks."""

    def __init__(
        self, message: str, *, hint: str | None = None, code: Code = CANNOT_START, span: Span | None = None
    ) -> None:
        super().__init__(code, message, span=span, hint=hint)


def root_cause(error: Exception) -> str:
    """The first line of an error, of its first cause if it is one of Java."""
    java: Any = getattr(error, "java_exception", None)
    while java is not None and java.getCause() is not None:
        java = java.getCause()
    text = str(error) if java is None else str(java.getMessage() or java.toString())
    return text.strip().partition("\n")[0]


def line_span(path: Path, line: int) -> Span:
    """A line of a file, without the white space around it; its first character if the file cannot be read."""
    linecache.checkcache(str(path))
    text = linecache.getline(str(path), line).rstrip("\n")
    span = SourceFile(str(path), text).whole_line(1)
    return span._replace(line=line, end_line=line)
