"""The state of a deployment, in the workspace next to its files.

``deployment.json`` lists the deployed files and the ids of the pipelines and the job. It is written first, without the
files that are about to change, and again afterwards. ``manifest.json`` describes the deployed models; it is written
last. With both, the next deployment can continue an interrupted one.
"""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, NamedTuple

from cbx.changes.change_plan import Deployed
from cbx.deploy.state.state_shape import ManifestShape, RecordShape, read_state
from cbx.deploy.workspace.files import LARGEST
from cbx.deploy.workspace.folder import Folder
from cbx.deploy.workspace.problems import DeployError
from cbx.diagnostics import codes
from cbx.files.bounded_read import LARGEST as LARGEST_DOCUMENT
from cbx.files.bounded_read import check_document

_RECORD = "deployment.json"
_MANIFEST = "manifest.json"
_VERSION = 2
_COMPRESSED = b"\x1f\x8b"


@dataclass(frozen=True)
class PipelineRecord:
    """A pipeline of ours.

    Attributes:
        id: Its id.
        settings: Its settings, as last deployed.
        last_modified: When we changed it last, in milliseconds since 1970, as the workspace returns it.
    """

    id: str
    settings: Mapping[str, Any] | None = None
    last_modified: int | None = None


@dataclass(frozen=True)
class DeploymentRecord:
    """What earlier deployments left in the workspace.

    Attributes:
        files: The hashes of the files that are known to be there, by path.
        pipelines: Our pipelines by name, also those that the project no longer has; the name of the only pipeline of a
            project that names none is empty.
        job_id: The id of our job.
        job: Its settings, as last deployed.
        permissions: The permissions of pipelines and job, as last deployed.
        tags: The tags that were set, by the key of their table or column.
        owners: The owners that were set, by table.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    pipelines: Mapping[str, PipelineRecord] = field(default_factory=dict)
    job_id: int | None = None
    job: Mapping[str, Any] | None = None
    permissions: tuple[Mapping[str, str], ...] = ()
    tags: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    owners: Mapping[str, str] = field(default_factory=dict)


class RefreshingUpdate(NamedTuple):
    """An update of a pipeline that refreshes some models fully."""

    pipeline: str
    update_id: str
    models: tuple[str, ...]


@dataclass(frozen=True)
class Committed:
    """What the last complete deployment deployed.

    Attributes:
        deployed: The manifest, the settings, and the models that still need a full refresh.
        refreshing: The updates that were started to refresh some of them fully.
    """

    deployed: Deployed
    refreshing: tuple[RefreshingUpdate, ...] = ()


def read_record(state: Folder) -> DeploymentRecord:
    """The record of the deployment; an empty one if it does not exist or cannot be read.

    Nothing is lost without it: files are uploaded again, and pipeline and job are found by name.
    """
    content = state.read(_RECORD)
    try:
        document = {} if content is None else _decode(content, RecordShape)
    except ValueError:
        return DeploymentRecord()
    return DeploymentRecord(
        files=document.get("files", {}),
        pipelines=_read_pipelines(document),
        job_id=document.get("job_id"),
        job=document.get("job"),
        permissions=tuple(document.get("permissions", ())),
        tags=document.get("tags", {}),
        owners=document.get("owners", {}),
    )


def _read_pipelines(document: Mapping[str, Any]) -> dict[str, PipelineRecord]:
    """The pipelines of a record; version 1 has the only pipeline in fields of its own."""
    if document.get("version") != 1:
        return {name: PipelineRecord(**pipeline) for name, pipeline in document.get("pipelines", {}).items()}
    identity = document.get("pipeline_id")
    only = PipelineRecord(str(identity), document.get("pipeline"), document.get("last_modified"))
    return {} if identity is None else {"": only}


def write_record(state: Folder, record: DeploymentRecord) -> None:
    """Write the record."""
    state.write(_RECORD, _encode({"version": _VERSION, **asdict(record)}))


def read_committed(state: Folder) -> Committed | None:
    """What is deployed; None if no deployment has completed.

    Raises:
        DeployError: CBX614 if the file is corrupt.
    """
    content = state.read(_MANIFEST)
    if content is None:
        return None
    try:
        manifest = _decode(content, ManifestShape)
    except ValueError as error:
        hint = "restore the file; without it, the next deployment treats every model as new"
        reason = f"`{state.path}/{_MANIFEST}` is not what a deployment wrote: {error}"
        raise DeployError.of(codes.STATE_CORRUPT, reason, hint) from error
    deployment = manifest.pop("deployment")
    updates = deployment.get("refreshing") or []
    return Committed(
        Deployed(manifest, deployment["settings"], tuple(deployment.get("full_refresh", ()))),
        tuple(
            RefreshingUpdate(update.get("pipeline", ""), update["update_id"], tuple(update["models"]))
            for update in ([updates] if isinstance(updates, dict) else updates)  # version 1 has no list
        ),
    )


def write_committed(state: Folder, committed: Committed) -> None:
    """Write what is deployed now, the last step of a deployment."""
    deployment = {
        "settings": committed.deployed.settings,
        "full_refresh": list(committed.deployed.due),
        "refreshing": [update._asdict() for update in committed.refreshing] or None,
    }
    state.write(_MANIFEST, _encode({**committed.deployed.manifest, "deployment": deployment}))


def with_refreshed(committed: Committed, update: RefreshingUpdate) -> Committed:
    """The same deployment, after an update has refreshed its models."""
    due = tuple(model for model in committed.deployed.due if model not in update.models)
    return replace(without_update(committed, update), deployed=replace(committed.deployed, due=due))


def without_update(committed: Committed, update: RefreshingUpdate) -> Committed:
    """The same deployment, after an update that has ended."""
    return replace(committed, refreshing=tuple(other for other in committed.refreshing if other != update))


def _encode(document: Mapping[str, Any]) -> bytes:
    """A document as JSON; as gzip if it is too large for the workspace."""
    content = (json.dumps(document, indent=1) + "\n").encode()
    return content if len(content) * 4 <= LARGEST * 3 else gzip.compress(content, mtime=0)


def _decode(content: bytes, shape: type[RecordShape | ManifestShape]) -> dict[str, Any]:
    try:
        plain = _decompress(content) if content.startswith(_COMPRESSED) else content
    except (OSError, EOFError, zlib.error) as error:
        reason = "incomplete gzip data"
        raise ValueError(reason) from error
    check_document(plain)
    return read_state(plain, shape)


def _decompress(content: bytes) -> bytes:
    """The decompressed content, up to one byte more than the largest document that is read."""
    with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
        return file.read(LARGEST_DOCUMENT + 1)
