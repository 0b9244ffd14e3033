"""The permissions of the pipeline and its job."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from databricks.sdk.service.iam import AccessControlRequest

from cbx.deploy.workspace.session import WorkspaceSession

_OWNER = "IS_OWNER"
_PRINCIPALS = ("user_name", "group_name", "service_principal_name")
_JOB_LEVELS = {"CAN_RUN": "CAN_MANAGE_RUN"}
"""The levels that have another name on jobs."""


def grant(session: WorkspaceSession, kind: str, identity: str, permissions: Iterable[Mapping[str, str]]) -> None:
    """Set the permissions of an object; its owner stays if no owner is named.

    Args:
        session: The workspace.
        kind: ``pipelines`` or ``jobs``.
        identity: The object's id.
        permissions: For each, a ``permission_level`` and one of ``user_name``, ``group_name`` and
            ``service_principal_name``.

    Raises:
        DeployError: If the workspace refuses.
    """
    api = session.client.permissions
    levels = _JOB_LEVELS if kind == "jobs" else {}
    entries = [
        {**entry, "permission_level": levels.get(entry["permission_level"], entry["permission_level"])}
        for entry in permissions
    ]
    if not any(entry["permission_level"] == _OWNER for entry in entries):
        current = session.ask("reading permissions", lambda: api.get(kind, identity))
        entries += _owners(current.as_dict())
    requests = [AccessControlRequest.from_dict(entry) for entry in entries]
    session.ask("setting permissions", lambda: api.set(kind, identity, access_control_list=requests))


def _owners(permissions: Mapping[str, object]) -> list[dict[str, str]]:
    entries = permissions.get("access_control_list", [])
    assert isinstance(entries, list)  # noqa: S101 - what the SDK reads from the answer
    return [
        {"permission_level": _OWNER, **{name: entry[name] for name in _PRINCIPALS if entry.get(name)}}
        for entry in entries
        for permission in entry.get("all_permissions", [])
        if permission.get("permission_level") == _OWNER and not permission.get("inherited")
    ]
