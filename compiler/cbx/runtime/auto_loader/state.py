"""The state of Auto Loader between updates: all versions of the schema, and the files."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pyspark.sql.types import StructType

from cbx.diagnostics.codes import NEEDS_FULL_REFRESH
from cbx.runtime.auto_loader.errors import AutoLoaderError

if TYPE_CHECKING:
    from pathlib import Path

_FORMAT: Final = 1
_FILES: Final = "files.json"


@dataclass(frozen=True, slots=True)
class LoaderState:
    """The state of one Auto Loader stream.

    Attributes:
        columns: The inferred columns in their stable order; None before anything was inferred.
        seen: Every field name that occurred in the files, at every level and in every spelling.
        files: Size and modification time of each file when its schema was read, by URI.
        headers: The different headers of CSV files.
        header_of: Which header a CSV file has, by URI.
        partitions: The columns that come from Hive-style folders.
        skipped: The files before the first update, if they are not read.
    """

    columns: StructType | None = None
    seen: StructType = field(default_factory=lambda: StructType([]))
    files: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    headers: tuple[tuple[str, ...], ...] = ()
    header_of: Mapping[str, int] = field(default_factory=dict)
    partitions: StructType = field(default_factory=lambda: StructType([]))
    skipped: tuple[str, ...] | None = None


def load_state(folder: Path) -> LoaderState:
    """Read the state of the last update; the state of an empty folder is empty.

    Raises:
        AutoLoaderError: The state is corrupt or of another version.
    """
    versions = _versions(folder)
    files = folder / _FILES
    try:
        columns = StructType.fromJson(_read(versions[-1])["columns"]) if versions else None
        stored = _read(files) if files.exists() else {}
        return LoaderState(
            columns=columns,
            seen=StructType.fromJson(stored["seen"]) if stored else StructType([]),
            files={uri: (size, modified) for uri, (size, modified) in stored.get("files", {}).items()},
            headers=tuple(tuple(header) for header in stored.get("headers", ())),
            header_of=stored.get("header_of", {}),
            partitions=StructType.fromJson(stored["partitions"]) if stored else StructType([]),
            skipped=None if stored.get("skipped") is None else tuple(stored["skipped"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise AutoLoaderError(
            f"the stored schema is corrupt: {error}",
            path=str(folder),
            hint="run with --full-refresh",
            code=NEEDS_FULL_REFRESH,
        ) from error


def save_state(folder: Path, old: LoaderState, new: LoaderState) -> None:
    """Write what changed, the schema before the files.

    After a crash in between, the same files are inferred again, with the same result.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if new.columns is not None and new.columns != old.columns:
        version = len(_versions(folder)) + 1
        document = {"format": _FORMAT, "version": version, "columns": new.columns.jsonValue()}
        _write(folder / f"schema-{version:06}.json", document)
    if new != old:
        _write(
            folder / _FILES,
            {
                "format": _FORMAT,
                "seen": new.seen.jsonValue(),
                "files": {uri: list(new.files[uri]) for uri in sorted(new.files)},
                "headers": [list(header) for header in new.headers],
                "header_of": {uri: new.header_of[uri] for uri in sorted(new.header_of)},
                "partitions": new.partitions.jsonValue(),
                "skipped": None if new.skipped is None else sorted(new.skipped),
            },
        )


def _versions(folder: Path) -> list[Path]:
    return sorted(folder.glob("schema-*.json"))


def _read(path: Path) -> dict[str, Any]:
    document = json.loads(path.read_text(encoding="utf-8"))
    if document.get("format") != _FORMAT:
        raise ValueError(f"{path.name} has another format")
    return dict(document)


def _write(path: Path, document: Mapping[str, Any]) -> None:
    half = path.with_suffix(".half")
    with half.open("w", encoding="utf-8") as stream:
        json.dump(document, stream, ensure_ascii=False, indent=1)
        stream.flush()
        os.fsync(stream.fileno())
    half.replace(path)
