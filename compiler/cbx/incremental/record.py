"""The record of the last compilation: one file of plain data, which may be deleted at any time.

It is believed only if it is whole, of this format, and of the same cbx and libraries; else there is none. It holds what
a compilation without errors said, and the files that it read and made, so that an equal one need not be made.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import struct
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from cbx.diagnostics.codes import Code, every_code
from cbx.diagnostics.diagnostic import Diagnostic, Related
from cbx.diagnostics.source_files import Span
from cbx.files.bounded_read import is_inside, read_regular
from cbx.incremental.stamps import NO_STAMP, Seen, Stamp, digest
from cbx.target.layout import MANIFEST, TARGET
from cbx.version import __version__

RECORD_FILE = ".cbx/cache/compile.json"
_FORMAT = 2
_LARGE = 500_000
_STAMP = struct.Struct("<4q")


class Summary(NamedTuple):
    """What the lines that end a compilation count: of keys those that are proven or not, and models without one."""

    project: str
    models: int
    relationships: int
    expectations: int
    proven: int
    unproven: int
    undeclared: int


class Remembered(NamedTuple):
    """What a model shows to others, and what of its table the manifest does not say.

    Attributes:
        face: A hash of all that compiling others depends on.
        has_columns: Whether its columns are known.
        is_partly_declared: Whether its query produces more columns than are declared.
        keys: The keys it has although it declares none.
        computed: Its columns that expressions make whose types are not known.
    """

    face: str
    has_columns: bool
    is_partly_declared: bool
    keys: tuple[tuple[str, ...], ...]
    computed: tuple[str, ...]


class CompilationRecord(NamedTuple):
    """A compilation without errors.

    Attributes:
        options: Whether it was made with the analysis, and with tracing.
        environments: The environments that the project has.
        sources: The files it read, by path.
        artifacts: The files it made, by their paths under ``target/``.
        models: What each model shows, by its id.
        summary: What it counted.
        diagnostics: What it said.
    """

    options: tuple[bool, bool]
    environments: tuple[str, ...]
    sources: Seen
    artifacts: Seen
    models: Mapping[str, Remembered]
    summary: Summary
    diagnostics: tuple[Diagnostic, ...]


def is_large(root: Path) -> bool:
    """Whether the record is of a project of about a thousand models or more."""
    with suppress(OSError):
        return (root / RECORD_FILE).stat().st_size > _LARGE
    return False


def read_record(root: Path) -> CompilationRecord | None:
    """The record of a project; None without one that can be believed."""
    try:
        header, _, body = read_regular(root / RECORD_FILE).partition(b"\n")
        if header.decode() != _header(body):
            return None
        return _from_data(json.loads(body))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, struct.error):
        return None


def read_manifest(root: Path, record: CompilationRecord) -> str | None:
    """The manifest as it was compiled; None where it is not there any more."""
    try:
        content = read_regular(root / TARGET / MANIFEST)
    except OSError:
        return None
    return content.decode() if digest(content) == record.artifacts.digests[MANIFEST] else None


def write_record(root: Path, record: CompilationRecord) -> None:
    """Replace the record of a project; a folder that cannot be written to, or is not in the project, is left alone."""
    file = root / RECORD_FILE
    if not is_inside(root, file.parent):
        return
    body = json.dumps(_to_data(record), separators=(",", ":")).encode()
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        number, temporary = tempfile.mkstemp(dir=file.parent, prefix=file.name)
        try:
            with os.fdopen(number, "wb") as opened:
                opened.write(_header(body).encode() + b"\n" + body)
            os.replace(temporary, file)  # noqa: PTH105 - says what it does: the old file is replaced at once
        except OSError:
            Path(temporary).unlink(missing_ok=True)
            raise


def _header(body: bytes) -> str:
    return json.dumps({"format": _FORMAT, "made by": _maker(), "digest": digest(body)})


@lru_cache(maxsize=1)
def _maker() -> str:
    """What tells this cbx, with its Python and all installed libraries, from every other."""
    package = Path(__file__).parents[1]
    own = sorted((str(path), path.stat().st_mtime_ns) for path in package.rglob("*.py"))
    installed = []
    for folder in sys.path:
        with suppress(OSError):
            entries = os.scandir(folder or ".")
            installed += [one.name for one in entries if one.name.endswith((".dist-info", ".egg-info"))]
    parts = (__version__, sys.version, own, sorted(installed))
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _to_data(record: CompilationRecord) -> dict[str, Any]:
    return {
        "options": record.options,
        "environments": record.environments,
        "sources": _seen_to_data(record.sources),
        "artifacts": _seen_to_data(record.artifacts),
        "models": [(name, *one) for name, one in record.models.items()],
        "summary": record.summary,
        "diagnostics": [_diagnostic_to_data(one) for one in record.diagnostics],
    }


def _from_data(data: Mapping[str, Any]) -> CompilationRecord:
    codes = {(one.id, one.name): one for one in every_code()}
    with_analysis, with_trace = data["options"]
    return CompilationRecord(
        (with_analysis, with_trace),
        tuple(data["environments"]),
        _seen_from_data(data["sources"]),
        _seen_from_data(data["artifacts"]),
        {
            name: Remembered(face, has_columns, is_partly, tuple(map(tuple, keys)), tuple(computed))
            for name, face, has_columns, is_partly, keys, computed in data["models"]
        },
        Summary(*data["summary"]),
        tuple(_diagnostic_from_data(one, codes) for one in data["diagnostics"]),
    )


def _seen_to_data(files: Seen) -> tuple[object, ...]:
    """Paths, hashes and stamps, each on their own: so they are read in a fifth of the time."""
    paths = list(files.digests)
    stamps = b"".join([_packed(files.stamps[path]) for path in paths])
    return paths, "".join(files.digests.values()), base64.b64encode(stamps).decode()


def _packed(stamp: Stamp) -> bytes:
    try:
        return _STAMP.pack(*stamp)
    except struct.error:  # a time in centuries to come, say: such a file is read each time
        return _STAMP.pack(*NO_STAMP)


def _seen_from_data(data: Any) -> Seen:
    paths, digests, stamps = data
    size = len(digest(b""))
    hashes = [digests[start : start + size] for start in range(0, len(digests), size)]
    found = _STAMP.iter_unpack(base64.b64decode(stamps))
    return Seen(
        dict(zip(paths, found, strict=True)),
        dict(zip(paths, hashes, strict=True)),
    )


def _diagnostic_to_data(one: Diagnostic) -> tuple[object, ...]:
    related = [(other.message, other.span) for other in one.related]
    return (one.code.id, one.code.name, one.message, one.span, one.label, one.hint, related)


def _diagnostic_from_data(row: Any, codes: Mapping[tuple[str, str], Code]) -> Diagnostic:
    number, name, message, span, label, hint, related = row
    others = tuple(Related(text, Span(*place)) for text, place in related)
    return Diagnostic(codes[number, name], message, Span(*span) if span else None, label, hint, others)
