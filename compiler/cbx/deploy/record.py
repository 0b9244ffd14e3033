"""The state of a deployment, in the workspace next to its files.

``deployment.json`` lists the deployed files and the ids of the pipeline and the job. It is written first, without the
files that are about to change, and again afterwards. ``manifest.json`` describes the deployed models; it is written
last. With both, the next deployment can continue an interrupted one.
"""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from cbx.changes.change_plan import Deployed
from cbx.deploy.files import LARGEST
from cbx.deploy.folder import Folder
from cbx.deploy.problems import DeployError
from cbx.deploy.state_shape import ManifestShape, RecordShape, read_state
from cbx.diagnostics import codes
from cbx.files.bounded_read import LARGEST as LARGEST_DOCUMENT
from cbx.files.bounded_read import check_document

_RECORD = "deployment.json"
_MANIFEST = "manifest.json"
_VERSION = 1
_COMPRESSED = b"\x1f\x8b"


@dataclass(frozen=True)
class DeploymentRecord:
    """What earlier deployments left in the workspace.

    Attributes:
        files: The hashes of the files that are known to be there, by path.
        pipeline_id: The id of our pipeline.
        pipeline: Its settings, as last deployed.
        last_modified: When we changed it last, in milliseconds since 1970, as the workspace returns it.
        job_id: The id of our job.
        job: Its settings, as last deployed.
        permissions: The permissions of pipeline and job, as last deployed.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    pipeline_id: str | None = None
    pipeline: Mapping[str, Any] | None = None
    last_modified: int | None = None
    job_id: int | None = None
    job: Mapping[str, Any] | None = None
    permissions: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True)
class Committed:
    """What the last complete deployment deployed.

    Attributes:
        deployed: The manifest, the settings, and the models that still need a full refresh.
        refreshing: The id of an update that was started to refresh some of them fully, and their ids.
    """

    deployed: Deployed
    refreshing: tuple[str, tuple[str, ...]] | None = None


def read_record(state: Folder) -> DeploymentRecord:
    """The record of the deployment; an empty one if it does not exist or cannot be read.

    Nothing is lost without it: files are uploaded again, and pipeline and job are found by name.
    """
    content = state.read(_RECORD)
    try:
        document = {} if content is None else _decode(content, RecordShape)
    except ValueError:
        return DeploymentRecord()
    names = [field_.name for field_ in fields(DeploymentRecord)]
    values = {name: document[name] for name in names if name in document}
    return DeploymentRecord(**{**values, "permissions": tuple(values.get("permissions", ()))})


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
    update = deployment.get("refreshing")
    return Committed(
        Deployed(manifest, deployment["settings"], tuple(deployment.get("full_refresh", ()))),
        (update["update_id"], tuple(update["models"])) if update else None,
    )


def write_committed(state: Folder, committed: Committed) -> None:
    """Write what is deployed now, the last step of a deployment."""
    deployment: dict[str, Any] = {
        "settings": committed.deployed.settings,
        "full_refresh": list(committed.deployed.due),
        "refreshing": None,
    }
    if committed.refreshing:
        deployment["refreshing"] = {"update_id": committed.refreshing[0], "models": list(committed.refreshing[1])}
    state.write(_MANIFEST, _encode({**committed.deployed.manifest, "deployment": deployment}))


def with_due(committed: Committed, due: tuple[str, ...]) -> Committed:
    """The same deployment with other models that need a full refresh, and no update that refreshes them."""
    return Committed(replace(committed.deployed, due=due))


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
