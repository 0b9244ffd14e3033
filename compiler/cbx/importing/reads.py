"""What the code of a dataset reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cbx.importing.definitions import FoundText


@dataclass(frozen=True, slots=True)
class TableInputRead:
    """A read of a table: its name, and whether only of new rows."""

    name: FoundText
    is_stream: bool


@dataclass(frozen=True, slots=True)
class FileInputRead:
    """A read of new files.

    Attributes:
        path: The folder.
        format: The format.
        schema: The schema as DDL; None if it is inferred.
        options: The reader's options.
        is_auto_loader: Whether the source reads them with Auto Loader.
    """

    path: FoundText
    format: str
    schema: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    is_auto_loader: bool = True


@dataclass(frozen=True, slots=True)
class BatchInputRead:
    """A read of all files of a folder.

    Attributes:
        path: The folder or file.
        format: The format.
        options: The reader's other options.
    """

    path: FoundText
    format: str
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def is_stream(self) -> bool:
        """Whether only new rows are read: never."""
        return False


InputRead = TableInputRead | FileInputRead | BatchInputRead
