"""The Databricks asset bundle: the pipeline, its job, and a target for each environment."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from cbx.emit.pipeline import (
    default_schema,
    grantee,
    job_name,
    job_schedule,
    job_tasks,
    pipeline_settings,
    pipeline_sources,
    run_as,
)
from cbx.project.settings import USER, Environment, Permission, Project
from cbx.stages.plan import Artifact, Plan

PATH = "databricks.yml"
_SHORT_NAME = "${workspace.current_user.short_name}"
_OWN_ROOT = "~/.bundle/${bundle.name}/${bundle.target}"
_PLACES = {
    "catalog": "The Unity Catalog of the tables.",
    "schema": "The schema of what is not published: views and checks.",
}


def emit_bundle(plan: Plan) -> Artifact:
    """``databricks.yml``: what the Databricks CLI deploys.

    The field names are those of the bundle configuration reference of the Databricks documentation. Where the tables
    are and what the project's variables say are variables of the bundle, so that ``--var`` can say it anew.
    """
    project = plan.project
    key = project.name
    environments = _default_first(project)
    settings = {name: pipeline_settings(project, name) for name, _ in environments}
    bundle: dict[str, Any] = {"bundle": {"name": project.name}}
    variables = _variables(project, settings)
    if variables:
        bundle["variables"] = variables
    pipeline = _pipeline(project, settings)
    bundle["resources"] = {
        "pipelines": {key: pipeline},
        "jobs": {
            f"{key}_update": {"name": job_name(project), "tasks": job_tasks(f"${{resources.pipelines.{key}.id}}")}
        },
    }
    if environments:
        bundle["targets"] = {
            name: _target(project, environment, settings[name], variables, is_default=number == 0)
            for number, (name, environment) in enumerate(environments)
        }
    heading = "# Compiled by cbx from project.toml: change that, not this file.\n"
    sources = pipeline_sources(plan, ".", is_imported=False)
    pipeline |= sources | {"libraries": []}
    text = _with_notebooks(_as_yaml(bundle), sources["libraries"])
    pipeline |= sources
    return Artifact(PATH, heading + (text or _as_yaml(bundle)))


def _as_yaml(value: dict[str, Any]) -> str:
    import yaml

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return str(
        yaml.dump(value, Dumper=dumper, sort_keys=False, allow_unicode=False, width=4096, default_flow_style=False)
    )


def _with_notebooks(text: str, libraries: list[dict[str, Any]]) -> str | None:
    """The text of a bundle without sources, with notebooks among them; None where only yaml can tell how to write them.

    Of ten thousand models, yaml would look at the notebooks for as long as it takes to make them.
    """
    paths = [str(library["notebook"]["path"]) for library in libraries if "notebook" in library]
    if not 0 < len(paths) == len(libraries) or text.count(_NO_LIBRARIES) != 1 or not all(map(_PLAIN.fullmatch, paths)):
        return None
    lines = "".join(f"      - notebook:\n          path: {path}\n" for path in paths)
    return text.replace(_NO_LIBRARIES, f"      libraries:\n{lines}")


_NO_LIBRARIES = "      libraries: []\n"
_PLAIN = re.compile(r"\./[\w/]+\.py", re.ASCII)


def _default_first(project: Project) -> list[tuple[str, Environment]]:
    """The environments to deploy to, the default first: the first in development mode, else none is."""
    environments = list(project.deployed_environments.items())
    return sorted(environments, key=lambda named: (not named[1].development, named[0]))


def _variables(project: Project, settings: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The variables of the bundle: those that every target gives a value to."""
    places = {name: text for name, text in _PLACES.items() if _is_everywhere(name, settings)}
    named = {name: {"description": text} for name, text in places.items()}
    for name in _configured(project, settings):
        named[_variable(name)] = {"description": f'What var("{name}") says.'}
    return named


def _is_everywhere(name: str, settings: dict[str, dict[str, Any]]) -> bool:
    return bool(settings) and all(name in target for target in settings.values())


def _configured(project: Project, settings: dict[str, dict[str, Any]]) -> list[str]:
    """The project's variables with a value in every target."""
    names = sorted(project.variable_names)
    own = [target.get("configuration", {}) for target in settings.values()]
    return [
        name for name in names if own and all(project.configuration_key(name) in configuration for configuration in own)
    ]


def _variable(name: str) -> str:
    """The bundle's name for a variable of the project; places keep theirs."""
    return f"var_{name}" if name in _PLACES else name


def _pipeline(project: Project, settings: dict[str, dict[str, Any]]) -> dict[str, Any]:
    pipeline: dict[str, Any] = {"name": project.name}
    pipeline |= {name: f"${{var.{name}}}" for name in _PLACES if _is_everywhere(name, settings)}
    pipeline.setdefault("schema", default_schema(project))
    configuration = {
        project.configuration_key(name): f"${{var.{_variable(name)}}}" for name in _configured(project, settings)
    }
    if configuration:
        pipeline["configuration"] = configuration
    return pipeline


def _target(
    project: Project,
    environment: Environment,
    settings: dict[str, Any],
    variables: Collection[str],
    *,
    is_default: bool,
) -> dict[str, Any]:
    key = project.name
    target: dict[str, Any] = {"mode": "development" if environment.development else "production"}
    if is_default and environment.development:
        target["default"] = True
    workspace = _workspace(environment)
    if workspace:
        target["workspace"] = workspace
    identity = run_as(environment)
    if identity:
        target["run_as"] = identity
    shared = [_permission(permission) for permission in environment.permissions if permission.level != "IS_OWNER"]
    if shared:
        target["permissions"] = shared
    own, named = _own_settings(project, settings, variables)
    if named:
        target["variables"] = named
    owners = {
        "permissions": [
            _permission(permission) for permission in environment.permissions if permission.level == "IS_OWNER"
        ]
    }
    job = job_schedule(environment) | (owners if owners["permissions"] else {})
    target["resources"] = {"pipelines": {key: own | (owners if owners["permissions"] else {})}}
    if job:
        target["resources"]["jobs"] = {f"{key}_update": job}
    return target


def _workspace(environment: Environment) -> dict[str, str]:
    """Where the bundle goes: one that is for production has to name its folder, so that there is one copy of it."""
    workspace = {"host": environment.host} if environment.host else {}
    if environment.root_path or not environment.development:
        workspace["root_path"] = environment.root_path or _OWN_ROOT
    return workspace


def _own_settings(
    project: Project, settings: dict[str, Any], variables: Collection[str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """A target's settings, those apart that are variables of the bundle."""
    values = {name: settings[name].replace(USER, _SHORT_NAME) for name in _PLACES if name in settings}
    configured = {
        _variable(name): project.configuration_key(name)
        for name in sorted(project.variable_names)
        if project.configuration_key(name) in settings.get("configuration", {})
    }
    values |= {name: settings["configuration"][key] for name, key in configured.items()}
    named = {name: value for name, value in values.items() if name in variables}
    own = {name: values.get(name, value) for name, value in settings.items() if name not in named}
    rest = {key: values[name] for name, key in configured.items() if name not in named}
    own.pop("configuration", None)
    return own | ({"configuration": rest} if rest else {}), named


def _permission(permission: Permission) -> dict[str, str]:
    return {"level": permission.level, **grantee(permission)}
