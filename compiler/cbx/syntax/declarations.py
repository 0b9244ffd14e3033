"""A declaration as written: literals and calls of the vocabulary, each with its span.

A Python decorator and the first ``{{ }}`` of a SQL file are read by the same code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal as OneOf
from typing import NamedTuple

from cbx.diagnostics.source_files import SourceFile, Span
from cbx.syntax.text import Text, TextSpans

Scalar = str | int | float | bool | None


class Literal(NamedTuple):
    """A string, number, boolean or None."""

    value: Scalar
    span: Span


class ListLiteral(NamedTuple):
    """A list or tuple."""

    items: tuple[Value, ...]
    span: Span


class DictLiteral(NamedTuple):
    """A dictionary, in the order written."""

    entries: tuple[tuple[Literal, Value], ...]
    span: Span


class Argument(NamedTuple):
    """An argument of a call; ``name`` is None where it is positional."""

    name: str | None
    value: Value
    span: Span


class Call(NamedTuple):
    """A call of a word of the vocabulary.

    Attributes:
        function: The word.
        arguments: The arguments that could be read.
        span: The word and its parentheses.
        name_span: The word alone.
        unread: The arguments of a kind or an input that could not be read completely; they were reported.
    """

    function: str
    arguments: tuple[Argument, ...]
    span: Span
    name_span: Span
    unread: frozenset[str] = frozenset()


Value = Literal | ListLiteral | DictLiteral | Call


ParameterValue = Scalar | tuple[Scalar, ...]


class Parameters(NamedTuple):
    """The parameters of one of the models that a file with ``for_each`` defines, and where they are written."""

    values: tuple[tuple[str, ParameterValue], ...]
    span: Span


class ParsedInput(NamedTuple):
    """An input of a model: in Python a parameter and its default, in SQL a call in the body.

    Attributes:
        parameter: The parameter's name; None in SQL.
        call: The call that names what is read.
        keyword_only: Whether the parameter is keyword-only in Python.
    """

    parameter: str | None
    call: Call
    keyword_only: bool = False


class NeededName(NamedTuple):
    """A name that a statement looks up outside itself.

    ``use`` is where: in code, in an annotation of a function, which Python evaluates unless the file has late
    annotations, or where it may never be looked up.
    """

    name: str
    use: OneOf["code", "annotation", "maybe"]
    span: Span


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of a Python file: its path, the number of its first line there, and its text.

    Lines of a text from which something was cut out are counted back from its end, where a function's body is.
    """

    path: str
    line: int
    text: str


class Statement(NamedTuple):
    """A top-level statement of a Python file.

    Attributes:
        names: The names it defines.
        changes: The names whose values it changes, as ``COLUMNS.append("id")`` does.
        needs: The names it looks up outside itself.
        source: Its text.
        variables: Its calls of ``var``.
        inner_imports: What it imports, below the top level of the file.
        span: Its first line.
    """

    names: tuple[str, ...]
    changes: tuple[str, ...]
    needs: tuple[NeededName, ...]
    source: Snippet
    variables: tuple[VariableUse, ...]
    inner_imports: tuple[ImportedName, ...]
    span: Span


class VariableUse(NamedTuple):
    """A call of ``var`` in Python code; the name is None where it is not a literal."""

    name: str | None
    span: Span


class ImportedName(NamedTuple):
    """A name that an import binds: ``from module import name as binding``; no name where a module is bound."""

    binding: str
    module: str
    name: str
    span: Span


class PythonModule(NamedTuple):
    """The definitions and imports of a Python file."""

    path: str
    statements: tuple[Statement, ...]
    imports: tuple[ImportedName, ...]


class PythonFunction(NamedTuple):
    """The function of a Python model, without its decorator and the defaults of its inputs, and its file."""

    definition: Statement
    module: PythonModule


class SqlQuery(NamedTuple):
    """The rendered query of a SQL model; its input slots count the calls.

    ``added_columns`` are the result columns of a query of files that it computes and does not read.
    """

    text: Text
    calls: tuple[Call, ...]
    spans: TextSpans | None = None
    added_columns: frozenset[str] = frozenset()


class SeedValue(NamedTuple):
    """A value in a CSV file, and its offsets there; an empty value without quotes is None."""

    text: str | None
    start: int
    end: int


class SeedRows(NamedTuple):
    """The rows of a seed: its CSV file, the names in its first line, and the values below, as many in each row."""

    source: SourceFile
    header: tuple[SeedValue, ...]
    rows: tuple[tuple[SeedValue, ...], ...]


class ParsedModel(NamedTuple):
    """A parsed model file: the declaration, the inputs and the code.

    ``inputs_complete`` is false where an input could not be read or may be missing, ``code`` is None where the
    query could not be read. A model of a file with ``for_each`` has ``parameters``, a seed has ``rows``
    instead of code.
    """

    id: str
    layer: str
    name: str
    path: str
    declaration: Call
    description: str | None
    inputs: tuple[ParsedInput, ...]
    inputs_complete: bool
    code: PythonFunction | SqlQuery | None
    parameters: Parameters | None = None
    rows: SeedRows | None = None
