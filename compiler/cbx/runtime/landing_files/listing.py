"""Lists landing folders without Spark, as Hadoop does."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cbx.files.storage import storage_scheme
from cbx.runtime.auto_loader.errors import missing_folder
from cbx.runtime.auto_loader.listing import LandedFile, file_uri, look_at
from cbx.runtime.landing_files.errors import NeedsSparkError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cbx.runtime.auto_loader.options import LoaderOptions

_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9_.=@+,;$&!~*'() %-]+", re.ASCII)
_PLAIN_GLOB: Final = re.compile(r"[A-Za-z0-9_.=@+,;$&!~ %*?-]+", re.ASCII)


def list_files(options: LoaderOptions, landing: str) -> tuple[LandedFile, ...]:
    """The files of a landing folder and its subfolders, by name, without hidden ones.

    Raises:
        AutoLoaderError: The folder does not exist, or a file may not be read.
        NeedsSparkError: The folder has an unusual name, or is on another file system.
    """
    folder = _local_folder(landing)
    name_pattern = _name_pattern(options.reader_value("pathGlobFilter", "*"))
    try:
        paths = [folder] if os.path.isfile(folder) else list(_walk(folder))  # noqa: PTH113 - texts, not paths
    except FileNotFoundError as error:
        raise missing_folder(landing) from error
    except OSError as error:
        raise NeedsSparkError(f"{landing} cannot be listed: {error}") from error
    names = (path for path in paths if name_pattern.fullmatch(path.rpartition("/")[2]))
    uris = sorted(map(file_uri, names))
    return tuple(file for uri in uris if (file := look_at(uri)) is not None)


def _local_folder(landing: str) -> str:
    scheme = storage_scheme(landing)
    if scheme is not None:
        raise NeedsSparkError(f"the landing folder {landing} is on `{scheme}`")
    path = re.sub(r"^file:(?:/{2})?(?=/)", "", landing)
    if not all(_PLAIN_NAME.fullmatch(part) for part in path.split("/") if part) or re.search(r"[*?%]", path):
        raise NeedsSparkError(f"the landing folder {landing} has special characters")
    return str(Path(path).absolute())


def _walk(folder: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            if _is_hidden(name):
                continue
            if not _PLAIN_NAME.fullmatch(name):
                raise NeedsSparkError(f"the name of {entry.path} has special characters")
            if entry.is_dir():
                yield from _walk(entry.path)
            else:
                yield entry.path


def _is_hidden(name: str) -> bool:
    """Whether Spark passes over a file or folder of that name."""
    return (name.startswith("_") and "=" not in name) or name.startswith(".") or name.endswith("._COPYING_")


def _name_pattern(glob: str) -> re.Pattern[str]:
    if not _PLAIN_GLOB.fullmatch(glob):
        raise NeedsSparkError(f"pathGlobFilter is {glob!r}")
    return re.compile("".join({"*": ".*", "?": "."}.get(character, re.escape(character)) for character in glob))
