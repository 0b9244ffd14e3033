"""Checks the options of Spark's file readers, which ignore unknown ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cbx.declare import reader_options
from cbx.diagnostics.codes import INVALID_DEFINITION, NOT_SUPPORTED_LOCALLY
from cbx.runtime.calling_line import calling_line
from cbx.runtime.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Iterable

_FORMATS: Final = {name.lower(): name for name in reader_options.SPARK}
_HARMLESS: Final = ("readerCaseSensitive",)


def check_reader_options(options: Iterable[str], source: str) -> None:
    """Refuse options that a file reader would ignore.

    Args:
        options: The names of the options.
        source: The format; formats other than files are not checked.

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
                INVALID_DEFINITION,
                f"the {file_format} reader has no option `{option}`",
                span=calling_line(),
                hint=f"did you mean `{meant}`?" if meant else "remove it",
            )
        if name in reader_options.CLOUD_FILES and name.startswith("cloudFiles."):
            raise RunError(
                INVALID_DEFINITION,
                f"`{name}` is an option of Auto Loader, but this is the {file_format} reader",
                span=calling_line(),
                hint='read with spark.readStream.format("cloudFiles")',
            )
        if reader_options.is_of_databricks(name, file_format) and name not in _HARMLESS:
            raise RunError(
                NOT_SUPPORTED_LOCALLY,
                f"the option `{name}` of Databricks is not supported by the local reader",
                span=calling_line(),
                hint='read with spark.readStream.format("cloudFiles"), where it is emulated',
            )
