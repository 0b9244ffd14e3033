"""The sections of ``project.toml``: their settings, types and defaults."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints, field_validator, model_validator

from cbx.project.setting_types.settings_table import SettingsTable, Texts, Word, flatten_names

LOCAL = "local"
"""The environment of ``cbx run``; it is not deployed."""

USER = "{user}"
"""A placeholder in a catalog or schema for the name of the user who deploys, so that each developer has own tables."""

REFERENCE = re.compile(r"\$\{[a-zA-Z][a-zA-Z0-9_.\[\]-]*\}")
"""References that the Databricks CLI replaces in every text of a bundle; they cannot be escaped."""
_LONGEST_NAME = 255
_CATALOG = re.compile(r"""(?:[A-Za-z0-9_-]|\{\{\s*var\(\s*(?:"\w+"|'\w+')\s*\)\s*\}\})+""")
_NOT_IN_NAMES = re.compile(r"[./\s\x00-\x1f\x7f]")
_NAMES_OF_UNITY_CATALOG = "it has at most 255 characters, and no dot, slash, space or control character"

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", strict=True)]
ProjectName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_-]*$", max_length=100, strict=True)]
VariableValue = str | bool | int | float


class ProjectSection(SettingsTable):
    """``[project]``."""

    name: ProjectName
    layers: tuple[Word, ...] = Field(("bronze", "silver", "gold"), min_length=1, strict=False)
    description: str = ""


class NamingSection(SettingsTable):
    """``[naming]``: templates over ``{layer}`` and ``{name}``."""

    schema_: Annotated[Word, Field(alias="schema")] = "{layer}"
    table: Word = "{name}"

    def schema_of(self, layer: str, name: str) -> str:
        """The schema of a model's table."""
        return _fill(self.schema_, layer, name)

    def table_of(self, layer: str, name: str) -> str:
        """The name of a model's table, without its schema."""
        return _fill(self.table, layer, name)


class CompileSection(SettingsTable):
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


class EngineSection(SettingsTable):
    """``[test]``."""

    engine: Literal["sail", "spark"] = "sail"


class RunSection(SettingsTable):
    """``[run]``."""

    engine: Literal["sail", "spark"] = "spark"
    spark: Texts = Field(default_factory=dict)


class SeedsSection(SettingsTable):
    """``[seeds]``: the layer of the seeds whose files are in no folder of a layer."""

    layer: Word | None = None


class PipelineSection(SettingsTable):
    """``[pipelines.<name>]``: the models of one of several pipelines, by selectors."""

    select: tuple[Word, ...] = Field(min_length=1, strict=False)
    exclude: tuple[Word, ...] = Field((), strict=False)

    @field_validator("select", "exclude", mode="before")
    @classmethod
    def _may_be_one_text(cls, selectors: Any) -> Any:
        return (selectors,) if isinstance(selectors, str) else selectors


class DependencySection(SettingsTable):
    """``[dependencies.<name>]``: another project, whose tables models read."""

    manifest: Word
    catalog: Word | None = None

    @field_validator("manifest")
    @classmethod
    def _is_a_json_file(cls, path: str) -> str:
        if not path.endswith(".json"):
            raise ValueError("it should be the `target/manifest.json` of another project")
        return path

    @field_validator("catalog")
    @classmethod
    def _is_a_catalog(cls, catalog: str | None) -> str | None:
        if catalog is not None and not _CATALOG.fullmatch(catalog):
            raise ValueError(f"`{catalog[:60]}` is not the name of a catalog; a variable is `{{{{ var('name') }}}}`")
        return catalog


class Permission(SettingsTable):
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


def _read_pipeline_table(value: Any) -> Any:
    """Check the settings of a pipeline; their many types are built only where a project has some."""
    from cbx.project.setting_types.pipeline_settings import PipelineSettings

    return PipelineSettings.model_validate(value).given_values


PipelineTable = Annotated[dict[str, Any], BeforeValidator(_read_pipeline_table)]


class Environment(SettingsTable):
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
    pipeline: PipelineTable = Field(default_factory=dict)
    pipelines: dict[ProjectName, PipelineTable] = Field(default_factory=dict)
    vars: dict[Name, VariableValue] = Field(default_factory=dict)
    owners: dict[str, Word] = Field(default_factory=dict)
    tables: dict[str, Word] = Field(default_factory=dict)
    streams: dict[str, Word] = Field(default_factory=dict)

    @field_validator("owners", "tables", "streams", mode="before")
    @classmethod
    def _are_flat(cls, names: Any) -> Any:
        return flatten_names(names)

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
        if name is None or REFERENCE.search(name):  # reported on its own
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


class ProjectSettings(SettingsTable):
    """All of ``project.toml``."""

    project: ProjectSection
    naming: NamingSection = Field(default_factory=NamingSection)
    compile: CompileSection = Field(default_factory=CompileSection)
    run: RunSection = Field(default_factory=RunSection)
    test: EngineSection = Field(default_factory=EngineSection)
    seeds: SeedsSection = Field(default_factory=SeedsSection)
    vars: dict[Name, VariableValue] = Field(default_factory=dict)
    pipelines: dict[ProjectName, PipelineSection] = Field(default_factory=dict)
    dependencies: dict[ProjectName, DependencySection] = Field(default_factory=dict)
    environments: dict[Name, Environment] = Field(default_factory=dict)


def _fill(template: str, layer: str, name: str) -> str:
    return template.replace("{layer}", layer).replace("{name}", name)
