"""The compiler: from the folder of a project to the texts of files."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cbx.diagnostics.diagnostic import Diagnostic, Report
from cbx.emit.artifacts import emit_artifacts
from cbx.passes.assign_pipelines import assign_pipelines
from cbx.passes.check_measures import check_measures
from cbx.passes.check_relationships import check_relationships
from cbx.passes.checks.check_expectations import check_expectations
from cbx.passes.checks.check_hazards import check_hazards
from cbx.passes.checks.check_keys import check_keys
from cbx.passes.checks.check_kinds import check_kinds
from cbx.passes.checks.check_options import check_options
from cbx.passes.checks.check_reader_functions import check_reader_functions
from cbx.passes.checks.check_variables import check_variables
from cbx.passes.discover import discover, discover_part
from cbx.passes.facts.table_facts import known_tables
from cbx.passes.link import link
from cbx.passes.plan import plan
from cbx.passes.prove_keys import prove_keys
from cbx.passes.read_macros import read_macros
from cbx.passes.read_models import read_models
from cbx.passes.type_columns import type_columns
from cbx.project.setting_types.sections import LOCAL
from cbx.project.settings import Project, has_environment, load_project
from cbx.stages.data_tests import NoRows
from cbx.stages.declared import Discovered
from cbx.stages.plan import Artifact, Plan
from cbx.stages.resolved import Connected, KnownTable, Proven, Typed
from cbx.stages.resolved_model import ResolvedModel

__all__ = ["Compilation", "ProjectPart", "check_models", "compile_project"]


@dataclass(frozen=True)
class Compilation:
    """The result of a compilation.

    Attributes:
        project: The project; None if its settings are wrong.
        diagnostics: The problems and remarks, in the order of their spans.
        model_count: How many model files there are.
        plan: What the artifacts were emitted from; None after an error.
        artifacts: The files to write; none after an error.
        hashes: The SHA-256 of each artifact, by path.
        sources: The texts of the files that were read, by path.
        tables: The columns and keys of each model's table; empty after an error.
        is_lasting: Whether the same files would be compiled to the same again.
        untraced_here: As in `Report`.
    """

    project: Project | None
    diagnostics: tuple[Diagnostic, ...]
    model_count: int
    plan: Plan | None
    artifacts: tuple[Artifact, ...]
    hashes: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, KnownTable] = field(default_factory=dict)
    is_lasting: bool = True
    untraced_here: Mapping[str, str] = field(default_factory=dict)

    @property
    def succeeded(self) -> bool:
        """Whether the artifacts may be written."""
        return self.plan is not None


@dataclass(frozen=True)
class ProjectPart:
    """Some models of a project, compiled without the others.

    Attributes:
        ids: The models to compile.
        paths: The files to read: those of these models, of what they read and of the parents that these refer to.
        tables: The tables of the models that are read and not compiled.
        project_ids: All models of the project.
    """

    ids: frozenset[str]
    paths: tuple[str, ...]
    tables: Mapping[str, KnownTable]
    project_ids: frozenset[str]

    def is_complete(self, proven: Proven) -> bool:
        """Whether the part has all that its models read: an edited model may read one that it did not read before."""
        models = [proven.models[name] for name in self.ids & set(proven.models)]
        read = {source.model for model in models for source in model.model_inputs}
        filled = {model.flow.model for model in models if model.flow is not None}
        rules = [test.rule for model in models for test in model.tests]
        tested = {name for rule in rules if isinstance(rule, NoRows) for name in rule.models}
        return read | filled | tested <= set(proven.models)


def compile_project(
    root: Path,
    environment: str = LOCAL,
    *,
    with_analysis: bool = True,
    with_trace: bool = True,
    part: ProjectPart | None = None,
) -> Compilation:
    """Compile the project in a folder. Reads its files and writes nothing but a cache of what was traced.

    Args:
        root: The folder with ``project.toml``.
        environment: The environment to compile for: ``local``, or one of the project's.
        with_analysis: Whether to analyse the code of models, unless the project's settings disable it.
        with_trace: Whether to trace the functions of Python models, unless the project's settings disable it.
        part: The models to compile, if not all.

    Returns:
        The compilation, with all diagnostics; a problem of the project is never an exception.
    """
    report = Report()
    settings = load_project(root, report)
    if settings is None or not has_environment(settings, environment, report):
        return Compilation(None, report.sorted_diagnostics(), 0, None, (), sources=report.sources)
    project = settings.with_analysis(analysis=with_analysis, trace=with_trace).with_dependencies(report)
    discovered = (
        discover(project, report) if part is None else discover_part(project, report, part.paths, part.project_ids)
    )
    proven = check_models(discovered, report, part.tables if part is not None else {})
    pipelines = assign_pipelines(proven, report)
    model_count = max(len(discovered.known_ids), len(proven.models))
    if report.has_errors or (part is not None and not part.is_complete(proven)):
        return Compilation(project, report.sorted_diagnostics(), model_count, None, (), sources=report.sources)
    if project.settings.compile.reports_all:
        report.report_unused_allowances(in_python=project.settings.compile.trace)
    planned = plan(proven, pipelines, only=part.ids if part is not None else None)
    emitted = emit_artifacts(planned, only_models=part is not None)
    return Compilation(
        project,
        report.sorted_diagnostics(),
        model_count,
        planned,
        emitted.artifacts,
        emitted.hashes,
        report.sources,
        known_tables(proven),
        report.is_lasting,
        report.untraced_here,
    )


def check_models(discovered: Discovered, report: Report, known: Mapping[str, KnownTable]) -> Proven:
    """Find everything that is wrong in the files of a project.

    Args:
        discovered: The files.
        report: Where problems go. After an error the result is incomplete, and nothing can be planned from it.
        known: The tables of models whose columns and keys are known from an earlier compilation.
    """
    macros = read_macros(discovered, report)
    resolved = read_models(discovered, macros, report)
    check_variables(resolved, report)
    linked = link(resolved, report)
    rare = _RarePasses.of(linked.models.values())
    typed = type_columns(linked, report, known)
    check_keys(typed, report)
    rare.check_flows(typed, report)
    connected = check_measures(rare.prove_references(check_relationships(typed, report), report), report)
    check_kinds(connected, report)
    check_reader_functions(connected, report)
    rare.check_snapshots_and_sinks(connected, report)
    check_options(connected, report)
    check_expectations(connected, report)
    rare.check_tests(connected, report)
    proven = prove_keys(connected, report)
    check_hazards(connected, report)
    rare.check_test_queries(connected, report)
    return proven


@dataclass(frozen=True)
class _RarePasses:
    """The passes that look only at models that few projects have. They are imported only for these projects.

    Attributes:
        has_flows: Whether a model is a flow; the others are as this one.
    """

    has_flows: bool
    has_seeds: bool
    has_snapshots: bool
    has_sinks: bool
    has_tests: bool

    @classmethod
    def of(cls, models: Collection[ResolvedModel]) -> _RarePasses:
        """The passes that the models of a project need."""
        return cls(
            has_flows=any(model.flow is not None for model in models),
            has_seeds=any(model.seed is not None for model in models),
            has_snapshots=any(model.snapshots is not None for model in models),
            has_sinks=any(model.sink is not None for model in models),
            has_tests=any(model.tests for model in models),
        )

    def check_flows(self, typed: Typed, report: Report) -> None:
        if self.has_flows:
            from cbx.passes.checks.check_flows import check_flows

            check_flows(typed, report)

    def prove_references(self, connected: Connected, report: Report) -> Connected:
        if not self.has_seeds:
            return connected
        from cbx.passes.prove_references import prove_references

        return prove_references(connected, report)

    def check_snapshots_and_sinks(self, connected: Connected, report: Report) -> None:
        if self.has_snapshots:
            from cbx.passes.checks.check_snapshots import check_snapshots

            check_snapshots(connected, report)
        if self.has_sinks:
            from cbx.passes.checks.check_sinks import check_sinks

            check_sinks(connected, report)

    def check_tests(self, connected: Connected, report: Report) -> None:
        if self.has_tests:
            from cbx.passes.checks.check_tests import check_tests

            check_tests(connected, report)

    def check_test_queries(self, connected: Connected, report: Report) -> None:
        if self.has_tests:
            from cbx.passes.checks.check_test_queries import check_test_queries

            check_test_queries(connected, report)
