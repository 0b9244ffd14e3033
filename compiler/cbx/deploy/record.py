"""What is known of a deployment, kept in the workspace beside its files.

``deployment.json`` says which files are certainly there, and which pipeline and job are ours; it is written before
anything else is touched, without the files that are about to change, and again afterwards. ``manifest.json`` says what
is deployed; it is written last. Whoever finds both can go on where a deployment was interrupted.
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
        files: The hashes of the files that are certainly there, by path.
        pipeline_id: Our pipeline.
        pipeline: The settings that we gave it.
        last_modified: When it was last changed, by us: in milliseconds, as the workspace counts them.
        job_id: Our job.
        job: The settings that we gave it.
        permissions: Those that we gave pipeline and job.
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
    """What is deployed: the whole of the last deployment that came to its end.

    Attributes:
        deployed: The manifest, the settings, and the models that are still to be refreshed fully.
        refreshing: An update that was started to refresh some of them: its id and their ids.
    """

    deployed: Deployed
    refreshing: tuple[str, tuple[str, ...]] | None = None


def read_record(state: Folder) -> DeploymentRecord:
    """The record of the deployment; an empty one where there is none that can be read.

    Nothing is lost without it: files are uploaded again, and pipeline and job are found by their names.
    """
    content = state.read(_RECORD)
    try:
        found = {} if content is None else _decode(content, RecordShape)
    except ValueError:
        return DeploymentRecord()
    known = {field_.name: found[field_.name] for field_ in fields(DeploymentRecord) if field_.name in found}
    return DeploymentRecord(**{**known, "permissions": tuple(known.get("permissions", ()))})


def write_record(state: Folder, record: DeploymentRecord) -> None:
    """Keep the record."""
    state.write(_RECORD, _encode({"version": _VERSION, **asdict(record)}))


def read_committed(state: Folder) -> Committed | None:
    """What is deployed; None where no deployment came to its end yet.

    Raises:
        DeployError: CBX614 if the file was spoilt.
    """
    content = state.read(_MANIFEST)
    if content is None:
        return None
    try:
        found = _decode(content, ManifestShape)
    except ValueError as error:
        hint = "bring back the file as it was; without it, the next deployment takes everything for new"
        reason = f"`{state.path}/{_MANIFEST}` is not what a deployment left there: {error}"
        raise DeployError.of(codes.STATE_SPOILT, reason, hint) from error
    own = found.pop("deployment")
    update = own.get("refreshing")
    return Committed(
        Deployed(found, own["settings"], tuple(own.get("full_refresh", ()))),
        (update["update_id"], tuple(update["models"])) if update else None,
    )


def write_committed(state: Folder, committed: Committed) -> None:
    """Say what is deployed now: the last step of a deployment."""
    own: dict[str, Any] = {
        "settings": committed.deployed.settings,
        "full_refresh": list(committed.deployed.due),
        "refreshing": None,
    }
    if committed.refreshing:
        own["refreshing"] = {"update_id": committed.refreshing[0], "models": list(committed.refreshing[1])}
    state.write(_MANIFEST, _encode({**committed.deployed.manifest, "deployment": own}))


def with_due(committed: Committed, due: tuple[str, ...]) -> Committed:
    """The same deployment with other models still to be refreshed fully, and no update under way."""
    return Committed(replace(committed.deployed, due=due))


def _encode(document: Mapping[str, Any]) -> bytes:
    """A document as JSON; as compressed JSON where a workspace would not take it as it is."""
    content = (json.dumps(document, indent=1) + "\n").encode()
    return content if len(content) * 4 <= LARGEST * 3 else gzip.compress(content, mtime=0)


def _decode(content: bytes, shape: type[RecordShape | ManifestShape]) -> dict[str, Any]:
    try:
        plain = _decompress(content) if content.startswith(_COMPRESSED) else content
    except (OSError, EOFError, zlib.error) as error:
        reason = "compressed, but not whole"
        raise ValueError(reason) from error
    check_document(plain)
    return read_state(plain, shape)


def _decompress(content: bytes) -> bytes:
    """What was compressed, or a little more than is read of any document."""
    with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
        return file.read(LARGEST_DOCUMENT + 1)
