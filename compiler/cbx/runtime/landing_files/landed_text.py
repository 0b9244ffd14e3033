"""The text of landing files."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cbx.runtime.auto_loader.listing import local_path
from cbx.runtime.landing_files.errors import NeedsSparkError

if TYPE_CHECKING:
    from cbx.runtime.auto_loader.listing import LandedFile

_OTHER_COMPRESSION: Final = (".zst", ".snappy", ".lz4", ".deflate", ".xz", ".bz2")
_LARGEST: Final = 1 << 30


def read_text(file: LandedFile) -> str:
    """The content of a file, decompressed.

    Raises:
        NeedsSparkError: It cannot be read, or it is not plain UTF-8.
    """
    return decode_text(file, read_content(file))


def decode_text(file: LandedFile, content: bytes) -> str:
    """The text of a file from its bytes, which were decompressed; raises as ``read_text`` does."""
    if content.startswith(b"\xef\xbb\xbf"):
        raise NeedsSparkError(f"{file.path} begins with a byte order mark")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NeedsSparkError(f"{file.path} is not UTF-8") from error


def read_content(file: LandedFile) -> bytes:
    """The bytes of a file, decompressed.

    Raises:
        NeedsSparkError: It cannot be read.
    """
    if file.path.endswith(_OTHER_COMPRESSION):
        raise NeedsSparkError(f"{file.path} is compressed")
    content = read_stored_bytes(file)
    try:
        return gzip.decompress(content) if file.path.endswith(".gz") else content
    except (OSError, EOFError, zlib.error) as error:
        raise NeedsSparkError(f"{file.path} cannot be decompressed: {error}") from error


def read_stored_bytes(file: LandedFile) -> bytes:
    """The bytes of a file as they are stored.

    Raises:
        NeedsSparkError: It cannot be read.
    """
    path = local_path(file.uri)
    if path is None or file.size > _LARGEST:
        raise NeedsSparkError(f"{file.path} is very large, or on another file system")
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise NeedsSparkError(f"{file.path} cannot be read: {error}") from error


def split_lines(text: str) -> list[str]:
    """The lines of a text as Hadoop reads them."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines[:-1] if lines[-1] == "" else lines
