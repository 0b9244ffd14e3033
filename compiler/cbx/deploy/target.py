"""The target of a deployment: the folder of its files, and the settings of pipelines and job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cbx.changes.setting_differences import flatten_settings
from cbx.deploy.environment_variables import fill_env_vars
from cbx.emit.pipeline import (
    add_libraries,
    fill_user,
    grantee,
    job_name,
    job_schedule,
    job_tasks,
    pipeline_name,
    pipeline_settings,
    pipeline_sources,
    run_as,
)
from cbx.stages.plan import PipelinePlan, Plan

_HOME = "/Workspace/Users"


@dataclass(frozen=True)
class PipelineTarget:
    """A pipeline of a deployment.

    Attributes:
        plan: The pipeline as planned.
        files: The folder of the compiled files in the workspace.
        settings: Its settings for the pipelines API, without `run_as`.
        run_as: Who it runs as; None for the user who deploys first.
    """

    plan: PipelinePlan
    files: str
    settings: dict[str, Any]
    run_as: dict[str, str] | None

    @property
    def name(self) -> str:
        """Its name in ``project.toml``; empty for the only pipeline of a project that names none."""
        return self.plan.name or ""

    @property
    def all_settings(self) -> dict[str, Any]:
        """All settings, with ``run_as``."""
        return {**self.settings, "run_as": self.run_as}


@dataclass(frozen=True)
class Target:
    """The target of a deployment, with every name filled in.

    Attributes:
        project: The project's name.
        environment: The environment's name.
        root: The folder in the workspace.
        settings: The settings that all pipelines share, with the project's name.
        pipelines: The pipelines, each after those whose tables it reads.
        run_as: Who the pipelines and the job run as; None for the user who deploys first.
        job: The job's settings without its tasks; None without a schedule.
        permissions: The permissions of pipelines and job.
        owners: The owners of tables in Unity Catalog, by the owner of a model.
    """

    project: str
    environment: str
    root: str
    settings: dict[str, Any]
    pipelines: tuple[PipelineTarget, ...]
    run_as: dict[str, str] | None
    job: dict[str, Any] | None
    permissions: tuple[dict[str, str], ...]
    owners: dict[str, str]

    @property
    def files(self) -> str:
        """The folder of the compiled files."""
        return f"{self.root}/files"

    @property
    def state(self) -> str:
        """The folder of the deployment's state."""
        return f"{self.root}/state"

    @property
    def compared_settings(self) -> dict[str, Any]:
        """The settings that a plan compares; of several pipelines, what they share and what each has of its own."""
        only = self.pipelines[0].all_settings if len(self.pipelines) == 1 else {}
        shared = flatten_settings(self._shared_settings)
        own = {
            f"pipelines.{pipeline.name}.{name}": value
            for pipeline in self.pipelines
            for name, value in flatten_settings(pipeline.all_settings).items()
            if pipeline.name and name != "root_path" and value != shared.get(name)
        }
        owners = {"owners": self.owners} if self.owners else {}
        return {**self._shared_settings, **only, **own, **owners, **self.other_settings}

    @property
    def _shared_settings(self) -> dict[str, Any]:
        return {**self.settings, "run_as": self.run_as}

    @property
    def other_settings(self) -> dict[str, str]:
        """The schedule and the permissions as short texts, for a plan."""
        schedule = (self.job or {}).get("schedule", {})
        words = {
            "schedule": f"{schedule['quartz_cron_expression']} {schedule['timezone_id']}" if schedule else "",
            "permissions": ", ".join(" ".join(permission.values()) for permission in self.permissions),
        }
        return {name: text for name, text in words.items() if text}

    def job_settings(self, ids: Mapping[str, str]) -> dict[str, Any]:
        """All settings of the job that updates the pipelines, whose ids are by name."""
        identity = {"run_as": self.run_as} if self.run_as else {}
        plans = [pipeline.plan for pipeline in self.pipelines]
        tasks = job_tasks(plans, {plan.name: ids[plan.name or ""] for plan in plans})
        return {**(self.job or {}), "tasks": tasks, "max_concurrent_runs": 1, **identity}


def target_of(plan: Plan, environment: str, user: str, short_name: str) -> Target:
    """The target of a compiled project.

    In development mode each user has a copy, named ``[dev ann] shop`` as in a bundle.

    Args:
        plan: The compiled project.
        environment: The name of one of its deployed environments.
        user: The user who deploys.
        short_name: The user as one word.
    """
    project = plan.project
    chosen = project.settings.environments[environment]
    root = (chosen.root_path or f"~/.cbx/{project.name}/{environment}").replace("~", f"{_HOME}/{user}", 1)
    prefix = f"[dev {short_name}] " if chosen.development else ""
    names = ("", *(pipeline.name or "" for pipeline in plan.pipelines))
    unfilled = {name: fill_user(pipeline_settings(project, environment, name), short_name) for name in names}
    filled = fill_env_vars(project, environment, unfilled)
    settings = {"name": f"{prefix}{project.name}", **filled[""]}
    files = f"{root}/files"
    pipelines = tuple(
        PipelineTarget(
            plan=pipeline,
            files=files,
            settings={
                "name": f"{prefix}{pipeline_name(project, pipeline.name)}",
                **add_libraries(pipeline_sources(plan, pipeline, files, is_imported=True), filled[pipeline.name or ""]),
            },
            run_as=run_as(chosen),
        )
        for pipeline in plan.pipelines
    )
    job = {"name": f"{prefix}{job_name(project)}", **job_schedule(chosen)} if chosen.schedule else None
    return Target(
        project=project.name,
        environment=environment,
        root=root,
        settings=settings,
        pipelines=pipelines,
        run_as=run_as(chosen),
        job=job,
        permissions=tuple(
            {"permission_level": permission.level, **grantee(permission)} for permission in chosen.permissions
        ),
        owners=chosen.owners,
    )
