"""The record of the last compilation: one file of plain data, which may be deleted at any time.

It is valid only if it is complete, of this format, and of the same version of cbx with the same libraries. It has the
diagnostics of a compilation without errors, and the files that were read and written.
"""

from __future__ import annotations

import base64
import json
import os
import struct
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from cbx.analysis.facts import ColumnHome
from cbx.diagnostics.codes import Code, every_code
from cbx.diagnostics.diagnostic import Diagnostic, Related
from cbx.diagnostics.source_files import Span
from cbx.files.bounded_read import is_inside, read_regular
from cbx.incremental.stamps import NO_STAMP, RecordedFiles, Stamp, digest
from cbx.installation import hash_of_installation
from cbx.target.layout import MANIFEST, TARGET

RECORD_FILE = ".cbx/cache/compile.json"
_FORMAT = 2
_LARGE = 500_000
_STAMP = struct.Struct("<4q")


class Summary(NamedTuple):
    """The counts in the last lines of a compilation: proven and unproven keys, models without a key, and so on."""

    project: str
    models: int
    relationships: int
    expectations: int
    proven: int
    unproven: int
    undeclared: int


class RecordedModel(NamedTuple):
    """The face of a model, and facts of its table that the manifest does not have.

    Attributes:
        face: A hash of everything that other models depend on.
        has_columns: Whether its columns are known.
        is_partly_declared: Whether its query produces more columns than are declared.
        keys: The proven keys of its query.
        computed: Its columns whose expressions have an unknown type.
        homes: Its columns whose home is another table or that declare a measure, with their homes.
    """

    face: str
    has_columns: bool
    is_partly_declared: bool
    keys: tuple[tuple[str, ...], ...]
    computed: tuple[str, ...]
    homes: tuple[tuple[str, ColumnHome], ...] = ()


class CompilationRecord(NamedTuple):
    """A compilation without errors.

    Attributes:
        options: Whether models were analysed, and whether functions were traced.
        environments: The environments that the project has.
        sources: The files that were read, by path.
        artifacts: The files that were written, by their paths under ``target/``.
        models: The models, by id.
        summary: The counts.
        diagnostics: The warnings and remarks.
    """

    options: tuple[bool, bool]
    environments: tuple[str, ...]
    sources: RecordedFiles
    artifacts: RecordedFiles
    models: Mapping[str, RecordedModel]
    summary: Summary
    diagnostics: tuple[Diagnostic, ...]


def is_large(root: Path) -> bool:
    """Whether the record is of a project of about a thousand models or more."""
    with suppress(OSError):
        return (root / RECORD_FILE).stat().st_size > _LARGE
    return False


def read_record(root: Path) -> CompilationRecord | None:
    """The record of a project; None if there is no valid one."""
    try:
        header, _, body = read_regular(root / RECORD_FILE).partition(b"\n")
        if header.decode() != _header(body):
            return None
        return _from_data(json.loads(body))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, struct.error):
        return None


def read_manifest(root: Path, record: CompilationRecord) -> str | None:
    """The text of the manifest; None if it is not the one that was compiled."""
    try:
        content = read_regular(root / TARGET / MANIFEST)
    except OSError:
        return None
    return content.decode() if digest(content) == record.artifacts.digests[MANIFEST] else None


def write_record(root: Path, record: CompilationRecord) -> None:
    """Replace the record of a project; do nothing if its folder is not writable or not in the project."""
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
            os.replace(temporary, file)  # noqa: PTH105 - replaces the file atomically
        except OSError:
            Path(temporary).unlink(missing_ok=True)
            raise


def _header(body: bytes) -> str:
    return json.dumps({"format": _FORMAT, "made by": hash_of_installation(), "digest": digest(body)})


def _to_data(record: CompilationRecord) -> dict[str, Any]:
    return {
        "options": record.options,
        "environments": record.environments,
        "sources": _files_to_data(record.sources),
        "artifacts": _files_to_data(record.artifacts),
        "models": [(name, *model) for name, model in record.models.items()],
        "summary": record.summary,
        "diagnostics": [_diagnostic_to_data(diagnostic) for diagnostic in record.diagnostics],
    }


def _read_homes(data: Iterable[tuple[str, Any]]) -> tuple[tuple[str, ColumnHome], ...]:
    return tuple(
        (name, ColumnHome(table, tuple(key), is_repeated, measure)) for name, (table, key, is_repeated, measure) in data
    )


def _from_data(data: Mapping[str, Any]) -> CompilationRecord:
    codes = {(code.id, code.name): code for code in every_code()}
    with_analysis, with_trace = data["options"]
    return CompilationRecord(
        (with_analysis, with_trace),
        tuple(data["environments"]),
        _files_from_data(data["sources"]),
        _files_from_data(data["artifacts"]),
        {
            name: RecordedModel(
                face, has_columns, is_partly, tuple(map(tuple, keys)), tuple(computed), _read_homes(homes)
            )
            for name, face, has_columns, is_partly, keys, computed, homes in data["models"]
        },
        Summary(*data["summary"]),
        tuple(_diagnostic_from_data(row, codes) for row in data["diagnostics"]),
    )


def _files_to_data(files: RecordedFiles) -> tuple[object, ...]:
    """Paths, hashes and stamps, each in one value: so they are read in a fifth of the time."""
    paths = list(files.digests)
    stamps = b"".join([_pack(files.stamps[path]) for path in paths])
    return paths, "".join(files.digests.values()), base64.b64encode(stamps).decode()


def _pack(stamp: Stamp) -> bytes:
    try:
        return _STAMP.pack(*stamp)
    except struct.error:  # for example a time centuries from now: such a file is read each time
        return _STAMP.pack(*NO_STAMP)


def _files_from_data(data: Any) -> RecordedFiles:
    paths, digests, stamps = data
    size = len(digest(b""))
    hashes = [digests[start : start + size] for start in range(0, len(digests), size)]
    unpacked = _STAMP.iter_unpack(base64.b64decode(stamps))
    return RecordedFiles(dict(zip(paths, unpacked, strict=True)), dict(zip(paths, hashes, strict=True)))


def _diagnostic_to_data(diagnostic: Diagnostic) -> tuple[object, ...]:
    related = [(other.message, other.span) for other in diagnostic.related]
    code = diagnostic.code
    return (code.id, code.name, diagnostic.message, diagnostic.span, diagnostic.label, diagnostic.hint, related)


def _diagnostic_from_data(row: Any, codes: Mapping[tuple[str, str], Code]) -> Diagnostic:
    number, name, message, span, label, hint, related = row
    others = tuple(Related(text, Span(*position)) for text, position in related)
    return Diagnostic(codes[number, name], message, Span(*span) if span else None, label, hint, others)
