"""Who may do what with the pipeline and its job."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from databricks.sdk.service.iam import AccessControlRequest

from cbx.deploy.session import Session

_OWNER = "IS_OWNER"
_PRINCIPALS = ("user_name", "group_name", "service_principal_name")
_OF_JOBS = {"CAN_RUN": "CAN_MANAGE_RUN"}


def grant(session: Session, kind: str, identity: str, permissions: Iterable[Mapping[str, str]]) -> None:
    """Give an object the permissions of the project, and no others of its own; its owner stays if none is named.

    Args:
        session: The workspace.
        kind: ``pipelines`` or ``jobs``.
        identity: The object's id.
        permissions: A ``permission_level`` and one of user, group and service principal each.
    """
    api = session.client.permissions
    wanted = [dict(one) for one in permissions]
    if kind == "jobs":
        wanted = [one | {"permission_level": _OF_JOBS.get(level := one["permission_level"], level)} for one in wanted]
    if not any(one["permission_level"] == _OWNER for one in wanted):
        found = session.ask("reading permissions", lambda: api.get(kind, identity))
        wanted += _owners(found.as_dict())
    lists = [AccessControlRequest.from_dict(one) for one in wanted]
    session.ask("setting permissions", lambda: api.set(kind, identity, access_control_list=lists))


def _owners(found: Mapping[str, object]) -> list[dict[str, str]]:
    entries = found.get("access_control_list", [])
    assert isinstance(entries, list)  # noqa: S101 - what the SDK reads from the answer
    return [
        {"permission_level": _OWNER, **{name: one[name] for name in _PRINCIPALS if one.get(name)}}
        for one in entries
        for permission in one.get("all_permissions", [])
        if permission.get("permission_level") == _OWNER and not permission.get("inherited")
    ]
