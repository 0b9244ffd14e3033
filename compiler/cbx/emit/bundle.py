"""The Databricks asset bundle: the pipeline, its job, and a target for each environment."""

from __future__ import annotations

from typing import Any

import yaml

from cbx.ir.plan import Artifact, Plan
from cbx.project import Environment, Permission, Project

PATH = "databricks.yml"


def emit_bundle(plan: Plan) -> Artifact:
    """``databricks.yml``: what the Databricks CLI deploys.

    The field names are those of the bundle configuration reference of the Databricks documentation.
    """
    project = plan.project
    key = project.name
    bundle: dict[str, Any] = {
        "bundle": {"name": project.name},
        "resources": {
            "pipelines": {key: _pipeline(plan)},
            "jobs": {f"{key}_update": _job(project, key)},
        },
    }
    targets = {
        name: _target(project, name, environment, key, is_default=number == 0)
        for number, (name, environment) in enumerate(_default_first(project))
    }
    if targets:
        bundle["targets"] = targets
    heading = "# Compiled by cbx from project.toml: change that, not this file.\n"
    return Artifact(PATH, heading + _as_yaml(bundle))


def _as_yaml(value: dict[str, Any]) -> str:
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return str(
        yaml.dump(value, Dumper=dumper, sort_keys=False, allow_unicode=False, width=4096, default_flow_style=False)
    )


def _pipeline(plan: Plan) -> dict[str, Any]:
    project = plan.project
    pipeline: dict[str, Any] = {"name": project.name}
    pipeline["schema"] = _schema(project)
    if project.settings.compile.source_format == "file":
        pipeline["root_path"] = "./transformations"
        pipeline["libraries"] = [{"glob": {"include": "./transformations/**"}}]
    else:
        pipeline["libraries"] = [{"notebook": {"path": f"./{path}"}} for path in plan.notebook_paths]
    return pipeline


def _schema(project: Project) -> str:
    """The schema of datasets that name none: the views and checks, which are not published."""
    return project.schema_of(project.layers[0], "default")


def _job(project: Project, key: str) -> dict[str, Any]:
    task = {"task_key": "update", "pipeline_task": {"pipeline_id": f"${{resources.pipelines.{key}.id}}"}}
    return {"name": f"{project.name} update", "tasks": [task]}


def _default_first(project: Project) -> list[tuple[str, Environment]]:
    """The environments to deploy to, the default first: the first in development mode, else none is."""
    environments = list(project.deployed_environments.items())
    return sorted(environments, key=lambda one: (not one[1].development, one[0]))


def _target(project: Project, name: str, environment: Environment, key: str, *, is_default: bool) -> dict[str, Any]:
    target: dict[str, Any] = {"mode": "development" if environment.development else "production"}
    if is_default and environment.development:
        target["default"] = True
    if environment.host:
        target["workspace"] = {"host": environment.host}
    if environment.run_as:
        target["run_as"] = {_principal(environment.run_as): environment.run_as}
    if environment.permissions:
        target["permissions"] = [_permission(one) for one in environment.permissions]
    target["resources"] = {"pipelines": {key: _pipeline_settings(project, name, environment)}}
    job = _job_settings(environment)
    if job:
        target["resources"]["jobs"] = {f"{key}_update": job}
    return target


def _principal(name: str) -> str:
    return "user_name" if "@" in name else "service_principal_name"


def _permission(one: Permission) -> dict[str, str]:
    named = {"group_name": one.group, "user_name": one.user, "service_principal_name": one.service_principal}
    return {"level": one.level, **{field: name for field, name in named.items() if name is not None}}


def _pipeline_settings(project: Project, name: str, environment: Environment) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    if environment.catalog:
        settings["catalog"] = environment.catalog
    if environment.schema_:
        settings["schema"] = environment.schema_
    settings["development"] = environment.development
    settings["continuous"] = environment.continuous
    settings["channel"] = environment.channel
    settings["serverless"] = environment.serverless
    if not environment.serverless:
        settings["edition"] = environment.edition
    variables = sorted(project.variables(name).items())
    if variables:
        settings["configuration"] = {project.configuration_key(variable): value for variable, value in variables}
    if environment.notifications:
        alerts = ["on-update-failure", "on-update-fatal-failure", "on-flow-failure"]
        settings["notifications"] = [{"email_recipients": list(environment.notifications), "alerts": alerts}]
    return settings


def _job_settings(environment: Environment) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    if environment.schedule:
        settings["schedule"] = {
            "quartz_cron_expression": environment.schedule,
            "timezone_id": environment.timezone,
            "pause_status": "PAUSED" if environment.development else "UNPAUSED",
        }
    if environment.notifications:
        settings["email_notifications"] = {"on_failure": list(environment.notifications)}
    return settings
