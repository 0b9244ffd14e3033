"""A project's settings: ``project.toml``, checked and with defaults."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Cause, Report, did_you_mean
from cbx.diagnostics.did_you_mean import nearest
from cbx.diagnostics.source_files import SourceFile, as_text
from cbx.files.bounded_read import read_regular
from cbx.project.find_project import PROJECT_FILE
from cbx.project.toml_spans import parse_toml, setting_span
from cbx.spark_spelling import value_text

LOCAL = "local"
"""The environment of ``cbx run``; it is not deployed."""

USER = "{user}"
"""A placeholder in a catalog or schema for the name of the user who deploys, so that each developer has own tables."""

_LARGEST_FILE = 1 << 20
IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
DEVICE = re.compile("(con|prn|aux|nul|(com|lpt)[1-9\u00b9\u00b2\u00b3])\\Z", re.IGNORECASE)
"""Names of devices on Windows, with any suffix: git cannot check out a file or folder with such a name there."""
_REFERENCE = re.compile(r"\$\{[a-zA-Z][a-zA-Z0-9_.\[\]-]*\}")
"""References that the Databricks CLI replaces in every text of a bundle; they cannot be escaped."""
_LONGEST_NAME = 255
_NOT_IN_NAMES = re.compile(r"[./\s\x00-\x1f\x7f]")
_NAMES_OF_UNITY_CATALOG = "it has at most 255 characters, and no dot, slash, space or control character"
_MOST_VALUES = 50_000
_RESERVED_LAYERS = frozenset({"checks"})

Word = Annotated[str, StringConstraints(min_length=1, strict=True)]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", strict=True)]
ProjectName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_-]*$", max_length=100, strict=True)]
VariableValue = str | bool | int | float


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class ProjectSection(_Settings):
    """``[project]``."""

    name: ProjectName
    layers: tuple[Word, ...] = Field(("bronze", "silver", "gold"), min_length=1, strict=False)
    description: str = ""


class NamingSection(_Settings):
    """``[naming]``: templates over ``{layer}`` and ``{name}``."""

    schema_: Annotated[Word, Field(alias="schema")] = "{layer}"
    table: Word = "{name}"


class CompileSection(_Settings):
    """``[compile]``."""

    api: Literal["dlt", "pipelines"] = "dlt"
    source_format: Literal["notebook", "file"] = "notebook"
    constraints: Literal["none", "primary", "all"] = "primary"
    measures: Literal["warn", "error", "off"] = "warn"
    check_measures: bool = False
    analysis: bool = True
    trace: bool = True

    @property
    def reports_all(self) -> bool:
        """Whether queries are analysed and aggregates are checked, so that all warnings about them are there."""
        return self.analysis and self.measures != "off"


class EngineSection(_Settings):
    """``[test]``."""

    engine: Literal["sail", "spark"] = "sail"


class PipelineSection(_Settings):
    """``[pipelines.<name>]``: the models of one of several pipelines, by selectors."""

    select: tuple[Word, ...] = Field(min_length=1, strict=False)
    exclude: tuple[Word, ...] = Field((), strict=False)

    @field_validator("select", "exclude", mode="before")
    @classmethod
    def _may_be_one_text(cls, selectors: Any) -> Any:
        return (selectors,) if isinstance(selectors, str) else selectors


class Permission(_Settings):
    """A permission on the pipeline and its job: a user, group or service principal, and a level."""

    level: Literal["CAN_VIEW", "CAN_RUN", "CAN_MANAGE", "IS_OWNER"]
    group: Word | None = None
    user: Word | None = None
    service_principal: Word | None = None

    @model_validator(mode="after")
    def _names_one(self) -> Permission:
        if sum(principal is not None for principal in (self.group, self.user, self.service_principal)) != 1:
            raise ValueError("a permission needs exactly one of `group`, `user` and `service_principal`")
        return self


class Environment(_Settings):
    """``[environments.<name>]``: where and how a pipeline runs."""

    catalog: Word | None = None
    schema_: Annotated[Word | None, Field(alias="schema")] = None
    host: Word | None = None
    development: bool = False
    serverless: bool = True
    continuous: bool = False
    channel: Literal["CURRENT", "PREVIEW"] = "CURRENT"
    edition: Literal["CORE", "PRO", "ADVANCED"] = "ADVANCED"
    schedule: Word | None = None
    timezone: Word = "UTC"
    notifications: tuple[Word, ...] = Field((), strict=False)
    permissions: tuple[Permission, ...] = Field((), strict=False)
    run_as: Word | None = None
    root_path: Word | None = None
    vars: dict[Name, VariableValue] = {}
    tables: dict[str, Word] = {}
    streams: dict[str, Word] = {}

    @field_validator("tables", "streams", mode="before")
    @classmethod
    def _are_flat(cls, names: Any) -> Any:
        """Let a name with dots be written without quotes, which TOML reads as nested tables."""
        return dict(_flatten(names)) if isinstance(names, dict) else names

    @field_validator("schedule")
    @classmethod
    def _is_quartz(cls, schedule: str | None) -> str | None:
        if schedule is not None and len(schedule.split()) not in {6, 7}:
            raise ValueError(
                "a Quartz cron expression has six or seven fields and begins with the seconds: `0 0 5 * * ?`"
            )
        return schedule

    @field_validator("catalog", "schema_")
    @classmethod
    def _is_a_name_of_unity_catalog(cls, name: str | None) -> str | None:
        if name is None or _REFERENCE.search(name):  # reported on its own
            return name
        if {"{", "}"} & set(name.replace(USER, "")):
            raise ValueError("it should be a plain name: settings are not templates, only `{user}` is replaced")
        if len(name) > _LONGEST_NAME or _NOT_IN_NAMES.search(name):
            raise ValueError(f"`{name[:60]}` is not a name in Unity Catalog: {_NAMES_OF_UNITY_CATALOG}")
        return name

    @field_validator("root_path")
    @classmethod
    def _is_a_workspace_folder(cls, path: str | None) -> str | None:
        if path is not None and not re.fullmatch(r"(~|/Workspace)(/[^/]+)+", path):
            raise ValueError("it should be a folder in the workspace, `~/...` or `/Workspace/...`")
        return path

    @model_validator(mode="after")
    def _keeps_developers_apart(self) -> Environment:
        if self.development and self.root_path is not None and not self.root_path.startswith("~/"):
            raise ValueError("in development mode `root_path` starts with `~/`, so that each developer has a copy")
        return self


def _flatten(names: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in names.items():
        inner = _flatten(value) if isinstance(value, dict) else [("", value)]
        yield from ((f"{name}.{rest}" if rest else name, leaf) for rest, leaf in inner)


class ProjectSettings(_Settings):
    """All of ``project.toml``."""

    project: ProjectSection
    naming: NamingSection = NamingSection()
    compile: CompileSection = CompileSection()
    test: EngineSection = EngineSection()
    vars: dict[Name, VariableValue] = {}
    pipelines: dict[ProjectName, PipelineSection] = {}
    environments: dict[Name, Environment] = {}


@dataclass(frozen=True)
class Project:
    """A project: its folder, its settings, and the text of ``project.toml``."""

    root: Path
    settings: ProjectSettings
    source: SourceFile

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
        overrides = self.settings.environments.get(environment, Environment()).vars
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

    def configuration_key(self, variable: str) -> str:
        """The key of a variable in the pipeline's configuration."""
        return f"{self.name}.{variable}"

    def schema_of(self, layer: str, name: str) -> str:
        """The schema of a model's table."""
        return _fill(self.settings.naming.schema_, layer, name)

    def table_of(self, layer: str, name: str) -> str:
        """The name of a model's table, without its schema."""
        return _fill(self.settings.naming.table, layer, name)


def load_project(root: Path, report: Report) -> Project | None:
    """Read ``project.toml``.

    Args:
        root: The project's folder.
        report: Gets CBX001 and CBX107 for a file that cannot be read, CBX002 and CBX106 for its content.

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
        hint = "run cbx inside a project, or name one with `--project`; a project has a `project.toml` with a name"
        report.add(codes.PROJECT_NOT_FOUND, f"there is no `{PROJECT_FILE}` here or in a folder above", hint=hint)
        return None
    report.sources[PROJECT_FILE] = text
    source = SourceFile(PROJECT_FILE, text)
    data = parse_toml(source, report)
    if data is None:
        return None
    before = len(report)
    settings = _validate(data, source, report)
    if settings is None:
        return None
    _check_layers(settings, source, report)
    _check_naming(settings, source, report)
    _check_references(settings, source, report)
    _check_values(settings, source, report)
    return Project(root, settings, source) if len(report) == before else None


def has_environment(project: Project, name: str, report: Report) -> bool:
    """Whether the project has an environment; CBX002 if not. ``local`` always exists."""
    names = project.environment_names
    if name in names:
        return True
    hint = did_you_mean(name, names, f"the environments are {', '.join(names)}")
    span = setting_span(project.source, ("environments",))
    report.add(codes.INVALID_PROJECT_SETTING, f"the project has no environment `{name}`", span, hint=hint)
    return False


def _validate(data: dict[str, Any], source: SourceFile, report: Report) -> ProjectSettings | None:
    try:
        return ProjectSettings.model_validate(data)
    except ValidationError as error:
        problems = _problems_by_path(error)
        unknown = [path for path, problem in problems.items() if problem["type"] == "extra_forbidden"]
        meant = {(*path[:-1], nearest(str(path[-1]), _names_at(list(path[:-1])))) for path in unknown}
        for path, problem in problems.items():
            if problem["type"] != "missing" or path not in meant:
                _report_setting(list(path), problem, data, source, report)
        return None


def _problems_by_path(error: ValidationError) -> dict[tuple[str | int, ...], Any]:
    """One problem per setting: a value that fits no member of a union is one problem, not one per member."""
    problems: dict[tuple[str | int, ...], Any] = {}
    for problem in error.errors():
        path = tuple(key for key in problem["loc"] if key not in {"str", "bool", "int", "float", "[key]"})
        is_value = len(problem["loc"]) > len(path) and problem["loc"][-1] != "[key]"
        problems.setdefault(path, {**problem, "is_value": is_value})
    return problems


_TITLE = re.compile(r"`\[[^`]*\]`")


def _report_setting(
    path: list[str | int], problem: Any, data: Mapping[str, Any], source: SourceFile, report: Report
) -> None:
    setting = ".".join(str(key) for key in path)
    span = setting_span(source, path)
    if problem["type"] == "extra_forbidden":
        names = _names_at(path[:-1])
        hint, causes = _right_section(path), []
        if hint is not None:
            causes += [Cause(PROJECT_FILE, f"{path[:-1]}: {title}") for title in _TITLE.findall(hint)]
        elif (hint := did_you_mean(str(path[-1]), names)) is None:
            hint = f"the settings are {', '.join(names)}"
            if "vars" not in data and path[0] != "environments" and isinstance(problem["input"], VariableValue):
                hint = f"is it a variable of the project? write it under `[vars]`; {hint}"
                causes.append(Cause(PROJECT_FILE, "section vars"))
        report.add(
            codes.INVALID_PROJECT_SETTING,
            f"there is no setting `{setting}`",
            span,
            label="unknown",
            hint=hint,
            causes=causes,
        )
    elif problem["type"] == "missing":
        hint = f"add `{path[-1]} = ...`" if len(path) > 1 else f"add `[{setting}]` with a `name`"
        causes = [Cause(PROJECT_FILE, f"[]: `[{setting}]`")]
        report.add(codes.INVALID_PROJECT_SETTING, f"`{setting}` is missing", span, hint=hint, causes=causes)
    else:
        message = f"`{setting}`: {_problem_text(problem)}"
        report.add(codes.INVALID_PROJECT_SETTING, message, span, label="not valid")


def _right_section(path: list[str | int]) -> str | None:
    """A hint that names the section of a setting that is in a wrong section."""
    name = str(path[-1])
    current = str(path[0]) if len(path) > 1 else ""
    sections: dict[str, tuple[str, type[BaseModel]]] = {
        "project": ("[project]", ProjectSection),
        "naming": ("[naming]", NamingSection),
        "compile": ("[compile]", CompileSection),
        "test": ("[test]", EngineSection),
        "pipelines": ("[pipelines.<name>]", PipelineSection),
        "environments": ("[environments.<name>]", Environment),
    }
    right = [
        title
        for section, (title, model) in sections.items()
        if section != current and name in {field.alias or key for key, field in model.model_fields.items()}
    ]
    if name in sections and current == "environments":
        return f"`[{name}]` is for the whole project: write it at the top level"
    return f"`{name}` belongs to `{right[0]}`" + "".join(f" or `{other}`" for other in right[1:]) if right else None


def _problem_text(problem: Any) -> str:
    reason = str(problem["msg"])
    if problem["type"] == "string_pattern_mismatch":
        marks = "letters, digits, underscores and dashes" if "-]" in reason else "letters, digits and underscores"
        return f"`{problem['input']}` is not a name: it has {marks}, and no digit first"
    if problem["type"] in {"too_short", "string_too_short"}:
        return "it should not be empty"
    if problem["type"] == "value_error":
        return reason.removeprefix("Value error, ")
    if problem["is_value"]:
        return f"it should be text, a number, true or false, not `{str(problem['input'])[:60]}`"
    reason = reason.removeprefix("Input should be ").replace("'", "`")
    reason = reason.replace("a valid string", "text").replace("a valid boolean", "true or false")
    reason = reason.replace("a valid tuple", "a list").replace("a valid dictionary", "a table")
    reason = reason.split(" or instance of")[0]
    return f"it should be {reason}, not `{str(problem['input'])[:60]}`"


def _names_at(path: list[str | int]) -> list[str]:
    """The names of the settings in a table of ``project.toml``."""
    sections: dict[str, type[BaseModel]] = {
        "": ProjectSettings,
        "project": ProjectSection,
        "naming": NamingSection,
        "compile": CompileSection,
        "pipelines": PipelineSection,
        "environments": Environment,
    }
    section = Permission if "permissions" in path else sections.get(str(path[0]) if path else "", ProjectSettings)
    return sorted(field.alias or name for name, field in section.model_fields.items())


def _check_layers(settings: ProjectSettings, source: SourceFile, report: Report) -> None:
    span = setting_span(source, ("project", "layers"))
    for layer in settings.project.layers:
        if not IDENTIFIER.match(layer):
            message = f"the layer `{layer}` is not a name"
            report.add(codes.INVALID_NAME, message, span, hint="use letters, digits and underscores, no digit first")
        elif DEVICE.match(layer):
            message = f"the layer `{layer}` has the name of a device on Windows"
            report.add(codes.INVALID_NAME, message, span, hint="choose another name: no folder can have this one there")
        elif layer in _RESERVED_LAYERS:
            report.add(codes.INVALID_NAME, f"the layer name `{layer}` is reserved", span, hint="choose another name")
    if len({layer.lower() for layer in settings.project.layers}) != len(settings.project.layers):
        report.add(codes.INVALID_PROJECT_SETTING, "a layer is named twice", span, hint="name each layer once")


def _check_naming(settings: ProjectSettings, source: SourceFile, report: Report) -> None:
    templates = {"schema": settings.naming.schema_, "table": settings.naming.table}
    for setting, template in templates.items():
        if not IDENTIFIER.match(_fill(template, "layer", "name")):
            report.add(
                codes.INVALID_PROJECT_SETTING,
                f"`naming.{setting}`: `{template}` does not result in a valid name",
                setting_span(source, ("naming", setting)),
                hint="use letters, digits, underscores, `{layer}` and `{name}`",
            )


def _check_references(settings: ProjectSettings, source: SourceFile, report: Report) -> None:
    """Report texts with references that the Databricks CLI would replace in the bundle."""
    deployed = {name: environment for name, environment in settings.environments.items() if name != LOCAL}
    shared = {
        name: value
        for name, value in settings.vars.items()
        if any(name not in environment.vars for environment in deployed.values())
    }
    documents = {name: environment.model_dump(by_alias=True) for name, environment in deployed.items()}
    for path, text in _settings_texts({"vars": shared, "environments": documents}):
        reference = _REFERENCE.search(text)
        if reference:
            setting = ".".join(str(key) for key in path)
            message = f"`{setting}`: in the bundle, the Databricks CLI would replace `{reference[0]}`"
            hint = "write the value itself; in a catalog or schema, `{user}` is the name of the user who deploys"
            span = setting_span(source, path)
            report.add(codes.INVALID_PROJECT_SETTING, message, span, label="a reference in the bundle", hint=hint)


def _check_values(settings: ProjectSettings, source: SourceFile, report: Report) -> None:
    """Report too many values: the bundle has the value of every variable in every environment."""
    environments = settings.environments.values()
    values = len(environments) * (1 + len(settings.vars)) + sum(len(environment.vars) for environment in environments)
    if values > _MOST_VALUES:
        message = f"the variables of all environments have {values:,} values; the limit is {_MOST_VALUES:,}"
        span = setting_span(source, ("environments",))
        report.add(codes.INVALID_PROJECT_SETTING, message, span, hint="remove some environments or variables")


def _settings_texts(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """All texts in settings, each with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _settings_texts(item, (*path, name))
    elif isinstance(value, tuple):
        for number, item in enumerate(value):
            yield from _settings_texts(item, (*path, number))


def _fill(template: str, layer: str, name: str) -> str:
    return template.replace("{layer}", layer).replace("{name}", name)
