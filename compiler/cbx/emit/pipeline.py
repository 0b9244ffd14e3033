"""The settings of a project's pipelines and job in an environment: the bundle holds them, ``cbx deploy`` sends them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cbx.project.setting_templates import map_texts
from cbx.project.setting_types.sections import USER, Environment, Permission
from cbx.project.settings import Project
from cbx.stages.plan import PipelinePlan, Plan

_MERGED = ("configuration", "tags")
"""The settings of one pipeline that add to those of all pipelines; the others replace them."""

_PLACES = frozenset({"catalog", "schema", "event_log"})
_ALERTS = ("on-update-failure", "on-update-fatal-failure", "on-flow-failure")


def pipeline_settings(project: Project, environment: str, pipeline: str | None = None) -> dict[str, Any]:
    """All settings of a pipeline except its name and its notebooks, by their names in the pipelines API.

    The catalog or schema of a single developer contains `USER` of ``sections.py``. Environment variables and secrets
    are as `cbx.project.setting_templates` reads them.

    Args:
        project: The project.
        environment: The name of one of its deployed environments.
        pipeline: The name of the pipeline; None for what all pipelines share.
    """
    chosen = project.settings.environments[environment]
    settings: dict[str, Any] = {"catalog": chosen.catalog} if chosen.catalog else {}
    settings["schema"] = _schema(project, chosen)
    settings["development"] = chosen.development
    settings["continuous"] = chosen.continuous
    settings["channel"] = chosen.channel
    settings["serverless"] = chosen.serverless
    settings["edition"] = chosen.edition
    variables = sorted(project.variables(environment).items())
    if variables:
        settings["configuration"] = {project.configuration_key(name): value for name, value in variables}
    if chosen.notifications:
        settings["notifications"] = [{"email_recipients": list(chosen.notifications), "alerts": list(_ALERTS)}]
    own = chosen.pipelines.get(pipeline or "", {})
    settings = _merge(_merge(settings, chosen.pipeline), own)
    if settings["serverless"]:
        del settings["edition"]
    return settings


def _merge(settings: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Settings with others that replace them or, as a configuration, add to them."""
    merged = {name: {**settings.get(name, {}), **own[name]} for name in _MERGED if name in own}
    return settings | own | merged


def default_schema(project: Project) -> str:
    """The schema of views and checks, if the environment has no ``schema``."""
    return project.schema_of(project.layers[0], "default")


def _schema(project: Project, environment: Environment) -> str:
    return environment.schema_ or (USER if environment.development else default_schema(project))


def fill_user(settings: dict[str, Any], user: str) -> dict[str, Any]:
    """Settings with the name of the user who deploys in the catalog, the schema and the table of the event log."""
    return {
        name: map_texts(value, lambda text: text.replace(USER, user)) if name in _PLACES else value
        for name, value in settings.items()
    }


def add_libraries(sources: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    """The settings of a pipeline with the places of its code, which are libraries beside those of `project.toml`."""
    libraries = [*sources["libraries"], *settings.get("libraries", ())]
    return {**settings, **sources, "libraries": libraries}


def pipeline_sources(plan: Plan, pipeline: PipelinePlan, folder: str, *, is_imported: bool) -> dict[str, Any]:
    """The settings with the places of a pipeline's code.

    Args:
        plan: The compiled project.
        pipeline: One of its pipelines.
        folder: Where the compiled files are, without a slash at the end.
        is_imported: Whether they are in a workspace, where notebooks have no suffix.
    """
    if plan.project.settings.compile.source_format == "file":
        root = f"{folder}/transformations"
        globs = [f"{root}/**"] if pipeline.name is None else [f"{folder}/{path}" for path in pipeline.artifacts]
        return {"root_path": root, "libraries": [{"glob": {"include": include}} for include in globs]}
    paths = (path.removesuffix(".py") if is_imported else path for path in pipeline.artifacts)
    return {"libraries": [{"notebook": {"path": f"{folder}/{path}"}} for path in paths]}


def pipeline_name(project: Project, pipeline: str | None) -> str:
    """The name of a pipeline in a workspace, and its key in the bundle."""
    return project.name if pipeline is None else f"{project.name}_{pipeline}"


def job_name(project: Project) -> str:
    """The name of the job that updates the pipelines."""
    return f"{project.name} update"


def job_tasks(pipelines: Iterable[PipelinePlan], ids: Mapping[str | None, str]) -> list[dict[str, Any]]:
    """The tasks of the job: one for each pipeline, after those whose tables it or one of its checks reads.

    Args:
        pipelines: The pipelines of the project.
        ids: Their ids by name.
    """
    return [
        {
            "task_key": pipeline.name or "update",
            **({"depends_on": [{"task_key": name} for name in pipeline.after]} if pipeline.after else {}),
            "pipeline_task": {"pipeline_id": ids[pipeline.name]},
        }
        for pipeline in pipelines
    ]


def job_schedule(environment: Environment) -> dict[str, Any]:
    """When the job runs and who is notified of failures; in development mode the schedule is paused."""
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


def run_as(environment: Environment) -> dict[str, str] | None:
    """Who the pipeline runs as: a user (an address) or a service principal (an id)."""
    name = environment.run_as
    if name is None:
        return None
    return {"user_name" if "@" in name else "service_principal_name": name}


def grantee(permission: Permission) -> dict[str, str]:
    """Who has a permission, in the fields of bundles and the permissions API."""
    named = {
        "group_name": permission.group,
        "user_name": permission.user,
        "service_principal_name": permission.service_principal,
    }
    return {field: name for field, name in named.items() if name is not None}
