"""The variables of the bundle: places of tables, the project's variables, and environment variables."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from cbx.project.setting_templates import env_vars_in, fill_templates
from cbx.project.settings import Project

PLACES = {
    "catalog": "Catalog of the tables in Unity Catalog.",
    "schema": "Schema of views and checks, which are not published.",
}
"""The settings that are variables, with their descriptions."""

Settings = Mapping[str, Any]
"""The settings of a pipeline in an environment."""


def bundle_variables(
    project: Project, settings: Mapping[str, Settings], pipelines: Mapping[str, Mapping[str, Settings]]
) -> dict[str, Any]:
    """The variables of the bundle: those with a value in every target, and those of the environment.

    Args:
        project: The project.
        settings: What all pipelines share, by environment.
        pipelines: The settings of each pipeline, by environment.
    """
    named = {name: {"description": text} for name, text in PLACES.items() if is_everywhere(name, settings)}
    for name in configured_variables(project, settings):
        named[bundle_variable(name)] = {"description": f"Value of the variable `{name}`."}
    for name in sorted({env_var.name for env_var in env_vars_in(pipelines)}):
        named[_env_variable(name)] = {"description": f"Value of the environment variable `{name}`."}
    return named


def is_everywhere(name: str, settings: Mapping[str, Settings]) -> bool:
    """Whether a setting has a value in every target."""
    return bool(settings) and all(name in target for target in settings.values())


def configured_variables(project: Project, settings: Mapping[str, Settings]) -> list[str]:
    """The names of the project's variables with a value in every target."""
    configurations = [target.get("configuration", {}) for target in settings.values()]
    return [
        name
        for name in sorted(project.variable_names)
        if configurations and all(project.configuration_key(name) in configuration for configuration in configurations)
    ]


def bundle_variable(name: str) -> str:
    """The bundle's name of a project variable; ``catalog`` and ``schema`` have other meanings there."""
    return f"var_{name}" if name in PLACES else name


def variable_values(
    project: Project, settings: Settings, pipelines: Mapping[str, Settings], variables: Collection[str]
) -> dict[str, str]:
    """The values of the bundle's variables in a target.

    A variable of the environment that the target does not use is empty, because the Databricks CLI requires a value of
    each variable. One without a default has no value: it is given when the bundle is deployed.

    Args:
        project: The project.
        settings: What all pipelines share in the target.
        pipelines: The settings of each pipeline.
        variables: The names of the bundle's variables.
    """
    configuration = settings.get("configuration", {})
    keys = {bundle_variable(name): project.configuration_key(name) for name in sorted(project.variable_names)}
    values = {name: settings[name] for name in PLACES if name in settings}
    values |= {name: configuration[key] for name, key in keys.items() if key in configuration}
    defaults = {_env_variable(env_var.name): env_var.default for env_var in env_vars_in(pipelines)}
    unused = {name: "" for name in variables if name not in {*PLACES, *keys, *defaults}}
    given = {name: default for name, default in defaults.items() if default is not None}
    named = {name: value for name, value in values.items() if name in variables}
    return named | dict(sorted((given | unused).items()))


def refer_to_env_vars(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings with references to the bundle's variables instead of environment variables."""
    filled: dict[str, Any] = fill_templates(settings, lambda env_var: f"${{var.{_env_variable(env_var.name)}}}")
    return filled


def _env_variable(name: str) -> str:
    return f"env_{name}"
