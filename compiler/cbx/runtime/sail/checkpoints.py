"""How far a flow has read its stream, in the format of Structured Streaming's checkpoints.

    metadata        the id of the query
    offsets/0       the last batch: how far each source was read
    commits/0       the same, when it was written
    sources/0/0     the files of the source that were read, as JSON, one per line

Spark continues from such a checkpoint, and this reads what Spark wrote. Each update writes the whole checkpoint as one
batch: the numbers of batches have no meaning outside their update (see ``tables.store``). The format is that of Spark's
``FileStreamSourceLog``, ``OffsetSeqLog`` and ``CommitLog``.
"""

from __future__ import annotations

import json
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cbx.runtime.sail.refusals import NotOnSailError

if TYPE_CHECKING:
    from cbx.runtime.auto_loader.listing import LandedFile

_VERSION: Final = "v1"
_COMPACT: Final = ".compact"


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file that a stream has read.

    Attributes:
        uri: Its URI, such as ``file:/folder/name``.
        timestamp: When it was modified, in milliseconds since the epoch.
    """

    uri: str
    timestamp: int


def read_files(checkpoint: Path) -> tuple[ReadFile, ...]:
    """The files that a flow has read; none without a checkpoint.

    Raises:
        NotOnSailError: If the flow had several sources, or sources other than files.
    """
    offsets = _batches(checkpoint / "offsets")
    if not offsets:
        return ()
    sources = _lines(offsets[-1])[1:]
    if len(sources) != 1 or "logOffset" not in sources[0]:
        raise NotOnSailError("it has read several streams, or a service, on Spark")
    files = {}
    for batch in _latest(_batches(checkpoint / "sources" / "0")):
        for entry in _lines(batch):
            uri = "file:/" + entry["path"].removeprefix("file:").lstrip("/")
            files[uri] = ReadFile(uri, int(entry["timestamp"]))
    return tuple(files.values())


def write_files(checkpoint: Path, files: tuple[ReadFile, ...]) -> None:
    """Replace the checkpoint of a flow by one that has read these files.

    The folder belongs to an update that is not committed, and has hard links to the files of the last one.
    """
    offsets = _batches(checkpoint / "offsets")
    metadata = _lines(offsets[-1])[0] if offsets else _FIRST_METADATA
    query = checkpoint / "metadata"
    name = query.read_text(encoding="utf-8") if query.exists() else json.dumps({"id": str(uuid.uuid4())})
    shutil.rmtree(checkpoint, ignore_errors=True)
    entries = [
        {"path": file.uri.replace("file:/", "file:///", 1), "timestamp": file.timestamp, "batchId": 0} for file in files
    ]
    checkpoint.mkdir(parents=True)
    query.write_text(name, encoding="utf-8")
    _write(checkpoint / "sources" / "0" / "0", entries)
    _write(checkpoint / "offsets" / "0", [metadata, {"logOffset": 0}])
    _write(checkpoint / "commits" / "0", [{"nextBatchWatermarkMs": metadata.get("batchWatermarkMs", 0)}])


_FIRST_METADATA: Final = {"batchWatermarkMs": 0, "batchTimestampMs": 0, "conf": {}}


def _batches(folder: Path) -> list[Path]:
    """The batches of a log, in order; without hidden files."""
    files = folder.iterdir() if folder.is_dir() else ()
    numbered = [file for file in files if file.name.removesuffix(_COMPACT).isdecimal()]
    return sorted(numbered, key=lambda file: int(file.name.removesuffix(_COMPACT)))


def _latest(batches: list[Path]) -> list[Path]:
    """The batches from the last one that repeats those before it."""
    start = max((place for place, batch in enumerate(batches) if batch.name.endswith(_COMPACT)), default=0)
    return batches[start:]


def _lines(file: Path) -> list[Any]:
    """The JSON documents of a batch.

    Raises:
        NotOnSailError: If it has another format.
    """
    version, *lines = file.read_text(encoding="utf-8").split("\n")
    if version != _VERSION:
        raise NotOnSailError(f"its checkpoint has the format {version}")
    return [json.loads(line) for line in lines if line]


def _write(file: Path, documents: list[Any]) -> None:
    file.parent.mkdir(parents=True)
    lines = (json.dumps(document, separators=(",", ":"), ensure_ascii=False) for document in documents)
    file.write_text("\n".join([_VERSION, *lines]), encoding="utf-8")


def as_read(file: LandedFile) -> ReadFile:
    """A landing file as one that was read."""
    return ReadFile(file.uri, file.modified // MILLISECOND)


MILLISECOND: Final = 1_000_000
"""In nanoseconds."""
