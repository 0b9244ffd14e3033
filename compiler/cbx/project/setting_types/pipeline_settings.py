"""The settings of a pipeline in an environment, with the names of the bundle schema."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from cbx.project.setting_types.cluster_settings import PipelineCluster
from cbx.project.setting_types.settings_table import SettingsTable, Texts, Word

_STORED = re.compile(r"/|[A-Za-z][A-Za-z0-9+.-]*:/|\{\{")
_LOCAL_FILE = re.compile(r"\.\.?/|-[er]\b|--requirement\b|--editable\b")
_MOST_TAGS = 25


class MavenLibrary(SettingsTable):
    """A library of a Maven repository."""

    coordinates: Word
    repo: Word | None = None
    exclusions: tuple[Word, ...] | None = Field(None, strict=False)


class PipelineLibrary(SettingsTable):
    """A library for the Java virtual machine: one of ``jar`` and ``maven``."""

    jar: Word | None = None
    maven: MavenLibrary | None = None

    @field_validator("jar")
    @classmethod
    def _is_stored(cls, path: str | None) -> str | None:
        if path is not None and not _STORED.match(path):
            raise ValueError(f"`{path}` is a path on this machine: upload it, and name the path in a volume")
        return path

    @model_validator(mode="after")
    def _is_one_library(self) -> PipelineLibrary:
        if len(self.model_fields_set) != 1:
            raise ValueError("a library needs exactly one of `jar` and `maven`")
        return self


class PipelineEnvironment(SettingsTable):
    """``environment``: what Python code needs."""

    dependencies: tuple[Word, ...] | None = Field(None, strict=False)
    environment_version: Word | None = None

    @field_validator("dependencies")
    @classmethod
    def _are_not_local(cls, dependencies: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for dependency in dependencies or ():
            if _LOCAL_FILE.match(dependency):
                raise ValueError(
                    f"`{dependency}` is a file on this machine: name packages, or upload a wheel and name its path"
                )
        return dependencies


class EventLogTable(SettingsTable):
    """``event_log``: the table of the event log."""

    name: Word
    catalog: Word | None = None
    schema_: Annotated[Word | None, Field(alias="schema")] = None


class PipelineNotification(SettingsTable):
    """One of ``notifications``: who is told of which events."""

    email_recipients: tuple[Word, ...] = Field(min_length=1, strict=False)
    alerts: tuple[
        Literal["on-update-success", "on-update-failure", "on-update-fatal-failure", "on-flow-failure"], ...
    ] = Field(min_length=1, strict=False)


class RestartWindow(SettingsTable):
    """``restart_window``: when a continuous pipeline may restart."""

    start_hour: int = Field(ge=0, le=23)
    days_of_week: (
        tuple[Literal["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"], ...] | None
    ) = Field(None, strict=False)
    time_zone_id: Word | None = None


class PipelineSettings(SettingsTable):
    """``[environments.<name>.pipeline]`` for all pipelines, ``[environments.<name>.pipelines.<pipeline>]`` for one."""

    configuration: Texts | None = None
    libraries: tuple[PipelineLibrary, ...] | None = Field(None, strict=False)
    environment: PipelineEnvironment | None = None
    clusters: tuple[PipelineCluster, ...] | None = Field(None, strict=False)
    serverless: bool | None = None
    photon: bool | None = None
    continuous: bool | None = None
    channel: Literal["CURRENT", "PREVIEW"] | None = None
    edition: Literal["CORE", "PRO", "ADVANCED"] | None = None
    tags: Texts | None = Field(None, max_length=_MOST_TAGS)
    budget_policy_id: Word | None = None
    usage_policy_id: Word | None = None
    event_log: EventLogTable | None = None
    notifications: tuple[PipelineNotification, ...] | None = Field(None, strict=False)
    restart_window: RestartWindow | None = None

    @field_validator("clusters")
    @classmethod
    def _have_labels_of_their_own(cls, clusters: tuple[PipelineCluster, ...] | None) -> Any:
        labels = [cluster.label or "default" for cluster in clusters or ()]
        if len(set(labels)) != len(labels):
            raise ValueError("two clusters have the same `label`; a cluster without one is `default`")
        return clusters

    @property
    def given_values(self) -> dict[str, Any]:
        """The settings that are written, as the pipelines API takes them."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)


_COMPILED = "the compiler adds the notebooks of models; `libraries` has the others"
NOT_SETTINGS: Mapping[type[SettingsTable], Mapping[str, str]] = {
    PipelineSettings: {
        "name": "the name is that of the project and the pipeline",
        "target": "use `schema` in `[environments.<name>]`",
        "trigger": "use `continuous`",
    },
    PipelineLibrary: {
        "file": _COMPILED,
        "glob": _COMPILED,
        "notebook": _COMPILED,
        "whl": "wheels belong to `dependencies` of `environment`",
    },
}
"""Names of the bundle schema that are no settings here, with hints."""
