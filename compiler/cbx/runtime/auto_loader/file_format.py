"""Detects the format of landing files, as ``read_files`` does if none is given."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from cbx.runtime.auto_loader.errors import AutoLoaderError
from cbx.runtime.auto_loader.listing import LandedFile, local_path
from cbx.runtime.auto_loader.options import read_options

if TYPE_CHECKING:
    from cbx.runtime.auto_loader.schema_inference.evolution import SchemaReader

DETECTED: Final = "detected"
"""The value of ``cloudFiles.format`` for files whose format is to be detected."""

_FORMAT: Final = "cloudfiles.format"
_OF_SUFFIX: Final = {
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".csv": "csv",
    ".parquet": "parquet",
    ".orc": "orc",
    ".avro": "avro",
    ".xml": "xml",
    ".txt": "text",
}
_COMPRESSIONS: Final = frozenset({".gz", ".bz2", ".lz4", ".snappy", ".deflate", ".zst"})
_OF_START: Final = {b"PAR1": "parquet", b"ORC": "orc", b"Obj\x01": "avro"}


def detect_format(reader: SchemaReader, options: Mapping[str, str], path: str) -> Mapping[str, str]:
    """The options, with the format of the files if it is to be detected.

    Args:
        reader: Lists the files.
        options: The options of the reader.
        path: The landing folder, or a glob.

    Raises:
        AutoLoaderError: There are no files, or files of several formats.
    """
    given = {key.lower(): key for key in options}
    key = given.get(_FORMAT, _FORMAT)
    if options.get(key) != DETECTED:
        return options
    files = reader.list_files(read_options({key: "text", "pathGlobFilter": _name_filter(options)}), path)
    formats = sorted({_format_of(file) for file in files})
    if len(formats) != 1:
        found = f"has files of the formats {', '.join(formats)}" if formats else "is empty"
        raise AutoLoaderError(
            f"the landing folder {found}, so the format is not known",
            path=path,
            hint="add format => 'json', for example",
        )
    return {**options, key: formats[0]}


def _name_filter(options: Mapping[str, str]) -> str:
    names = ("pathglobfilter", "filenamepattern")
    return next((value for key, value in options.items() if key.lower() in names), "*")


def _format_of(file: LandedFile) -> str:
    suffixes = PurePosixPath(file.path).suffixes
    while suffixes and suffixes[-1] in _COMPRESSIONS:
        suffixes.pop()
    known = _OF_SUFFIX.get(suffixes[-1].lower()) if suffixes else None
    return known or _format_of_start(local_path(file.uri))


def _format_of_start(path: str | None) -> str:
    """The format by the first bytes of a file."""
    if path is None:
        return "text"
    with open(path, "rb") as file:  # noqa: PTH123 - a path of Spark, as text
        start = file.read(1024)
    binary = next((name for sign, name in _OF_START.items() if start.startswith(sign)), None)
    return binary or ("json" if start.lstrip()[:1] in (b"{", b"[") else "csv")
