"""A cache of outcomes in one file, which may be deleted at any time."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import sys
import tempfile
from contextlib import suppress
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

from cbx.analysis.tracing.requests import Function, Limits, Traced, Unknown, outcome_from_data, outcome_to_data
from cbx.files.bounded_read import read_regular
from cbx.version import __version__

_FORMAT = 3
_MOST_ENTRIES = 20_000


class Cache:
    """The outcomes of earlier traces."""

    def __init__(self, file: Path | None) -> None:
        """Read a file; the cache is empty without a file, or if it is missing or corrupt."""
        self.file = file
        self._entries = _read(file) if file else {}
        self._is_changed = False

    def get(self, key: str) -> Traced | Unknown | None:
        """The outcome of an earlier request; None if there is none."""
        try:
            return outcome_from_data(self._entries[key])
        except (KeyError, TypeError, ValueError):
            return None

    def put(self, key: str, outcome: Traced | Unknown) -> None:
        """Store the outcome of a request."""
        self._entries[key] = outcome_to_data(outcome)
        self._is_changed = True

    def save(self) -> None:
        """Write the file if an outcome was added; do nothing if the folder is not writable."""
        if self.file is None or not self._is_changed:
            return
        kept = dict(list(self._entries.items())[-_MOST_ENTRIES:])
        text = json.dumps({"format": _FORMAT, "entries": kept}, separators=(",", ":"))
        with suppress(OSError):
            self.file.parent.mkdir(parents=True, exist_ok=True)
            _write(self.file, text)
            self._is_changed = False


def cache_key(function: Function, limits: Limits) -> str:
    """The cache key of a request: a hash of the code, the inputs' columns, the limits and the versions."""
    content = "\n".join((__version__, *_versions(), json.dumps(asdict(limits)), function.to_json()))
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()


@lru_cache(maxsize=1)
def _versions() -> tuple[str, ...]:
    versions = [f"{sys.version_info[0]}.{sys.version_info[1]}"]
    for name in ("pysail", "pyspark"):
        try:
            versions.append(importlib.metadata.version(name))
        except importlib.metadata.PackageNotFoundError:
            versions.append("")
    return tuple(versions)


def _read(file: Path) -> dict[str, Any]:
    try:
        data = json.loads(read_regular(file))
    except (OSError, ValueError, RecursionError):
        return {}
    entries = data.get("entries") if isinstance(data, dict) and data.get("format") == _FORMAT else None
    return entries if isinstance(entries, dict) else {}


def _write(file: Path, text: str) -> None:
    number, temporary = tempfile.mkstemp(dir=file.parent, prefix=file.name)
    try:
        with os.fdopen(number, "w", encoding="utf-8") as opened:
            opened.write(text)
        Path(temporary).replace(file)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise
