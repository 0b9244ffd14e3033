"""A project's settings: ``project.toml``, checked and with defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Report, did_you_mean
from cbx.diagnostics.source_files import SourceFile, as_text
from cbx.files.bounded_read import read_regular
from cbx.project.find_project import PROJECT_FILE
from cbx.project.setting_checks.check_settings import check_settings
from cbx.project.setting_checks.check_templates import check_places_of_env_vars
from cbx.project.setting_checks.setting_problems import validate_settings
from cbx.project.setting_types.sections import LOCAL, Environment, ProjectSettings
from cbx.project.toml_spans import parse_toml, setting_span
from cbx.spark_spelling import value_text

if TYPE_CHECKING:
    from cbx.project.dependencies import Dependency

_LARGEST_FILE = 1 << 20


@dataclass(frozen=True)
class Project:
    """A project.

    Attributes:
        root: Its folder.
        settings: Its settings.
        source: The text of ``project.toml``.
        dependencies: The other projects whose tables it reads, after `with_dependencies`.
    """

    root: Path
    settings: ProjectSettings
    source: SourceFile
    dependencies: Mapping[str, Dependency] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The project's name."""
        return self.settings.project.name

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers, lowest first."""
        return self.settings.project.layers

    @cached_property
    def deployed_environments(self) -> Mapping[str, Environment]:
        """The environments that can be deployed: all but ``local``."""
        return {name: environment for name, environment in sorted(self.settings.environments.items()) if name != LOCAL}

    @property
    def environment_names(self) -> tuple[str, ...]:
        """The names of all environments, with ``local``."""
        return tuple(sorted({LOCAL, *self.settings.environments}))

    def variables(self, environment: str) -> dict[str, str]:
        """The values of the variables in an environment, as strings for a pipeline's configuration."""
        overrides = (self.settings.environments.get(environment) or Environment()).vars
        merged = {**self.settings.vars, **overrides}
        return {name: value_text(value) for name, value in merged.items()}

    @cached_property
    def variable_names(self) -> frozenset[str]:
        """The names of all variables."""
        names = (name for environment in self.settings.environments.values() for name in environment.vars)
        return frozenset([*self.settings.vars, *names])

    def with_analysis(self, *, analysis: bool, trace: bool) -> Project:
        """The same project with the analysis or tracing switched off, if an argument is False."""
        section = self.settings.compile
        update = {"analysis": section.analysis and analysis, "trace": section.trace and trace}
        return replace(self, settings=self.settings.model_copy(update={"compile": section.model_copy(update=update)}))

    def with_dependencies(self, report: Report) -> Project:
        """The same project with the other projects whose tables it reads; CBX273 for a manifest that is not read."""
        sections = self.settings.dependencies
        if not sections:
            return self
        from cbx.project.dependencies import read_dependencies

        return replace(self, dependencies=read_dependencies(self.root, sections, self.source, report))

    def configuration_key(self, variable: str) -> str:
        """The key of a variable in the pipeline's configuration."""
        return f"{self.name}.{variable}"

    def schema_of(self, layer: str, name: str) -> str:
        """The schema of a model's table."""
        return self.settings.naming.schema_of(layer, name)

    def table_of(self, layer: str, name: str) -> str:
        """The name of a model's table, without its schema."""
        return self.settings.naming.table_of(layer, name)


def load_project(root: Path, report: Report) -> Project | None:
    """Read ``project.toml``.

    Args:
        root: The project's folder.
        report: Gets CBX001 and CBX107 for a file that cannot be read, CBX002, CBX106 and CBX150 for its content.

    Returns:
        The project, or None after a diagnostic.
    """
    path = root / PROJECT_FILE
    try:
        text = as_text(read_regular(path, _LARGEST_FILE))
    except UnicodeDecodeError:
        report.add(
            codes.INVALID_PROJECT_SETTING,
            f"`{PROJECT_FILE}` is not UTF-8 text",
            SourceFile(PROJECT_FILE, "").start(),
        )
        return None
    except OSError as error:
        if path.exists():
            problem = f"`{PROJECT_FILE}` cannot be read: {error.strerror}"
            report.add(codes.UNREADABLE_FILE, problem, SourceFile(PROJECT_FILE, "").start(), hint="fix it")
            return None
        hint = "go to the folder of a project or name it with `--project`; `cbx init shop` creates one in shop/"
        report.add(codes.PROJECT_NOT_FOUND, f"there is no `{PROJECT_FILE}` here or in a folder above", hint=hint)
        return None
    report.sources[PROJECT_FILE] = text
    source = SourceFile(PROJECT_FILE, text)
    data = parse_toml(source, report)
    if data is None:
        return None
    before, found = len(report), Report()
    misplaced = check_places_of_env_vars(data, source, report)
    settings = validate_settings(data, source, found)
    if settings is not None:
        check_settings(settings, source, found)
    report.extend(problem for problem in found.sorted_diagnostics() if problem.span not in misplaced)
    return Project(root, settings, source) if settings is not None and len(report) == before else None


def has_environment(project: Project, name: str, report: Report) -> bool:
    """Whether the project has an environment; CBX002 if not. ``local`` always exists."""
    names = project.environment_names
    if name in names:
        return True
    hint = did_you_mean(name, names, f"the environments are {', '.join(names)}")
    span = setting_span(project.source, ("environments",))
    report.add(codes.INVALID_PROJECT_SETTING, f"the project has no environment `{name}`", span, hint=hint)
    return False
