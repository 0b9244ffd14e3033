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
class ReaderInputRead:
    """A read of another system as a stream or in batch, or of files in batch.

    Attributes:
        format: The format of the reader.
        options: Its options; files have the option ``path``.
        schema: The schema as DDL; None if it is inferred.
        is_stream: Whether only new rows are read.
    """

    format: str
    options: dict[str, Any] = field(default_factory=dict)
    schema: str | None = None
    is_stream: bool = False


InputRead = TableInputRead | FileInputRead | ReaderInputRead
