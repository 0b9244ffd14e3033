"""The files that ``cbx run`` runs: those of the compiled project, or the named ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cbx.cli.local_run.named_values import named_values, spark_settings, variable_values
from cbx.cli.places import path_from

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cbx.cli.local_run.run_options import RunOptions
    from cbx.cli.selection import SelectionOptions
    from cbx.compiler import Compilation
    from cbx.diagnostics.diagnostic import Diagnostic
    from cbx.diagnostics.source_files import SourceFile
    from cbx.project.setting_types.sections import Environment
    from cbx.runtime.errors import QueryLine
    from cbx.runtime.results import EngineName, StandInPaths


class ErrorsShownError(Exception):
    """There is no project, or its target folder cannot be written; the errors were printed."""


@dataclass(frozen=True)
class RunSources:
    """The files to run, and their configuration.

    Attributes:
        paths: Notebooks, files and folders.
        configuration: The configuration of the pipeline.
        folder: The folder to which relative paths belong.
        select: The tables to refresh, in lower case; None for all.
        checks: The datasets that only check other datasets.
        trace_back: Replaces the place of a problem in a notebook by the place in the model.
        stand_ins: What stands in for tables and streams outside the pipeline.
        engine: The engine of the project.
        spark_settings: Settings of Spark.
        origin: A hash of everything that they were made of, if that is known.
    """

    paths: tuple[Path, ...]
    configuration: dict[str, str]
    folder: Path
    select: frozenset[str] | None = None
    checks: frozenset[str] = frozenset()
    trace_back: Callable[[Diagnostic, QueryLine | None], Diagnostic] | None = None
    stand_ins: StandInPaths | None = None
    engine: EngineName = "spark"
    spark_settings: Mapping[str, str] = field(default_factory=dict)
    origin: str | None = None


def named_sources(paths: tuple[Path, ...], options: RunOptions) -> RunSources:
    """The named notebooks, files and folders, with the configuration and the stand-ins of the command line."""
    from cbx.project.setting_types.sections import Environment

    configuration, select = variable_values(options.variables), _selected_tables(options.selection)
    stand_ins = _stand_ins(options, Environment(), Path.cwd())
    settings = spark_settings(options.conf, {})
    return RunSources(paths, configuration, Path.cwd(), select, stand_ins=stand_ins, spark_settings=settings)


def compile_sources(options: RunOptions, output: Path | None) -> RunSources | None:
    """Compile the project to its notebooks.

    Args:
        options: The project, the environment and the variables.
        output: The folder for the compiled files; None for the project's folder.

    Returns:
        The notebooks; None if the project has errors, which are shown as `cbx compile` shows them.

    Raises:
        ErrorsShownError: If there is no project, or its target folder cannot be written.
    """
    from cbx.cli.local_run.configuration import depends_on_machine, run_configuration
    from cbx.cli.local_run.trace_to_model import trace_to_model
    from cbx.cli.local_run.unused_secrets import unused_secrets
    from cbx.cli.places import project_folder
    from cbx.incremental.stamps import digest
    from cbx.project.setting_types.sections import Environment
    from cbx.target.layout import TARGET

    root, env = project_folder(options.project), options.environment
    variables = variable_values(options.variables)
    spark_settings(options.conf, {})
    compilation, select = _compile(root, options, output)
    if compilation.project is None or compilation.plan is None:
        return None
    artifacts = [artifact.path for artifact in compilation.artifacts if artifact.path.endswith(".py")]
    configuration = run_configuration(compilation, env, variables, select)
    environment = compilation.project.settings.environments.get(env) or Environment()
    stand_ins = _stand_ins(options, environment, root)
    secrets = unused_secrets(compilation.plan, stand_ins, configuration)
    section, origin = compilation.project.settings.run, None
    if not depends_on_machine(compilation, env) and compilation.is_lasting:
        digests = {path: digest(text.encode()) for path, text in compilation.sources.items()}
        origin = options.origin(root, digests)
    return RunSources(
        paths=tuple((output or root) / TARGET / path for path in artifacts),
        configuration={**secrets, **configuration},
        folder=root.resolve(),
        select=select,
        checks=compilation.plan.check_names,
        trace_back=partial(trace_to_model, compilation=compilation, target=(output or root) / TARGET),
        stand_ins=stand_ins,
        engine=section.engine,
        spark_settings=spark_settings(options.conf, section.spark, _project_file(root, compilation)),
        origin=origin,
    )


def _project_file(root: Path, compilation: Compilation) -> SourceFile:
    """The file of the project's settings, with an absolute path."""
    from cbx.diagnostics.source_files import SourceFile
    from cbx.project.find_project import PROJECT_FILE

    return SourceFile(str(root.resolve() / PROJECT_FILE), compilation.sources[PROJECT_FILE])


def _compile(root: Path, options: RunOptions, output: Path | None) -> tuple[Compilation, frozenset[str] | None]:
    """Compile a project, show its diagnostics, and write its files; with the selected datasets.

    The selection comes before ``target/`` changes, which it may be compared with.

    Raises:
        ErrorsShownError: If there is no project, or its target folder cannot be written.
    """
    from cbx.cli.display.diagnostics import show_diagnostics
    from cbx.cli.local_run.selection import select_datasets
    from cbx.cli.places import print_waiting
    from cbx.compiler import compile_project
    from cbx.incremental.build import compile_and_record
    from cbx.incremental.options import Options
    from cbx.project.find_project import find_project
    from cbx.target.write import write_target

    selected: list[frozenset[str] | None] = []

    def select(compilation: Compilation) -> None:
        selected.append(select_datasets(compilation, options.selection))

    problems: tuple[Diagnostic, ...] = ()
    if output is None:
        compile_options = Options(options.environment, with_trace=options.with_trace)
        compilation, problems = compile_and_record(root, compile_options, select, print_waiting)
    else:
        compilation = compile_project(root, options.environment, with_trace=options.with_trace)
        select(compilation)
        if compilation.succeeded:
            _, problems = write_target(output, compilation.artifacts)
    diagnostics = (*compilation.diagnostics, *problems)
    show_diagnostics(diagnostics, compilation.sources, compilation.model_count, "text")
    if problems or (compilation.project is None and find_project(root) is None):
        raise ErrorsShownError
    return compilation, selected[0]


def _stand_ins(options: RunOptions, environment: Environment, folder: Path) -> StandInPaths:
    """What stands in for tables and streams: that of the environment, overridden by that of the command line.

    Paths of the environment are relative to the folder; those of the command line are made so.
    """
    from cbx.runtime.results import StandInPaths

    tables = named_values("--table", "a table as catalog.schema.table=path", options.tables)
    streams = named_values("--stream", "a stream as topic=path or kafka=path", options.streams)
    return StandInPaths(
        environment.tables | {name: path_from(folder, path) for name, path in tables.items()},
        environment.streams | {name: path_from(folder, path) for name, path in streams.items()},
    )


def _selected_tables(selection: SelectionOptions) -> frozenset[str] | None:
    """The selected tables of named notebooks; an option may have several, separated by spaces or commas."""
    from cbx.runtime import CannotRunError

    if selection.exclude or selection.state_manifest is not None:
        hint = "with notebooks, use --select with the names of tables"
        raise CannotRunError("--exclude and --state-manifest need a project", hint=hint)
    if not selection.include:
        return None
    return frozenset(name.lower() for text in selection.include for name in text.replace(",", " ").split())
