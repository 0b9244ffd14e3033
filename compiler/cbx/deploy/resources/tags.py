"""The tags of tables and columns in Unity Catalog, which a pipeline cannot set."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import NamedTuple
from urllib.parse import quote

from databricks.sdk.errors import NotFound, ResourceConflict
from databricks.sdk.service.catalog import EntityTagAssignment

from cbx.changes.change_plan import Deployed
from cbx.deploy.state.lock import hold_lock
from cbx.deploy.state.record import read_record, write_record
from cbx.deploy.workspace.folder import Folder
from cbx.deploy.workspace.session import WorkspaceSession

_AT_A_TIME = 8

Tags = Mapping[str, str]


class TaggedEntity(NamedTuple):
    """A table or a column, by its full name in the Unity Catalog."""

    kind: str
    name: str

    @classmethod
    def of(cls, key: str) -> TaggedEntity:
        """The entity of a key, such as ``tables shop.silver.orders``."""
        kind, _, name = key.partition(" ")
        return cls(kind, name)

    @property
    def key(self) -> str:
        """Its key in the record of a deployment."""
        return f"{self.kind} {self.name}"


def declared_tags(deployed: Deployed) -> dict[str, dict[str, str]]:
    """The tags that the models declare, by the key of their table or column; none without a catalog."""
    catalog = deployed.settings.get("catalog")
    entities = () if catalog is None else _tagged_entities(deployed, str(catalog))
    return {entity.key: dict(tags) for entity, tags in entities}


def _tagged_entities(deployed: Deployed, catalog: str) -> Iterator[tuple[TaggedEntity, Tags]]:
    for model in deployed.manifest["models"].values():
        table = f"{catalog}.{model['dataset']}"
        if model.get("table_tags"):
            yield TaggedEntity("tables", table), model["table_tags"]
        for column in model["columns"]:
            if column.get("tags"):
                yield TaggedEntity("columns", f"{table}.{column['name']}"), column["tags"]


def set_tags(
    session: WorkspaceSession, declared: Mapping[str, Tags], recorded: Mapping[str, Tags]
) -> dict[str, dict[str, str]]:
    """Set the tags that differ from those that were set before.

    Args:
        session: The workspace.
        declared: The tags to set, by table or column.
        recorded: The tags that earlier deployments have set; those that are no longer declared are removed.

    Returns:
        The tags that are set now; those of tables and columns that do not exist yet are not among them.
    """
    changed = [key for key in dict.fromkeys((*recorded, *declared)) if recorded.get(key) != declared.get(key)]

    def set_entity(key: str) -> bool:
        return _set_tags_of_entity(session, TaggedEntity.of(key), declared.get(key, {}), recorded.get(key, {}))

    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        exists = dict(zip(changed, pool.map(set_entity, changed), strict=True))
    kept = {key: dict(tags) for key, tags in recorded.items() if key not in exists}
    new = {key: dict(declared[key]) for key in changed if exists[key] and key in declared}
    return dict(sorted({**kept, **new}.items()))


def tag_tables(session: WorkspaceSession, state: Folder, deployed: Deployed) -> int:
    """Set the tags of tables that an update has created.

    Returns:
        How many tables and columns with tags do not exist.
    """
    declared = declared_tags(deployed)
    if declared:
        with hold_lock(state, by_force=False):
            record = read_record(state)
            tags = set_tags(session, declared, record.tags)
            if tags != record.tags:
                write_record(state, replace(record, tags=tags))
        return count_waiting(declared, tags)
    return 0


def count_waiting(declared: Mapping[str, Tags], tags: Mapping[str, Tags]) -> int:
    """How many tables and columns do not have the tags that they should have."""
    return sum(tags.get(key) != wanted for key, wanted in declared.items())


def forget_tags(tags: Mapping[str, Tags], tables: Collection[str]) -> dict[str, Tags]:
    """The tags that were set, without those of tables that are created anew."""
    return {
        key: set_before
        for key, set_before in tags.items()
        if not any(f"{TaggedEntity.of(key).name}.".startswith(f"{table}.") for table in tables)
    }


def _set_tags_of_entity(session: WorkspaceSession, entity: TaggedEntity, new: Tags, old: Tags) -> bool:
    """Set the tags of a table or column; False if it does not exist."""
    try:
        for name in old.keys() - new.keys():
            _remove_tag(session, entity, name)
        for name, value in new.items():
            if old.get(name) != value:
                _set_tag(session, entity, name, value)
    except NotFound:
        return False
    return True


def _set_tag(session: WorkspaceSession, entity: TaggedEntity, name: str, value: str) -> None:
    assignments = session.client.entity_tag_assignments
    tag = EntityTagAssignment(entity_name=entity.name, tag_key=name, entity_type=entity.kind, tag_value=value)
    step = f"setting the tag `{name}` of `{entity.name}`"
    try:
        session.ask(step, lambda: assignments.create(tag), (ResourceConflict, NotFound))
    except ResourceConflict:
        path = (entity.kind, quote(entity.name, safe=""), quote(name, safe=""))
        session.ask(step, lambda: assignments.update(*path, tag, "tag_value"), (NotFound,))


def _remove_tag(session: WorkspaceSession, entity: TaggedEntity, name: str) -> None:
    path = (entity.kind, quote(entity.name, safe=""), quote(name, safe=""))
    assignments = session.client.entity_tag_assignments
    try:
        session.ask(f"removing the tag `{name}` of `{entity.name}`", lambda: assignments.delete(*path), (NotFound,))
    except NotFound:
        return
