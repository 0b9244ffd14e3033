"""Imports a pipeline: from its source files to the files of a project."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from cbx.diagnostics.diagnostic import Diagnostic, Report
from cbx.importing.candidates import (
    Candidate,
    check_streams,
    collect_candidates,
    leave_with_neighbours,
    table_key,
)
from cbx.importing.definitions import FoundChanges, FoundDataset, FoundDefinition, FoundFlow, FoundOther
from cbx.importing.evaluation.values import UserFunction
from cbx.importing.import_report import ImportedModel, ImportReport, ReportItem
from cbx.importing.layers import Naming, name_models
from cbx.importing.left_files import TableRenames, left_python, left_sql, markdown_of
from cbx.importing.lost_comments import lost_comments
from cbx.importing.models.declaration import unknown_option
from cbx.importing.plan_project import ModelPlanner, PlannedModels
from cbx.importing.project_file import ProjectFacts, project_text
from cbx.importing.project_variables import UNKNOWN_TEXT, ProjectVariables, configuration_defaults
from cbx.importing.propose_keys import propose_keys
from cbx.importing.python.find_definitions import PythonDefinitions
from cbx.importing.python.function_reads import FunctionReads, find_reads
from cbx.importing.python.helper_statements import HelperStatements
from cbx.importing.python.rewrite_function import comments_around
from cbx.importing.reading.bundle import is_bundle, read_bundle
from cbx.importing.reading.bundle_settings import NO_SETTINGS, BundleSettings
from cbx.importing.reading.pipeline_sources import PipelineSources, PythonFile, read_sources
from cbx.importing.reading.source_text import SourceText
from cbx.importing.reads import FileInputRead
from cbx.importing.refused_models import compile_files, refused_models
from cbx.importing.sql.current_schema import qualify_definition
from cbx.importing.sql.find_definitions import SQL_STATEMENTS, SqlDefinitions
from cbx.project.identifiers import IDENTIFIER
from cbx.stages.resolved import KnownTable

_COMPUTED: Final = "something that is left reads it by a name that is not written out"
_IGNORED: Final = ".cbx/\n.venv/\n__pycache__/\n"


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """What to import.

    Attributes:
        paths: Notebooks, files and folders.
        name: The name of the project.
        configuration: The values of the configuration.
        layers: The layers that the user wants: a pattern of table names and a layer.
        schema: The schema of tables whose names have none; None for the project's name.
        catalog: The catalog of the tables, if it is known.
        with_trace: Whether the compiler traces the functions of models to find out which it refuses.
        state: The tables of a local run, in which keys are looked for; None for none.
        settings: The settings of the pipeline in a bundle.
    """

    paths: tuple[Path, ...]
    name: str
    configuration: Mapping[str, str] = field(default_factory=dict)
    layers: tuple[tuple[str, str], ...] = ()
    schema: str | None = None
    catalog: str | None = None
    with_trace: bool = True
    state: Path | None = None
    settings: BundleSettings = NO_SETTINGS


@dataclass(frozen=True, slots=True)
class ImportResult:
    """The files of the project by path, the report, and the problems of the source files."""

    files: Mapping[str, str]
    report: ImportReport
    diagnostics: tuple[Diagnostic, ...]
    texts: Mapping[str, str]


def read_bundles(request: ImportRequest, pipeline: str | None, report: Report) -> ImportRequest:
    """A request with the source files and settings of a pipeline instead of the bundle that defines it.

    Args:
        request: The request; a path may be a YAML file, or a folder with ``databricks.yml``.
        pipeline: The pipeline of a bundle that has several.
        report: Gets what is wrong with the bundle.
    """
    paths: list[Path] = []
    for path in request.paths:
        bundle = read_bundle(path, pipeline, report) if is_bundle(path) else None
        if bundle is not None:
            paths += bundle.paths
            request = replace(
                request,
                configuration={**bundle.configuration, **request.configuration},
                schema=request.schema or bundle.schema,
                catalog=request.catalog or bundle.catalog,
                settings=bundle.settings,
            )
        elif not is_bundle(path):
            paths.append(path)
    return replace(request, paths=tuple(paths))


def import_pipeline(request: ImportRequest) -> ImportResult:
    """Read a pipeline, and plan a project that does the same; nothing is written.

    What the compiler refuses is left in a notebook, too, so that the project has no error.
    """
    report = Report()
    sources = read_sources(request.paths, report)
    pipeline = FoundPipeline.of(sources, request)
    candidates = pipeline.candidates()
    while True:
        project = _ProjectWriter(pipeline, request, candidates).write()
        problems = project.planned.problems
        if not problems:
            compilation = compile_files(project.files, with_trace=request.with_trace)
            problems = refused_models(compilation.diagnostics, project.planned)
            if not problems:
                files, proposing = project.propose_keys(compilation.tables)
                return ImportResult(files, proposing, report.sorted_diagnostics(), sources.texts)
        candidates = leave_with_neighbours(
            (
                replace(candidate, problems=(problems[candidate.key],)) if candidate.key in problems else candidate
                for candidate in candidates
            ),
            pipeline.found,
        )


@dataclass(eq=False)
class FoundPipeline:
    """What the source files define."""

    sources: PipelineSources
    configuration: dict[str, str]
    python: PythonDefinitions
    sql: SqlDefinitions
    reads: dict[int, FunctionReads] = field(default_factory=dict)

    @classmethod
    def of(cls, sources: PipelineSources, request: ImportRequest) -> FoundPipeline:
        """Follow the source files."""
        configuration = {**configuration_defaults(sources.python), **request.configuration}
        python = PythonDefinitions(sources.python, configuration)
        sql = SqlDefinitions(configuration)
        for number, file in enumerate(sources.python):
            if not file.is_module:
                python.follow(number)
                sql.read_cells(file.source, number)
        for number, source in enumerate(sources.sql, len(sources.python)):
            sql.read_cells(source, number)
        return cls(sources, configuration, python, sql)

    @cached_property
    def found(self) -> list[FoundDefinition]:
        """What the files define; files that only prepare something, as with CREATE SCHEMA, are not part of one."""
        found = [*self.python.found, *self._sql_found()]
        of_pipeline = {
            definition.origin.file
            for definition in found
            if not isinstance(definition, FoundOther) or definition.is_of_pipeline
        }
        return [definition for definition in found if definition.origin.file in of_pipeline]

    def _sql_found(self) -> list[FoundDefinition]:
        """What statements define, by the full names of tables."""
        views = {
            table_key(definition.name)
            for definition in (*self.python.found, *self.sql.found)
            if isinstance(definition, FoundDataset) and definition.kind == "view"
        }
        schemas = self.sql.schemas
        return [
            definition if schema is None else qualify_definition(definition, schema, views)
            for definition in self.sql.found
            for schema in [schemas.get((definition.origin.file, definition.origin.statement))]
        ]

    def reads_of(self, function: UserFunction) -> FunctionReads:
        """What a function reads; asked for several times."""
        if id(function) not in self.reads:
            self.reads[id(function)] = find_reads(function, self.python.import_module)
        return self.reads[id(function)]

    def candidates(self) -> tuple[Candidate, ...]:
        """The tables and views, with the problems that are known before anything is written."""
        candidates = collect_candidates(self.found, self.reads_of)
        return leave_with_neighbours(check_streams(candidates, self.configuration), self.found)

    def path(self, file: int) -> str:
        """The path of a file by its number."""
        count = len(self.sources.python)
        return self.sources.python[file].source.path if file < count else self.sources.sql[file - count].path


@dataclass(eq=False)
class _ProjectWriter:
    """Writes the files of one attempt."""

    pipeline: FoundPipeline
    request: ImportRequest
    candidates: Sequence[Candidate]
    variables: ProjectVariables = field(default_factory=ProjectVariables)
    files: dict[str, str] = field(default_factory=dict)
    planned: PlannedModels = field(default_factory=PlannedModels)
    report: ImportReport = field(default_factory=lambda: ImportReport((), (), ()))

    @property
    def models(self) -> list[Candidate]:
        return [candidate for candidate in self.candidates if not candidate.problems]

    @property
    def _source_texts(self) -> list[SourceText]:
        """The source files that are no modules."""
        sources = self.pipeline.sources
        return [*(file.source for file in sources.python if not file.is_module), *sources.sql]

    def write(self) -> _ProjectWriter:
        """Plan all files."""
        pipeline = self.pipeline
        naming = self._naming()
        definitions = frozenset((definition.origin.file, definition.origin.statement) for definition in pipeline.found)
        planner = ModelPlanner(
            self.models,
            naming,
            pipeline.sources.python,
            pipeline.python.scopes,
            {candidate.key: self._comments(candidate) for candidate in self.models},
            pipeline.configuration,
            self.variables,
            definitions,
        )
        self.planned = planner.plan()
        self.files = dict(self.planned.files)
        left_files = self._write_left(naming)
        self.files["project.toml"] = project_text(self._facts(naming))
        self.files[".gitignore"] = _IGNORED
        self.report = self._report(naming, left_files)
        self.files["IMPORT.md"] = self.report.markdown()
        return self

    def propose_keys(self, tables: Mapping[str, KnownTable]) -> tuple[Mapping[str, str], ImportReport]:
        """The files and the report with the keys that models may declare.

        Args:
            tables: What the compiler knows of the tables of models, by id.
        """
        with_key = {
            candidate.dataset.name
            for candidate in self.models
            if candidate.changes is not None or candidate.dataset.settings.key
        }
        models = [model for model in self.report.models if model.name not in with_key and model.kind != "flow"]
        report = replace(self.report, keys=propose_keys(models, tables, self.request.state))
        return {**self.files, "IMPORT.md": report.markdown()}, report

    def _naming(self) -> Naming:
        paths = {candidate.key: self.pipeline.path(candidate.dataset.origin.file) for candidate in self.candidates}
        wanted = self.request.schema or ""
        schema = wanted if IDENTIFIER.match(wanted) else self.request.name.replace("-", "_")
        return name_models(self.candidates, self.pipeline.configuration, schema, self.request.layers, paths)

    def _facts(self, naming: Naming) -> ProjectFacts:
        texts = self.pipeline.sources.texts.values()
        is_modern = any(re.search(r"\bpipelines\b.*\bas dp\b|import pipelines", text) for text in texts)
        values = {name: self.pipeline.configuration.get(key, UNKNOWN_TEXT) for key, name in self.variables.items()}
        has_policy = any("refresh_policy" in candidate.dataset.settings.options for candidate in self.candidates)
        api = "pipelines" if is_modern or has_policy else "dlt"
        catalog, settings = self.request.catalog, self._environment_settings()
        return ProjectFacts(self.request.name, naming.layers, naming.schema, api, values, catalog, settings)

    def _environment_settings(self) -> Mapping[str, Any]:
        """The settings of the pipeline, without the configuration that became variables."""
        settings = dict(self.request.settings.given)
        names = {*self.variables, *(f"{self.request.name}.{name}" for name in self.variables.values())}
        rest = {key: value for key, value in settings.pop("configuration", {}).items() if key not in names}
        return {**settings, **({"configuration": rest} if rest else {})}

    def _comments(self, candidate: Candidate) -> list[str]:
        """The comments above and inside of the definitions of a candidate, but in no code that stays."""
        comments: list[str] = []
        for origin in candidate.origins:
            statement = self.pipeline.sql.statements.get((origin.file, origin.statement))
            if statement is not None:
                comments += statement.comments
            elif origin.file < len(self.pipeline.sources.python):
                comments += self._python_comments(origin.file, origin.statement)
        return list(dict.fromkeys(comments))

    def _python_comments(self, number: int, statement: int) -> list[str]:
        file = self.pipeline.sources.python[number]
        helper = HelperStatements(file, self.pipeline.sources.python)
        bodies = [
            (file.file.offset(function.lineno, 1), _end_of_line(file.source.text, file.positions.offsets(function)[1]))
            for function in _functions(file.tree.body[statement])
        ]
        return comments_around(file.comments, *helper.chunk(statement), bodies)

    def _write_left(self, naming: Naming) -> list[str]:
        """Write the notebooks with what is left; returns their paths."""
        kept = {(origin.file, origin.statement) for candidate in self.models for origin in candidate.origins}
        left = [
            definition
            for definition in self.pipeline.found
            if (definition.origin.file, definition.origin.statement) not in kept
        ]
        renames = TableRenames({candidate.key: naming.models[candidate.key].dataset for candidate in self.models})

        paths = []
        for number in sorted({definition.origin.file for definition in left}):
            path, text = self._left_file(number, [d for d in left if d.origin.file == number], kept, renames)
            self.files[path] = text
            paths.append(path)
            if number < len(self.pipeline.sources.python):
                self._copy_modules(self.pipeline.sources.python[number])
        self.planned.problems |= dict.fromkeys(renames.unnamed, _COMPUTED)
        for source in self._source_texts:
            markdown = markdown_of(source)
            if markdown and not any(path.startswith(f"left/{source.path.rpartition('.')[0]}.") for path in paths):
                self.files[f"left/{source.path.rpartition('.')[0]}.md"] = markdown + "\n"
        return paths

    def _copy_modules(self, file: PythonFile) -> None:
        """Copy the modules that a notebook imports beside it."""
        for module in self.pipeline.sources.modules_of(file):
            path = f"left/{module.source.path}"
            if path not in self.files:
                self.files[path] = module.source.text
                self._copy_modules(module)

    def _left_file(
        self, number: int, left: list[FoundDefinition], kept: set[tuple[int, int]], renames: TableRenames
    ) -> tuple[str, str]:
        python = self.pipeline.sources.python
        if number >= len(python):
            source = self.pipeline.sources.sql[number - len(python)]
            return f"left/{source.path.rpartition('.')[0]}.sql", self._left_sql(left, renames)
        file = python[number]
        helper = HelperStatements(file, self.pipeline.sources.python)
        imported = sorted(statement for other, statement in kept if other == number and statement < SQL_STATEMENTS)
        in_sql = [definition for definition in left if definition.origin.statement >= SQL_STATEMENTS]
        sql = self._left_sql(in_sql, renames)
        text = left_python(file, helper, imported, left, self.pipeline.reads_of, renames, sql)
        return f"left/{file.source.path.rpartition('.')[0]}.py", text

    def _left_sql(self, left: Sequence[FoundDefinition], renames: TableRenames) -> str:
        return left_sql(left, self.pipeline.sql.statements, self.pipeline.sql.schemas, renames)

    def _report(self, naming: Naming, left_files: Sequence[str]) -> ImportReport:
        models = [
            ImportedModel(
                naming.models[candidate.key].id,
                self.planned.paths.get(candidate.key, ""),
                candidate.dataset.name,
                naming.models[candidate.key].dataset,
                candidate.kind,
                candidate.dataset.origin.span,
            )
            for candidate in sorted(self.models, key=lambda candidate: naming.models[candidate.key].id)
        ]
        comments = lost_comments(self._source_texts, self.files)
        return ImportReport(models, self._left_items(), self._notes(naming), left_files, comments)

    def _left_items(self) -> list[ReportItem]:
        items = [
            ReportItem(candidate.dataset.name, candidate.dataset.origin.span, "; ".join(candidate.problems))
            for candidate in self.candidates
            if candidate.problems
        ]
        of_candidates = {origin for candidate in self.candidates for origin in candidate.origins}
        for definition in self.pipeline.found:
            if definition.origin in of_candidates:
                continue
            if isinstance(definition, FoundOther):
                items.append(ReportItem(definition.name, definition.origin.span, definition.reason))
            elif isinstance(definition, (FoundFlow, FoundChanges)):
                reason = f"it writes `{definition.target}`, which is no table of these files"
                items.append(ReportItem(_name_of(definition), definition.origin.span, reason))
        return items

    def _notes(self, naming: Naming) -> list[ReportItem]:
        notes = [ReportItem("schemas", None, note) for note in naming.notes]
        notes += [ReportItem(f"`{name}` of the pipeline", None, reason) for name, reason in self.request.settings.left]
        for candidate in self.models:
            span = candidate.dataset.origin.span
            texts = [*candidate.dataset.settings.notes]
            for read in candidate.reads:
                if isinstance(read, FileInputRead):
                    texts += [text for name in read.options if (text := unknown_option(name, read)) is not None]
                    texts += [] if read.is_auto_loader else ["its files are read with Auto Loader"]
            notes += [ReportItem(candidate.dataset.name, span, text) for text in dict.fromkeys(texts)]
        for key, name in self.variables.items():
            if key not in self.pipeline.configuration:
                notes.append(
                    ReportItem(key, None, f"set the variable `{name}` in project.toml: its value is not known")
                )
        return notes


def _name_of(definition: FoundDefinition) -> str:
    return definition.name if isinstance(definition, (FoundDataset, FoundFlow, FoundOther)) else definition.target


def _end_of_line(text: str, offset: int) -> int:
    end = text.find("\n", offset)
    return len(text) if end == -1 else end


def _functions(statement: ast.stmt) -> list[ast.FunctionDef]:
    return [node for node in ast.walk(statement) if isinstance(node, ast.FunctionDef)]
