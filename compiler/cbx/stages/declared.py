"""Models as discovered, parsed and declared: nothing is resolved yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from cbx.declare.documents import ModelDocument
from cbx.declare.read_document import ReadCall
from cbx.diagnostics.source_files import SourceFile
from cbx.parse.toml.parameter_file import ParameterFiles
from cbx.project.settings import Project
from cbx.syntax.declarations import Parameters, ParsedModel, PythonFunction, SeedRows, SqlQuery
from cbx.syntax.spans import Spans


class ModelFile(NamedTuple):
    """A model file, and the model that it defines by its path; the declaration of a seed has its CSV file as rows."""

    source: SourceFile
    layer: str
    name: str
    rows: SourceFile | None = None

    @property
    def id(self) -> str:
        """The model's id."""
        return f"{self.layer}.{self.name}"


class Discovered(NamedTuple):
    """The texts of the project's files.

    Attributes:
        project: The project.
        model_files: The files of models.
        known_ids: The ids of all model files, also of unreadable ones, so that their readers are not reported.
        macro_files: The files of macros.
        parameter_files: The TOML files beside models, which ``for_each`` may name.
    """

    project: Project
    model_files: tuple[ModelFile, ...]
    known_ids: frozenset[str]
    macro_files: tuple[SourceFile, ...]
    parameter_files: ParameterFiles


class Parsed(NamedTuple):
    """The models whose files could be parsed, and all files of models by their paths."""

    project: Project
    models: tuple[ParsedModel, ...]
    known_ids: frozenset[str]
    sources: Mapping[str, SourceFile]


class DeclaredInput(NamedTuple):
    """An input and its checked arguments; ``parameter`` is None in SQL."""

    parameter: str | None
    keyword_only: bool
    call: ReadCall


class DeclaredModel(NamedTuple):
    """A model whose declaration was checked against its kind."""

    id: str
    layer: str
    name: str
    path: str
    kind: str
    document: ModelDocument
    spans: Spans
    unread: frozenset[str]
    description: str | None
    inputs: tuple[DeclaredInput, ...]
    code: PythonFunction | SqlQuery
    parameters: Parameters | None = None
    rows: SeedRows | None = None


class Declared(NamedTuple):
    """The project's models as declared. The other attributes are those of `Parsed`."""

    project: Project
    models: tuple[DeclaredModel, ...]
    known_ids: frozenset[str]
    sources: Mapping[str, SourceFile]
