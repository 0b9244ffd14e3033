"""The owners of tables in Unity Catalog, which a pipeline cannot set."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import NamedTuple

from databricks.sdk.errors import BadRequest, NotFound, PermissionDenied
from databricks.sdk.errors.base import DatabricksError

from cbx.changes.change_plan import Deployed
from cbx.changes.owner_differences import table_owner
from cbx.deploy.state.lock import hold_lock
from cbx.deploy.state.record import read_record, write_record
from cbx.deploy.workspace.folder import Folder
from cbx.deploy.workspace.problems import DeployError, error_message
from cbx.deploy.workspace.session import WorkspaceSession
from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Diagnostic, did_you_mean
from cbx.project.settings import Project
from cbx.project.toml_spans import setting_span

_AT_A_TIME = 8
_REFUSALS = (BadRequest, NotFound, PermissionDenied)
_HINT = (
    "the tables of a pipeline belong to who it runs as: set `run_as`, or remove the owner from `owners` of the "
    "environment; everything else is deployed, and the deployment can be repeated"
)


class SetOwners(NamedTuple):
    """The owners of tables that are set now, and CBX651 for each that the workspace refuses."""

    owners: dict[str, str]
    refused: tuple[Diagnostic, ...]


def declared_owners(deployed: Deployed) -> dict[str, str]:
    """The owners in Unity Catalog, by the full name of their table; none without a catalog."""
    catalog = deployed.settings.get("catalog")
    owners = (
        (f"{catalog}.{model['dataset']}", table_owner(model, deployed.settings))
        for model in deployed.manifest["models"].values()
    )
    return {table: owner for table, owner in owners if owner is not None} if catalog else {}


def check_owners(project: Project, environment: str, deployed: Deployed) -> None:
    """Compare the owners that an environment names with those of the models.

    Raises:
        DeployError: CBX002 for each owner that no model has.
    """
    known = sorted({model["owner"] for model in deployed.manifest["models"].values() if model["owner"]})
    unknown = [owner for owner in project.settings.environments[environment].owners if owner not in known]
    if unknown:
        raise DeployError(*(_unknown_owner(owner, known, project, environment) for owner in unknown))


def _unknown_owner(owner: str, known: list[str], project: Project, environment: str) -> Diagnostic:
    otherwise = "`owner` of a model is a key, and a user, group or service principal its value"
    span = setting_span(project.source, ("environments", environment, "owners", owner))
    message = f"`environments.{environment}.owners`: no model has the owner `{owner}`"
    return Diagnostic(codes.INVALID_PROJECT_SETTING, message, span, hint=did_you_mean(owner, known, otherwise))


def set_owners(session: WorkspaceSession, declared: Mapping[str, str], recorded: Mapping[str, str]) -> SetOwners:
    """Set the owners that differ from those that were set before.

    Args:
        session: The workspace.
        declared: The owners to set, by table.
        recorded: The owners that earlier deployments have set; those that are no longer declared are forgotten.

    Returns:
        The owners that are set now, without those of tables that do not exist yet.
    """
    changed = [table for table, owner in declared.items() if recorded.get(table) != owner]
    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        results = list(pool.map(lambda table: _set_owner(session, table, declared[table]), changed))
    kept = {table: recorded[table] for table in declared if table in recorded and table not in changed}
    new = {table: declared[table] for table, result in zip(changed, results, strict=True) if result is True}
    refused = tuple(result for result in results if isinstance(result, Diagnostic))
    return SetOwners(dict(sorted({**kept, **new}.items())), refused)


def own_tables(session: WorkspaceSession, state: Folder, deployed: Deployed) -> int:
    """Set the owners of tables that an update has created.

    Returns:
        How many tables with an owner do not exist.

    Raises:
        DeployError: CBX651 if the workspace refuses an owner.
    """
    declared = declared_owners(deployed)
    if not declared:
        return 0
    with hold_lock(state, by_force=False):
        record = read_record(state)
        result = set_owners(session, declared, record.owners)
        if result.owners != record.owners:
            write_record(state, replace(record, owners=result.owners))
    if result.refused:
        raise DeployError(*result.refused)
    return len(declared) - len(result.owners)


def forget_owners(owners: Mapping[str, str], tables: Collection[str]) -> dict[str, str]:
    """The owners that were set, without those of tables that are created anew."""
    return {table: owner for table, owner in owners.items() if table not in tables}


def _set_owner(session: WorkspaceSession, table: str, owner: str) -> bool | Diagnostic:
    """Set the owner of a table; False if the table does not exist, CBX651 if the workspace refuses."""
    tables = session.client.tables
    try:
        current = session.ask(f"reading the owner of `{table}`", lambda: tables.get(table), (NotFound,))
    except NotFound:
        return False
    if current.owner == owner:
        return True
    step = f"changing the owner of `{table}`"
    try:
        session.ask(step, lambda: tables.update(table, owner=owner), _REFUSALS)
    except _REFUSALS as error:
        return _refusal(table, owner, current.owner, error)
    return True


def _refusal(table: str, owner: str, current: str | None, error: DatabricksError) -> Diagnostic:
    message = f"`{table}` still belongs to `{current}`: the workspace refuses `{owner}`: {error_message(error)}"
    return Diagnostic(codes.OWNER_REFUSED, message, hint=_HINT)
