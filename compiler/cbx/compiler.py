"""The compiler: passes in order, from a folder to files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cbx.diagnostics.diagnostic import Diagnostic, Report, read_sources
from cbx.passes.check_expectations import check_expectations
from cbx.passes.check_keys import check_keys
from cbx.passes.check_kinds import check_kinds
from cbx.passes.check_relationships import check_relationships
from cbx.passes.check_variables import check_variables
from cbx.passes.declare import declare
from cbx.passes.discover import discover
from cbx.passes.emit import Emitted, emit
from cbx.passes.gate import gate
from cbx.passes.in_shards import in_shards
from cbx.passes.link import link
from cbx.passes.parse import parse
from cbx.passes.plan import plan
from cbx.passes.prove_keys import prove_keys
from cbx.passes.read_macros import read_macros
from cbx.passes.resolve import resolve
from cbx.passes.table_facts import known_tables
from cbx.passes.type_columns import type_columns
from cbx.project.settings import LOCAL, Project, has_environment, load_project
from cbx.stages.declared import Discovered
from cbx.stages.plan import Artifact, Plan
from cbx.stages.resolved import KnownTable, Typed

__all__ = ["PASSES", "Compilation", "Passes", "compile_project", "read_sources"]

Passes = tuple[Callable[[Any, Report], Any], ...]

PASSES: Passes = (
    discover,
    read_macros,
    in_shards(parse, declare, resolve),
    check_variables,
    link,
    type_columns,
    check_keys,
    check_relationships,
    check_kinds,
    check_expectations,
    prove_keys,
    gate,
    plan,
    emit,
)
"""Each pass takes what the one before returned; `gate` alone may return None, which ends the compilation."""


@dataclass(frozen=True)
class Compilation:
    """What a compilation found and what it would write.

    Attributes:
        project: The project; None if its settings are wrong.
        diagnostics: What is wrong or worth knowing, in the order of the places.
        model_count: How many model files were found.
        plan: What was planned; None after an error.
        artifacts: The files to write; none after an error.
        hashes: The SHA-256 of each, by path.
        sources: The texts of the files that were read, by path.
        tables: What is known of each model's table; nothing after an error.
        is_lasting: Whether the same files would be compiled to the same again.
        untraced_here: As `Report` has it.
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
        """Whether nothing stands in the way of writing."""
        return self.plan is not None


def compile_project(
    root: Path,
    environment: str = LOCAL,
    *,
    with_analysis: bool = True,
    with_trace: bool = True,
    passes: Passes | None = None,
) -> Compilation:
    """Compile the project in a folder. Reads its files and writes nothing but a cache of what was traced.

    Args:
        root: The folder with ``project.toml``.
        environment: The environment it is compiled for: ``local``, or one of the project's.
        with_analysis: Whether the code of models is analysed, if the project does not say otherwise.
        with_trace: Whether the functions of Python models are traced for that, if the project does not say otherwise.
        passes: The passes, where some of `PASSES` are given more to go by.

    Returns:
        The compilation, with all diagnostics; a problem of the project is never an exception.
    """
    report = Report()
    project = load_project(root, report)
    if project is None or not has_environment(project, environment, report):
        return Compilation(None, report.sorted(), 0, None, (), sources=report.sources)
    stage: Any = project.analysed(analysis=with_analysis, trace=with_trace)
    model_count = 0
    typed: Typed | None = None
    tables: Mapping[str, KnownTable] = {}
    for run_pass in passes or PASSES:
        stage = run_pass(stage, report)
        if isinstance(stage, Discovered):
            model_count = len(stage.known_ids)
        elif isinstance(stage, Typed):
            typed = stage
        elif isinstance(stage, Plan) and typed is not None:
            tables, typed = known_tables(typed), None
        if stage is None:
            return Compilation(project, report.sorted(), model_count, None, (), sources=report.sources)
    assert isinstance(stage, Emitted)  # noqa: S101 - what the last pass returns
    return Compilation(
        project,
        report.sorted(),
        model_count,
        stage.plan,
        stage.artifacts,
        stage.hashes,
        report.sources,
        tables,
        report.is_lasting,
        report.untraced_here,
    )
