"""Models as declared: every call checked against its document, nothing looked up yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from cbx.declare.documents import ModelDocument
from cbx.declare.reading import ReadCall
from cbx.diagnostics.source_files import SourceFile
from cbx.parse.jinja.templates import Templates
from cbx.project.settings import Project
from cbx.syntax.declarations import ParsedModel, PythonFunction, PythonModule, SqlQuery
from cbx.syntax.spans import Spans


class ModelFile(NamedTuple):
    """A model file and the model its place says it defines."""

    source: SourceFile
    layer: str
    name: str

    @property
    def id(self) -> str:
        """The model's id."""
        return f"{self.layer}.{self.name}"


class Discovered(NamedTuple):
    """The project's files, read."""

    project: Project
    model_files: tuple[ModelFile, ...]
    known_ids: frozenset[str]
    macro_files: tuple[SourceFile, ...]

    @property
    def sources(self) -> tuple[SourceFile, ...]:
        """All files."""
        return (*(one.source for one in self.model_files), *self.macro_files)


class Prepared(NamedTuple):
    """The files of models, and all that reading any of them takes.

    Attributes:
        project: The project.
        model_files: The files.
        known_ids: The ids of all model files, so that a broken file does not make its readers wrong too.
        templates: The Jinja macros.
        macro_modules: The Python macros, by module name: ``macros.contact``; None for one that does not parse.
    """

    project: Project
    model_files: tuple[ModelFile, ...]
    known_ids: frozenset[str]
    templates: Templates
    macro_modules: Mapping[str, PythonModule | None]


class Parsed(NamedTuple):
    """The files of models, parsed: those that could be read, and all files by their paths. The rest is as before."""

    project: Project
    models: tuple[ParsedModel, ...]
    known_ids: frozenset[str]
    templates: Templates
    macro_modules: Mapping[str, PythonModule | None]
    sources: Mapping[str, SourceFile]


class DeclaredInput(NamedTuple):
    """An input and its checked arguments; ``parameter`` is None in SQL."""

    parameter: str | None
    keyword_only: bool
    call: ReadCall


class DeclaredModel(NamedTuple):
    """A model whose declaration holds what its kind may say."""

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


class Declared(NamedTuple):
    """The project's models as declared. The other attributes are those of `Parsed`."""

    project: Project
    models: tuple[DeclaredModel, ...]
    known_ids: frozenset[str]
    templates: Templates
    macro_modules: Mapping[str, PythonModule | None]
    sources: Mapping[str, SourceFile]
