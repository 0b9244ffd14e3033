"""What is installed: results that are stored are valid only for the same installation."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from cbx.version import __version__


@lru_cache(maxsize=1)
def hash_of_installation() -> str:
    """A hash of this version of cbx, its Python and all installed libraries."""
    package = Path(__file__).parent
    modules = sorted((str(path), path.stat().st_mtime_ns) for path in package.rglob("*.py"))
    installed = []
    for folder in sys.path:
        with suppress(OSError):
            entries = os.scandir(folder or ".")
            installed += [entry.name for entry in entries if entry.name.endswith((".dist-info", ".egg-info"))]
    parts = (__version__, sys.version, modules, sorted(installed))
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
