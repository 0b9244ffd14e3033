"""The catalog and the schemas of the tables."""

from __future__ import annotations

from databricks.sdk.errors import NotFound, ResourceConflict

from cbx.changes.change_plan import Deployed
from cbx.changes.tables import is_table
from cbx.deploy.workspace.problems import DeployError
from cbx.deploy.workspace.session import WorkspaceSession
from cbx.diagnostics import codes


def create_schemas(session: WorkspaceSession, catalog: str, schemas: tuple[str, ...]) -> tuple[str, ...]:
    """Create the schemas that do not exist.

    Args:
        session: The workspace.
        catalog: The catalog, which has to exist: an administrator decides on its storage and permissions.
        schemas: The names of its schemas.

    Returns:
        The full names of the schemas that were created.

    Raises:
        DeployError: CBX605 if the catalog does not exist.
    """
    unity = session.client
    try:
        session.ask(f"looking for the catalog `{catalog}`", lambda: unity.catalogs.get(catalog), (NotFound,))
    except NotFound as error:
        hint = "create it, or set another `catalog` for the environment in project.toml"
        raise DeployError.of(codes.MISSING_CATALOG, f"there is no catalog `{catalog}`", hint) from error
    return tuple(f"{catalog}.{name}" for name in schemas if _create_schema(session, catalog, name))


def _create_schema(session: WorkspaceSession, catalog: str, name: str) -> bool:
    schemas = session.client.schemas
    full = f"{catalog}.{name}"
    try:
        session.ask(f"looking for the schema `{full}`", lambda: schemas.get(full), (NotFound,))
    except NotFound:
        pass
    else:
        return False
    taken = (ResourceConflict,)
    try:
        session.ask(f"creating the schema `{full}`", lambda: schemas.create(name, catalog), taken)
    except taken:  # the response to an earlier request was lost
        return True
    return True


def catalog_and_schemas(deployed: Deployed) -> tuple[str | None, tuple[str, ...]]:
    """The catalog of a deployment, and the schemas of its tables, views and checks."""
    datasets = [str(model["dataset"]) for model in deployed.manifest["models"].values() if is_table(model)]
    schemas = {str(deployed.settings["schema"]), *(dataset.rpartition(".")[0] for dataset in datasets)}
    return deployed.settings.get("catalog"), tuple(sorted(schemas - {""}))
