"""Documents that cbx stores for itself: a corrupt one is noticed, and is as good as none."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from cbx.files.atomic_write import write_atomically


def write_checked(path: Path, document: Any) -> None:
    """Replace a file atomically by a document with its checksum.

    Raises:
        OSError: If it cannot be written; the file is as it was.
    """
    write_atomically(path, json.dumps({"checksum": _checksum(document), "document": document}, indent=1) + "\n")


def read_checked(path: Path) -> Any:
    """The document in a file that ``write_checked`` wrote.

    Raises:
        OSError: If there is none.
        ValueError: If it is corrupt.
    """
    stored = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(stored, dict) or stored.get("checksum") != _checksum(stored.get("document")):
        raise ValueError(f"{path} is corrupt")
    return stored["document"]


def _checksum(document: Any) -> str:
    return hashlib.sha256(json.dumps(document).encode()).hexdigest()
