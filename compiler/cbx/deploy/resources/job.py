"""The job that updates the pipelines on a schedule."""

from __future__ import annotations

from typing import Any

from databricks.sdk.errors import BadRequest, NotFound, PermissionDenied
from databricks.sdk.service.jobs import JobSettings

from cbx.deploy.state.record import DeploymentRecord
from cbx.deploy.workspace.session import WorkspaceSession


def schedule_job(session: WorkspaceSession, settings: dict[str, Any], record: DeploymentRecord) -> int:
    """Create the job, or replace all its settings.

    Names of jobs are not unique. A job of the same name that updates our pipelines is ours: a request created it whose
    response was lost. Of several such jobs, the oldest stays.

    Returns:
        The id of the job.
    """
    jobs = session.client.jobs
    identity = record.job_id if record.job_id is not None and _exists(session, record.job_id) else None
    if identity is None:
        twins = _matching_jobs(session, settings)
        if not twins:
            spec = JobSettings.from_dict(settings).as_shallow_dict()
            session.ask("creating the job", lambda: jobs.create(**spec))
            twins = _matching_jobs(session, settings)
        identity, *others = twins
        for other in others:
            remove_job(session, other)
    new_settings = JobSettings.from_dict(settings)
    session.ask("updating the job", lambda: jobs.reset(identity, new_settings))
    return identity


def remove_job(session: WorkspaceSession, identity: int) -> None:
    """Remove a job, if it exists."""
    gone = (NotFound, BadRequest)
    try:
        session.ask("removing the job", lambda: session.client.jobs.delete(identity), gone)
    except gone:
        return


def _exists(session: WorkspaceSession, identity: int) -> bool:
    missing = (NotFound, BadRequest, PermissionDenied)
    try:
        session.ask("reading the job", lambda: session.client.jobs.get(identity), missing)
    except missing:
        return False
    return True


def _matching_jobs(session: WorkspaceSession, settings: dict[str, Any]) -> list[int]:
    """The ids of the jobs with our job's name whose tasks update our pipelines, oldest first."""
    jobs = session.client.jobs
    named = session.ask("looking for the job", lambda: list(jobs.list(name=settings["name"], expand_tasks=True)))
    ours = [task["pipeline_task"]["pipeline_id"] for task in settings["tasks"]]
    ids = []
    for job in named:
        tasks = (job.settings.tasks or []) if job.settings else []
        theirs = [task.pipeline_task.pipeline_id for task in tasks if task.pipeline_task]
        if job.job_id is not None and theirs == ours:
            ids.append(job.job_id)
    return sorted(ids)
