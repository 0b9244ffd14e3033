"""The inputs of models: other models, tables, files, what readers of Spark read, and snapshots."""

from __future__ import annotations

from typing import NamedTuple

from cbx.declare.outside_systems import FILE_FORMATS
from cbx.diagnostics.source_files import Span
from cbx.syntax.text import Text, text_in_words


class ModelInput(NamedTuple):
    """A model that is read."""

    parameter: str | None
    keyword_only: bool
    model: str
    is_streaming: bool
    span: Span


class TableInput(NamedTuple):
    """A table that is read and that is no model here; ``dependency`` is its name in another project.

    Example: ``crm:silver.customers`` is the model ``silver.customers`` of the project ``crm``.
    """

    parameter: str | None
    keyword_only: bool
    table: Text
    is_streaming: bool
    span: Span
    dependency: str | None = None

    @property
    def name(self) -> str:
        """What it is called in diagnostics, tests and the graph."""
        return self.dependency or text_in_words(self.table)


class FileInput(NamedTuple):
    """A folder whose new files are read by Auto Loader.

    Attributes:
        parameter: The parameter's name; None in SQL.
        keyword_only: Whether the parameter is keyword-only in Python.
        path: The folder.
        format: The format of the files.
        schema_hints: Types by column name, as DDL: those of the input and those of the model's columns.
        options: Further options of the reader.
        span: The span of the input.
        schema: All columns and their types, as DDL; empty if they are inferred.
    """

    parameter: str | None
    keyword_only: bool
    path: Text
    format: str
    schema_hints: str
    options: tuple[tuple[str, Text], ...]
    span: Span
    is_streaming: bool = True
    schema: str = ""


class ReaderInput(NamedTuple):
    """What a reader of Spark reads outside of tables and files: topics of a streaming service, a table of a database.

    Attributes:
        parameter: The parameter's name; None in SQL.
        keyword_only: Whether the parameter is keyword-only in Python.
        format: The format of the reader.
        name: The topics or the table; the format where the options name none.
        options: The options of the reader.
        span: The span of the input.
        schema: All columns and their types, as DDL; empty if the reader knows them.
    """

    parameter: str | None
    keyword_only: bool
    format: str
    name: Text
    options: tuple[tuple[str, Text], ...]
    span: Span
    is_streaming: bool
    schema: str = ""

    @property
    def place(self) -> str:
        """What it reads in words: ``kafka:orders``, ``jdbc:public.orders``, the path of files, or only the format."""
        name = text_in_words(self.name)
        return name if name == self.format or self.format.lower() in FILE_FORMATS else f"{self.format}:{name}"


class SnapshotInput(NamedTuple):
    """Snapshots of a table, each with a version, which are read one after the other.

    Attributes:
        parameter: The parameter's name; None in SQL.
        keyword_only: Whether the parameter is keyword-only in Python.
        path: The folder of the snapshots; None for a function.
        format: The format of the files.
        schema: All columns and their types, as DDL; empty if they are inferred.
        options: Further options of the reader.
        function: The function that returns the next snapshot and its version; None for a folder.
        version: The type of the versions.
        span: The span of the input.
    """

    parameter: str | None
    keyword_only: bool
    path: Text | None
    format: str
    schema: str
    options: tuple[tuple[str, Text], ...]
    function: str | None
    version: str
    span: Span
    is_streaming: bool = False


Input = ModelInput | TableInput | FileInput | ReaderInput | SnapshotInput
