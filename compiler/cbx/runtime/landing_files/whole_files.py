"""Reads text files by line, and files of any kind as bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cbx.runtime.auto_loader.listing import local_path
from cbx.runtime.landing_files.errors import NeedsSparkError
from cbx.runtime.landing_files.landed_text import read_stored_bytes, read_text, split_lines

if TYPE_CHECKING:
    from cbx.runtime.auto_loader.listing import LandedFile
    from cbx.runtime.landing_files.rows import TableBuilder


def read_lines(files: tuple[LandedFile, ...], rows: TableBuilder) -> None:
    """Add a row for each line of the files, empty ones too.

    Raises:
        NeedsSparkError: A file cannot be read, or is not UTF-8.
    """
    for file in files:
        for line in split_lines(read_text(file)):
            rows.add({"value": line})
        rows.end_file(file)


def read_binary(files: tuple[LandedFile, ...], rows: TableBuilder) -> None:
    """Add a row for each file, with its path, time, length and bytes; Spark reads no row from an empty file.

    Raises:
        NeedsSparkError: A file cannot be read, or is very large.
    """
    for file in files:
        path = local_path(file.uri)
        if path is None:
            raise NeedsSparkError(f"{file.path} is on another file system")
        time = file.modified // 1_000_000 * 1000
        content = read_stored_bytes(file)
        if content:
            rows.add({"path": f"file:{path}", "modificationTime": time, "length": file.size, "content": content})
        rows.end_file(file)
