"""The options of Spark's own readers of files, which pass over what they do not know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cbx.declare import reader_options
from cbx.runtime.calling_line import calling_line
from cbx.runtime.problems import RunError

if TYPE_CHECKING:
    from collections.abc import Iterable

_FORMATS: Final = {name.lower(): name for name in reader_options.SPARK}
_HARMLESS: Final = ("readerCaseSensitive",)


def check_reader_options(options: Iterable[str], source: str) -> None:
    """Refuse options that a reader of files would pass over.

    Args:
        options: The names of the options.
        source: The format; of one that is none of files nothing is known.

    Raises:
        RunError: If no reader has such an option, or only that of Databricks has it.
    """
    file_format = _FORMATS.get(source.lower())
    if file_format is None:
        return
    for option in options:
        name = reader_options.spelling(option)
        if name is None:
            meant = reader_options.nearest_option(option, file_format, with_auto_loader=False)
            raise RunError(
                f"the reader of {file_format} files has no option `{option}`",
                place=calling_line(),
                hint=f"did you mean `{meant}`?" if meant else "remove it",
            )
        if name in reader_options.CLOUD_FILES and name.startswith("cloudFiles."):
            raise RunError(
                f"`{name}` is an option of Auto Loader, and this reads {file_format} files without it",
                place=calling_line(),
                hint='read with spark.readStream.format("cloudFiles")',
            )
        if reader_options.is_of_databricks(name, file_format) and name not in _HARMLESS:
            raise RunError(
                f"the option `{name}` is one of Databricks' readers, which the local reader does not have",
                place=calling_line(),
                hint='read with spark.readStream.format("cloudFiles"), which is emulated with it',
            )
